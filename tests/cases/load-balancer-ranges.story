A load balancer Service with source ranges. They guard the load balancer addresses only. Where the
node is allowed, the addresses are sources as well; ranges of the other family close; a zero prefix
opens. Entries with ipMode Proxy or only a hostname are not served here.

## step open

### apply
apiVersion: v1
kind: Node
metadata: {name: node-a, labels: {topology.kubernetes.io/zone: a}}
status:
  addresses: [{type: InternalIP, address: 192.0.2.10}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 2000:402 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 2000:402 }
+ ip nodeports { tcp . 30080 : 2000:402 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }

## step two ranges that overlap

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
  loadBalancerSourceRanges: ["198.51.100.0/25", " 198.51.100.128/25 ", "198.51.100.7/32"]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all, from allowed sources only
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all, from allowed sources only
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    allowed sources: 198.51.100.0/24

### nft
- ip frontends { 203.0.113.5 . tcp . 80 : 2000:402 }
- ip frontends { 203.0.113.6 . tcp . 80 : 2000:402 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 6000:402 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 6000:402 }
+ ip ranges { 0:400 . 198.51.100.0/24 }

## step a range with the node in it

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
  loadBalancerSourceRanges: ["192.0.2.0/24"]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all, from allowed sources only
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all, from allowed sources only
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    allowed sources: 192.0.2.0/24 203.0.113.5/32 203.0.113.6/32

### nft
- ip ranges { 0:400 . 198.51.100.0/24 }
+ ip ranges { 0:400 . 192.0.2.0/24 }
+ ip ranges { 0:400 . 203.0.113.5 }
+ ip ranges { 0:400 . 203.0.113.6 }

## step the node moves out of the range

### apply
apiVersion: v1
kind: Node
metadata: {name: node-a, labels: {topology.kubernetes.io/zone: a}}
status:
  addresses: [{type: InternalIP, address: 192.0.3.10}]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all, from allowed sources only
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all, from allowed sources only
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    allowed sources: 192.0.2.0/24

### nft
- ip ranges { 0:400 . 203.0.113.5 }
- ip ranges { 0:400 . 203.0.113.6 }

## step only the other family

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
  loadBalancerSourceRanges: ["2001:db8::/32"]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all, from allowed sources only
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all, from allowed sources only
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    allowed sources: none

### nft
- ip ranges { 0:400 . 192.0.2.0/24 }

## step a zero prefix

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
  loadBalancerSourceRanges: ["192.0.2.0/24", "0.0.0.0/0"]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
- ip frontends { 203.0.113.5 . tcp . 80 : 6000:402 }
- ip frontends { 203.0.113.6 . tcp . 80 : 6000:402 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 2000:402 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 2000:402 }

## step external addresses are not guarded

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
  loadBalancerSourceRanges: ["192.0.2.0/24"]
  externalIPs: ["203.0.113.9"]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all, from allowed sources only
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all, from allowed sources only
    ExternalIP 203.0.113.9:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    allowed sources: 192.0.2.0/24

### nft
- ip frontends { 203.0.113.5 . tcp . 80 : 2000:402 }
- ip frontends { 203.0.113.6 . tcp . 80 : 2000:402 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 6000:402 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 6000:402 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 2000:402 }
+ ip ranges { 0:400 . 192.0.2.0/24 }
