Two families, independent of each other: each has its own endpoints.

## step both families, endpoints in one

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
  clusterIPs: ["10.96.0.10", "fd00:96::10"]
  ipFamilies: [IPv4, IPv6]
  ipFamilyPolicy: RequireDualStack
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)
  IPv6 TCP "http"
    ClusterIP [fd00:96::10]:80 -> cluster or reject, masquerade all but pods
    cluster: none

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip6 cluster_ips { fd00:96::10 }
+ ip6 frontends { fd00:96::10 . tcp . 80 : 0:400 }

## step the other follows

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-6, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["fd00:244::11"], nodeName: node-a, conditions: {ready: true}}
  - {addresses: ["fd00:244::12"], nodeName: node-b, conditions: {ready: true}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)
  IPv6 TCP "http"
    ClusterIP [fd00:96::10]:80 -> cluster or reject, masquerade all but pods
    cluster: [fd00:244::11]:8080(here) [fd00:244::12]:8080

### nft
- ip6 frontends { fd00:96::10 . tcp . 80 : 0:400 }
+ ip6 frontends { fd00:96::10 . tcp . 80 : 0:402 }
+ ip6 endpoints { 0:400 . 0 : fd00:244::11 . 8080 }
+ ip6 endpoints { 0:400 . 1 : fd00:244::12 . 8080 }
+ ip6 hairpin { fd00:244::11 . fd00:244::11 }
+ ip6 service_endpoints { fd00:244::11 }
+ ip6 service_endpoints { fd00:244::12 }

## step single stack again

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
  clusterIPs: ["10.96.0.10"]
  ipFamilies: [IPv4]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)

### nft
- ip6 cluster_ips { fd00:96::10 }
- ip6 frontends { fd00:96::10 . tcp . 80 : 0:402 }
- ip6 endpoints { 0:400 . 0 : fd00:244::11 . 8080 }
- ip6 endpoints { 0:400 . 1 : fd00:244::12 . 8080 }
- ip6 hairpin { fd00:244::11 . fd00:244::11 }
- ip6 service_endpoints { fd00:244::11 }
- ip6 service_endpoints { fd00:244::12 }
