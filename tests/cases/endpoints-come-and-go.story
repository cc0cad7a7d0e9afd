Each change of the endpoints touches only what it must.

## step three

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
  - {addresses: ["10.244.3.31"], nodeName: node-c, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080 10.244.3.31:8080

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:403 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip endpoints { 0:400 . 2 : 10.244.3.31 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }
+ ip service_endpoints { 10.244.3.31 }

## step a fourth

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.4.41"], nodeName: node-d, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080 10.244.3.31:8080 10.244.4.41:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:403 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:404 }
+ ip endpoints { 0:400 . 3 : 10.244.4.41 . 8080 }
+ ip service_endpoints { 10.244.4.41 }

## step the first goes

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}}
  - {addresses: ["10.244.3.31"], nodeName: node-c, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.2.21:8080 10.244.3.31:8080 10.244.4.41:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:404 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip endpoints { 0:400 . 3 : 10.244.4.41 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:403 }
+ ip endpoints { 0:400 . 0 : 10.244.4.41 . 8080 }

## step one is replaced

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.2.22"], nodeName: node-b, conditions: {ready: true}}
  - {addresses: ["10.244.3.31"], nodeName: node-c, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.2.22:8080 10.244.3.31:8080 10.244.4.41:8080

### nft
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
- ip service_endpoints { 10.244.2.21 }
+ ip endpoints { 0:400 . 1 : 10.244.2.22 . 8080 }
+ ip service_endpoints { 10.244.2.22 }

## step order of the slice changes

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.3.31"], nodeName: node-c, conditions: {ready: true}}
  - {addresses: ["10.244.2.22"], nodeName: node-b, conditions: {ready: true}}

### plan
unchanged

### nft
unchanged

## step the port is renumbered

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 9090}]
endpoints:
  - {addresses: ["10.244.3.31"], nodeName: node-c, conditions: {ready: true}}
  - {addresses: ["10.244.2.22"], nodeName: node-b, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.2.22:9090 10.244.3.31:9090 10.244.4.41:8080

### nft
- ip endpoints { 0:400 . 1 : 10.244.2.22 . 8080 }
- ip endpoints { 0:400 . 2 : 10.244.3.31 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.22 . 9090 }
+ ip endpoints { 0:400 . 2 : 10.244.3.31 . 9090 }

## step all go

### delete
EndpointSlice default/web-1
EndpointSlice default/web-2

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: none

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:403 }
- ip endpoints { 0:400 . 0 : 10.244.4.41 . 8080 }
- ip endpoints { 0:400 . 1 : 10.244.2.22 . 9090 }
- ip endpoints { 0:400 . 2 : 10.244.3.31 . 9090 }
- ip service_endpoints { 10.244.2.22 }
- ip service_endpoints { 10.244.3.31 }
- ip service_endpoints { 10.244.4.41 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
