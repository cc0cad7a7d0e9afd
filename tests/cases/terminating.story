Terminating endpoints serve as long as there is no Ready one.

## step both ready

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
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }

## step one terminates

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
    cluster: 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip endpoints { 0:400 . 0 : 10.244.2.21 . 8080 }

## step both terminate

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: false, serving: true, terminating: true}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: false, serving: true, terminating: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip endpoints { 0:400 . 1 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }

## step one no longer serves

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: false, serving: false, terminating: true}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: false, serving: true, terminating: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
- ip endpoints { 0:400 . 1 : 10.244.1.11 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }

## step a new one is ready

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.12"], nodeName: node-a, conditions: {ready: true}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: false, serving: true, terminating: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.12:8080(here)

### nft
- ip endpoints { 0:400 . 0 : 10.244.2.21 . 8080 }
- ip service_endpoints { 10.244.2.21 }
+ ip endpoints { 0:400 . 0 : 10.244.1.12 . 8080 }
+ ip hairpin { 10.244.1.12 . 10.244.1.12 }
+ ip service_endpoints { 10.244.1.12 }

## step a pod takes over the address of a terminating one

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.2.21"], nodeName: node-c, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.12:8080(here) 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
+ ip service_endpoints { 10.244.2.21 }
