Two Services ask for the same address and port. The smaller name holds it, whoever came first; the
other one keeps the rest, and inherits in the same batch in which the holder gives up.

## step web alone

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080}]
  externalIPs: ["203.0.113.9"]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    ExternalIP 203.0.113.9:80 -> cluster or reject, masquerade all
    cluster: none

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 2000:400 }

## step api comes later and wins

### apply
apiVersion: v1
kind: Service
metadata: {name: api, namespace: default}
spec:
  clusterIP: "10.96.0.11"
  ports: [{name: http, port: 80, targetPort: 8080}]
  externalIPs: ["203.0.113.9"]

### plan
Service default/api
  IPv4 TCP "http"
    ClusterIP 10.96.0.11:80 -> cluster or reject, masquerade all but pods
    ExternalIP 203.0.113.9:80 -> cluster or reject, masquerade all
    cluster: none
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: none
  lost IPv4 TCP ExternalIP 203.0.113.9:80 to default/api

### nft
- ip frontends { 203.0.113.9 . tcp . 80 : 2000:400 }
+ ip cluster_ips { 10.96.0.11 }
+ ip frontends { 10.96.0.11 . tcp . 80 : 0:800 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 2000:800 }

## step api gives up

### apply
apiVersion: v1
kind: Service
metadata: {name: api, namespace: default}
spec:
  clusterIP: "10.96.0.11"
  ports: [{name: http, port: 80, targetPort: 8080}]

### plan
Service default/api
  IPv4 TCP "http"
    ClusterIP 10.96.0.11:80 -> cluster or reject, masquerade all but pods
    cluster: none
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    ExternalIP 203.0.113.9:80 -> cluster or reject, masquerade all
    cluster: none

### nft
- ip frontends { 203.0.113.9 . tcp . 80 : 2000:800 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 2000:400 }

## step api wants it again

### apply
apiVersion: v1
kind: Service
metadata: {name: api, namespace: default}
spec:
  clusterIP: "10.96.0.11"
  ports: [{name: http, port: 80, targetPort: 8080}]
  externalIPs: ["203.0.113.9"]

### plan
Service default/api
  IPv4 TCP "http"
    ClusterIP 10.96.0.11:80 -> cluster or reject, masquerade all but pods
    ExternalIP 203.0.113.9:80 -> cluster or reject, masquerade all
    cluster: none
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: none
  lost IPv4 TCP ExternalIP 203.0.113.9:80 to default/api

### nft
- ip frontends { 203.0.113.9 . tcp . 80 : 2000:400 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 2000:800 }

## step api is deleted

### delete
Service default/api

### plan
Service default/api
  nothing
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    ExternalIP 203.0.113.9:80 -> cluster or reject, masquerade all
    cluster: none

### nft
- ip cluster_ips { 10.96.0.11 }
- ip frontends { 10.96.0.11 . tcp . 80 : 0:800 }
- ip frontends { 203.0.113.9 . tcp . 80 : 2000:800 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 2000:400 }

## step a ClusterIP beats an external address

### apply
apiVersion: v1
kind: Service
metadata: {name: zoo, namespace: default}
spec:
  clusterIP: "203.0.113.9"
  ports: [{name: http, port: 80, targetPort: 8080}]

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: none
  lost IPv4 TCP ExternalIP 203.0.113.9:80 to default/zoo
Service default/zoo
  IPv4 TCP "http"
    ClusterIP 203.0.113.9:80 -> cluster or reject, masquerade all but pods
    cluster: none

### nft
- ip frontends { 203.0.113.9 . tcp . 80 : 2000:400 }
+ ip cluster_ips { 203.0.113.9 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 0:c00 }

## step the same node port twice

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: NodePort
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: default}
spec:
  type: NodePort
  clusterIP: "10.96.0.11"
  ports: [{name: http, port: 80, nodePort: 30080}]

### plan
Service default/api
  IPv4 TCP "http"
    ClusterIP 10.96.0.11:80 -> cluster or reject, masquerade all but pods
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: none
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    cluster: none
  lost IPv4 TCP NodePort 30080 to default/api

### nft
+ ip cluster_ips { 10.96.0.11 }
+ ip frontends { 10.96.0.11 . tcp . 80 : 0:1000 }
+ ip nodeports { tcp . 30080 : 2000:1000 }
