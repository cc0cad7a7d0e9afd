Node hints win over zone hints where they are complete and name this node.

## step complete

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
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}, hints: {forNodes: [{name: node-a}], forZones: [{name: b}]}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}, hints: {forNodes: [{name: node-b}], forZones: [{name: a}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here)

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }

## step incomplete: the zone decides

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}, hints: {forNodes: [{name: node-a}], forZones: [{name: b}]}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}, hints: {forZones: [{name: a}]}}

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

## step complete, but none for this node

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}, hints: {forNodes: [{name: node-c}], forZones: [{name: b}]}}
  - {addresses: ["10.244.2.21"], nodeName: node-b, conditions: {ready: true}, hints: {forNodes: [{name: node-b}], forZones: [{name: a}]}}

### plan
unchanged

### nft
unchanged
