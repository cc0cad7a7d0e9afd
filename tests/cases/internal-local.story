Internal policy Local: the ClusterIP reaches local endpoints only; dropped while others could answer, refused when nobody could.

## step one local, one remote

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
  internalTrafficPolicy: Local
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
    ClusterIP 10.96.0.10:80 -> local or drop, masquerade all but pods
    local: 10.244.1.11:8080(here)

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }

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
    ClusterIP 10.96.0.10:80 -> local or drop, masquerade all but pods
    local: none
    no local endpoint for: internal

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:7ff }

## step nobody

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: false}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> local or reject, masquerade all but pods
    local: none

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:7ff }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }

## step policy Cluster

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
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
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }
