A slice whose service-name label changes leaves its old Service and joins the new one.

## step with blue

### apply
apiVersion: v1
kind: Service
metadata: {name: blue, namespace: default}
spec:
  clusterIP: "10.96.0.11"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: green, namespace: default}
spec:
  clusterIP: "10.96.0.12"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: pods, namespace: default, labels: {kubernetes.io/service-name: blue}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}

### plan
Service default/blue
  IPv4 TCP "http"
    ClusterIP 10.96.0.11:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)
Service default/green
  IPv4 TCP "http"
    ClusterIP 10.96.0.12:80 -> cluster or reject, masquerade all but pods
    cluster: none

### nft
+ ip cluster_ips { 10.96.0.11 }
+ ip cluster_ips { 10.96.0.12 }
+ ip frontends { 10.96.0.11 . tcp . 80 : 0:401 }
+ ip frontends { 10.96.0.12 . tcp . 80 : 0:800 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }

## step with green

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: pods, namespace: default, labels: {kubernetes.io/service-name: green}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}

### plan
Service default/blue
  IPv4 TCP "http"
    ClusterIP 10.96.0.11:80 -> cluster or reject, masquerade all but pods
    cluster: none
Service default/green
  IPv4 TCP "http"
    ClusterIP 10.96.0.12:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)

### nft
- ip frontends { 10.96.0.11 . tcp . 80 : 0:401 }
- ip frontends { 10.96.0.12 . tcp . 80 : 0:800 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip frontends { 10.96.0.11 . tcp . 80 : 0:400 }
+ ip frontends { 10.96.0.12 . tcp . 80 : 0:801 }
+ ip endpoints { 0:800 . 0 : 10.244.1.11 . 8080 }
