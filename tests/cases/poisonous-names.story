Names at the limits of what is legal, and objects that are not: each bad document is refused by
itself, with its field, and what was in force stays in force.

## step long names

### apply
apiVersion: v1
kind: Service
metadata: {name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, namespace: sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss}
spec:
  clusterIP: "10.96.0.20"
  ports: [{name: aaaaaaaaaaaaaaa, port: 65535}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, namespace: sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss, labels: {kubernetes.io/service-name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn}}
addressType: IPv4
ports: [{name: aaaaaaaaaaaaaaa, port: 1}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}

### plan
Service sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
  IPv4 TCP "aaaaaaaaaaaaaaa"
    ClusterIP 10.96.0.20:65535 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:1(here)

### nft
+ ip cluster_ips { 10.96.0.20 }
+ ip frontends { 10.96.0.20 . tcp . 65535 : 0:401 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 1 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }

## step text that would break a terminal or a ruleset

### apply
apiVersion: v1
kind: Service
metadata: {name: "web\n}; flush ruleset", namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: "web\e[2J", namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: "a\nb", port: 80}]

### plan
Service default/web
  IPv4 TCP "a\x0ab"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: none
Service default/web\x0a}; flush ruleset
  lost IPv4 TCP ClusterIP 10.96.0.10:80 to default/web
Service default/web\x1b[2J
  lost IPv4 TCP ClusterIP 10.96.0.10:80 to default/web

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:800 }

## step numbers out of range

### apply
apiVersion: v1
kind: Service
metadata: {name: big, namespace: default}
spec:
  clusterIP: "10.96.0.21"
  ports: [{port: 65536}]
---
apiVersion: v1
kind: Service
metadata: {name: zero, namespace: default}
spec:
  clusterIP: "10.96.0.22"
  ports: [{port: 0}]
---
apiVersion: v1
kind: Service
metadata: {name: bad-ip, namespace: default}
spec:
  clusterIP: "10.96.0.256"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.999"], nodeName: node-a, conditions: {ready: true}}

### plan
! Service default/big: spec.ports[0].port: 65536 is out of range: a port is a whole number from 1 to 65535
! Service default/zero: spec.ports[0].port: 0 is out of range: a port is a whole number from 1 to 65535
! Service default/bad-ip: spec.clusterIP: "10.96.0.256" is not an IP address and is skipped
! EndpointSlice default/web-1: endpoints[0].addresses[0]: "10.244.1.999" is not an IP address and is skipped

### nft
unchanged

## step good beside bad

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: -1}]
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
! Service default/web: spec.ports[0].port: -1 is out of range: a port is a whole number from 1 to 65535
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: 10.244.1.11:8080(here) 10.244.2.21:8080

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:800 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:802 }
+ ip endpoints { 0:800 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:800 . 1 : 10.244.2.21 . 8080 }
+ ip service_endpoints { 10.244.2.21 }
