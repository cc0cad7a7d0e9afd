Session affinity on, with another timeout, with the default, off.

## step two hours

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 7200}}
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
    affinity: 7200 s

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:600 }
+ ip aff_slots { 0:400 . 0 : 0:401 }
+ ip aff_slots { 0:400 . 1 : 0:402 }
+ ip aff_endpoints { 0:401 : 10.244.1.11 . 8080 }
+ ip aff_endpoints { 0:402 : 10.244.2.21 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }

## step one minute

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    affinity: 60 s

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:600 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:601 }

## step the default

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
  sessionAffinity: ClientIP

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080
    affinity: 10800 s

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:601 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:602 }

## step off

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:602 }
- ip aff_slots { 0:400 . 0 : 0:401 }
- ip aff_slots { 0:400 . 1 : 0:402 }
- ip aff_endpoints { 0:401 : 10.244.1.11 . 8080 }
- ip aff_endpoints { 0:402 : 10.244.2.21 . 8080 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
