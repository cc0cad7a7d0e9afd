Leading zeros are decimal, every address comes out canonical; one address in several roles counts once, in the better role.

## step not canonical

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: "010.096.000.010"
  ports: [{name: http, port: 80, targetPort: 8080}]
  externalIPs: ["203.0.113.009", "10.96.0.10", "203.0.113.9", "nonsense"]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.244.001.011"], nodeName: node-a, conditions: {ready: true}}

### plan
! Service default/web: spec.externalIPs[3]: "nonsense" is not an IP address and is skipped
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    ExternalIP 203.0.113.9:80 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here)

### nft
+ ip cluster_ips { 10.96.0.10 }
+ ip frontends { 10.96.0.10 . tcp . 80 : 0:401 }
+ ip frontends { 203.0.113.9 . tcp . 80 : 2000:401 }
+ ip endpoints { 0:400 . 0 : 10.244.1.11 . 8080 }
+ ip hairpin { 10.244.1.11 . 10.244.1.11 }
+ ip service_endpoints { 10.244.1.11 }

## step load balancer and external

### apply
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: "10.96.0.10"
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
  externalIPs: ["203.0.113.5"]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6, ipMode: VIP}, {ip: 203.0.113.7, ipMode: Proxy}, {hostname: lb.example}]}}

### plan
Service default/web
  IPv4 TCP "http"
    ClusterIP 10.96.0.10:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 203.0.113.5:80 -> cluster or reject, masquerade all
    LoadBalancer 203.0.113.6:80 -> cluster or reject, masquerade all
    NodePort 30080 -> cluster or reject, masquerade all
    cluster: 10.244.1.11:8080(here)

### nft
- ip frontends { 203.0.113.9 . tcp . 80 : 2000:401 }
+ ip frontends { 203.0.113.5 . tcp . 80 : 2000:401 }
+ ip frontends { 203.0.113.6 . tcp . 80 : 2000:401 }
+ ip nodeports { tcp . 30080 : 2000:401 }
