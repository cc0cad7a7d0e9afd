External policy Local: outside clients reach local endpoints only and keep their address; pods and the
node reach the whole cluster. Without a local endpoint outside clients are dropped, without any refused.

## step one local, one remote

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000
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
    LoadBalancer 203.0.113.5:80 -> inside cluster or reject, outside local or drop, masquerade the node
    LoadBalancer 203.0.113.6:80 -> inside cluster or reject, outside local or drop, masquerade the node
    NodePort 30080 -> inside cluster or reject, outside local or drop, masquerade the node
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    local: 10.244.1.11:8080(here)
  health check on 32000: 1 local in IPv4, 0 in IPv6

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 8000:401 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 8000:401 }
+ ip nodeports { tcp . 30080 : 8000:401 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip endpoints { 8000:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }
+ ip shortcut { 0:400 : 0:402 }

## step only remote

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> inside cluster or reject, outside local or drop, masquerade the node
    LoadBalancer 203.0.113.6:80 -> inside cluster or reject, outside local or drop, masquerade the node
    NodePort 30080 -> inside cluster or reject, outside local or drop, masquerade the node
    cluster: 10.244.2.21:8080
    local: none
    no local endpoint for: external
  health check on 32000: 0 local in IPv4, 0 in IPv6

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
- ip frontends { 203.0.113.5 . tcp . 80 : 8000:401 }
- ip frontends { 203.0.113.6 . tcp . 80 : 8000:401 }
- ip nodeports { tcp . 30080 : 8000:401 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
- ip endpoints { 8000:400 . 0 : 10.244.1.11 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
- ip shortcut { 0:400 : 0:402 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 8000:7ff }
+ ip frontends { 203.0.113.6 . tcp . 80 : 8000:7ff }
+ ip nodeports { tcp . 30080 : 8000:7ff }
+ ip endpoints { 0:400 . 0 : 10.244.2.21 . 8080 }
+ ip shortcut { 0:400 : 0:401 }

## step nobody

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  []

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> inside cluster or reject, outside local or reject, masquerade the node
    LoadBalancer 203.0.113.6:80 -> inside cluster or reject, outside local or reject, masquerade the node
    NodePort 30080 -> inside cluster or reject, outside local or reject, masquerade the node
    cluster: none
    local: none
  health check on 32000: 0 local in IPv4, 0 in IPv6

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
- ip frontends { 203.0.113.5 . tcp . 80 : 8000:7ff }
- ip frontends { 203.0.113.6 . tcp . 80 : 8000:7ff }
- ip nodeports { tcp . 30080 : 8000:7ff }
- ip endpoints { 0:400 . 0 : 10.244.2.21 . 8080 }
- ip service_endpoints { 10.244.2.21 }
- ip shortcut { 0:400 : 0:401 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 8000:400 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 8000:400 }
+ ip nodeports { tcp . 30080 : 8000:400 }
+ ip shortcut { 0:400 : 0:400 }

## step local terminating, remote ready

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: false, serving: true, terminating: true}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> inside cluster or reject, outside local or drop, masquerade the node
    LoadBalancer 203.0.113.6:80 -> inside cluster or reject, outside local or drop, masquerade the node
    NodePort 30080 -> inside cluster or reject, outside local or drop, masquerade the node
    cluster: 10.244.2.21:8080
    local: 10.244.1.11:8080(here)
  health check on 32000: 0 local in IPv4, 0 in IPv6

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
- ip frontends { 203.0.113.5 . tcp . 80 : 8000:400 }
- ip frontends { 203.0.113.6 . tcp . 80 : 8000:400 }
- ip nodeports { tcp . 30080 : 8000:400 }
- ip shortcut { 0:400 : 0:400 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 8000:401 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 8000:401 }
+ ip nodeports { tcp . 30080 : 8000:401 }
+ ip endpoints { 0:400 . 0 : 10.244.2.21 . 8080 }
+ ip endpoints { 8000:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }
+ ip shortcut { 0:400 : 0:401 }

## step policy Cluster

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.2.21:8080

### nft
- ip frontends { 203.0.113.5 . tcp . 80 : 8000:401 }
- ip frontends { 203.0.113.6 . tcp . 80 : 8000:401 }
- ip nodeports { tcp . 30080 : 8000:401 }
- ip endpoints { 8000:400 . 0 : 10.244.1.11 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
- ip shortcut { 0:400 : 0:401 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 2000:401 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 2000:401 }
+ ip nodeports { tcp . 30080 : 2000:401 }
