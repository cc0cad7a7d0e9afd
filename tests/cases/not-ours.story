Headless Services, ExternalName Services and those of another proxy are not served; a Service may become one and come back.

## step headless

### apply
apiVersion: v1
kind: Service
metadata: {name: db, namespace: default}
spec:
  clusterIP: "None"
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: default, labels: {kubernetes.io/service-name: db, service.kubernetes.io/headless: ""}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: true}}

### plan
unchanged

### nft
unchanged

## step external name

### apply
apiVersion: v1
kind: Service
metadata: {name: far, namespace: default}
spec: {type: ExternalName, externalName: example.org}

### plan
unchanged

### nft
unchanged

## step ours

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

## step another proxy's

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default, labels: {service.kubernetes.io/service-proxy-name: other}}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]

### plan
Service default/web
  nothing

### nft
- ip cluster_ips { 10.96.0.10 }
- ip frontends { 10.96.0.10 . tcp . 80 : 0:402 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip endpoints { 0:400 . 1 : 10.244.2.21 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
- ip service_endpoints { 10.244.2.21 }

## step ours again

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
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:802 }
+ ip endpoints { 0:800 . 0 : 10.244.1.11 . 8080 }
+ ip endpoints { 0:800 . 1 : 10.244.2.21 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }
+ ip service_endpoints { 10.244.2.21 }

## step external name now

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {type: ExternalName, externalName: example.org}

### plan
Service default/web
  nothing

### nft
- ip cluster_ips { 10.96.0.10 }
- ip frontends { 10.96.0.10 . tcp . 80 : 0:802 }
- ip endpoints { 0:800 . 0 : 10.244.1.11 . 8080 }
- ip endpoints { 0:800 . 1 : 10.244.2.21 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
- ip service_endpoints { 10.244.2.21 }
