Hints keep traffic in the zone while every Ready endpoint has one and one names this zone.

## step no zone known

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
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}, hints: {forZones: [{name: a}]}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}, hints: {forZones: [{name: b}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }

## step the node is in zone a

### apply
apiVersion: v1
kind: Node
metadata: {name: node-a, labels: {topology.kubernetes.io/zone: a}}
status:
  addresses: [{type: InternalIP, address: 192.0.2.10}]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
- ip service_endpoints { 10.244.2.21 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }

## step the node is in a zone without hints

### apply
apiVersion: v1
kind: Node
metadata: {name: node-a, labels: {topology.kubernetes.io/zone: c}}
status:
  addresses: [{type: InternalIP, address: 192.0.2.10}]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip service_endpoints { 10.244.2.21 }

## step back in zone a

### apply
apiVersion: v1
kind: Node
metadata: {name: node-a, labels: {topology.kubernetes.io/zone: a}}
status:
  addresses: [{type: InternalIP, address: 192.0.2.10}]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
- ip service_endpoints { 10.244.2.21 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }

## step one endpoint without hint

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.3.31"], nodeName: node-c, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080 10.244.3.31:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:403 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip endpoints { 0:400 . 2 : 10.244.3.31 . 8080 }
+ ip service_endpoints { 10.244.2.21 }
+ ip service_endpoints { 10.244.3.31 }

## step it is not ready

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.3.31"], nodeName: node-c, conditions: {ready: false}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:403 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
- ip endpoints { 0:400 . 2 : 10.244.3.31 . 8080 }
- ip service_endpoints { 10.244.2.21 }
- ip service_endpoints { 10.244.3.31 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }

## step nobody ready in the zone

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: false}, hints: {forZones: [{name: a}]}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}, hints: {forZones: [{name: b}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.2.21:8080

### nft
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
+ ip endpoints { 0:400 . 0 : 10.244.2.21 . 8080 }
+ ip service_endpoints { 10.244.2.21 }
