Several ports of one Service, over several slices with numbers of their own.

## step two ports

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80}, {name: metrics, port: 9090}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}, {name: metrics, port: 9100}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8081}]
endpoints:
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8081
  IPv4 TCP "metrics"
    ClusterIP 10.96.0.10:9090 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:9100(here)

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip frontends { 10.96.0.10 . tcp . 9090 : 0:801 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8081 }
+ ip endpoints { 0:800 . 0 : 10.244.1.11 . 9100 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }

## step a port is renamed

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: www, port: 80}, {name: metrics, port: 9090}]

### plan
Service default/web
  IPv4 TCP "metrics"
    ClusterIP 10.96.0.10:9090 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:9100(here)
  IPv4 TCP "www"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: none

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8081 }
- ip service_endpoints { 10.244.2.21 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }

## step two ports with one number

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80}, {name: metrics, port: 80}]

### plan
! Service default/web: spec.ports[1].port: 80 is given twice for TCP: keep one

### nft
unchanged
