A Service nobody answers for is refused on every address.

## step no slice at all

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: none

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 2000:400 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 2000:400 }
+ ip nodeports { tcp . 30080 : 2000:400 }

## step an empty slice

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  []

### plan
unchanged

### nft
unchanged

## step only unready ones

### apply
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.1.11"], nodeName: node-a, conditions: {ready: false}}

### plan
unchanged

### nft
unchanged

## step one becomes ready

### apply
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
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here)

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
- ip frontends { 203.0.113.5 . tcp . 80 : 2000:400 }
- ip frontends { 203.0.113.6 . tcp . 80 : 2000:400 }
- ip nodeports { tcp . 30080 : 2000:400 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 2000:401 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 2000:401 }
+ ip nodeports { tcp . 30080 : 2000:401 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }

## step the slice goes

### delete
EndpointSlice default/web-1

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: none

### nft
- ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
- ip frontends { 203.0.113.5 . tcp . 80 : 2000:401 }
- ip frontends { 203.0.113.6 . tcp . 80 : 2000:401 }
- ip nodeports { tcp . 30080 : 2000:401 }
- ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
- ip hairpin { 10.244.1.11 . 10.244.1.11 }
- ip service_endpoints { 10.244.1.11 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:400 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 2000:400 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 2000:400 }
+ ip nodeports { tcp . 30080 : 2000:400 }
