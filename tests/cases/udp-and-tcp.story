One number, two protocols, two lists. UDP ports also list every endpoint that still serves.

## step two endpoints

### apply
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: default}
spec:
  clusterIP: "10.96.0.53"
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: dns-1, namespace: default, labels: {kubernetes.io/service-name: dns}}
addressType: IPv4
ports: [{name: dns, port: 5353, protocol: UDP}, {name: dns-tcp, port: 5353}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}}

### plan
Service default/dns
  IPv4 TCP "dns-tcp"
    ClusterIP 10.96.0.53:53 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:5353(here) 10.244.2.21:5353
  IPv4 UDP "dns"
    ClusterIP 10.96.0.53:53 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:5353(here) 10.244.2.21:5353
    serving: 10.244.1.11:5353 10.244.2.21:5353

### nft
+ ip cluster_ips { 10.96.0.53 }
+ ip frontends { 10.96.0.53 . tcp . 53 : 0:402 }
+ ip frontends { 10.96.0.53 . udp . 53 : 0:802 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 5353 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 5353 }
+ ip endpoints { 0:800 . 0 : 10.244.1.11 . 5353 }
+ ip endpoints { 0:800 . 1 : 10.244.2.21 . 5353 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }

## step one drains

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: dns-1, namespace: default, labels: {kubernetes.io/service-name: dns}}
addressType: IPv4
ports: [{name: dns, port: 5353, protocol: UDP}, {name: dns-tcp, port: 5353}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: false, serving: true, terminating: true}}

### plan
Service default/dns
  IPv4 TCP "dns-tcp"
    ClusterIP 10.96.0.53:53 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:5353(here)
  IPv4 UDP "dns"
    ClusterIP 10.96.0.53:53 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:5353(here)
    serving: 10.244.1.11:5353 10.244.2.21:5353

### nft
- ip frontends { 10.96.0.53 . tcp . 53 : 0:402 }
- ip frontends { 10.96.0.53 . udp . 53 : 0:802 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 5353 }
- ip endpoints { 0:800 . 1 : 10.244.2.21 . 5353 }
- ip service_endpoints { 10.244.2.21 }
+ ip frontends { 10.96.0.53 . tcp . 53 : 0:401 }
+ ip frontends { 10.96.0.53 . udp . 53 : 0:801 }

## step only the TCP port is left

### apply
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: default}
spec:
  clusterIP: "10.96.0.53"
  ports: [{name: dns-tcp, port: 53}]

### plan
Service default/dns
  IPv4 TCP "dns-tcp"
    ClusterIP 10.96.0.53:53 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:5353(here)

### nft
- ip frontends { 10.96.0.53 . udp . 53 : 0:801 }
- ip endpoints { 0:800 . 0 : 10.244.1.11 . 5353 }
