#include "tests/support/api_server_bulk.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace sy::lab {
namespace {

/// Replaces each "$x" of `pattern` by what `value('x')` appends. There is no other '$' in it.
template <class Value>
void fill(std::string& out, std::string_view pattern, Value value) {
    for (std::size_t at = 0; at < pattern.size();) {
        const std::size_t mark = pattern.find('$', at);
        out += pattern.substr(at, mark - at);
        if (mark == std::string_view::npos) {
            return;
        }
        value(pattern[mark + 1]);
        at = mark + 2;
    }
}

void append_ip(std::string& out, uint32_t ip) {
    std::array<char, 16> text{};
    const int size = std::snprintf(text.data(), text.size(), "%u.%u.%u.%u", ip >> 24,
                                   ip >> 16 & 255, ip >> 8 & 255, ip & 255);
    out.append(text.data(), static_cast<std::size_t>(size));
}

/// A uid that is the same each time: `kind` tells objects of one index apart.
void append_uid(std::string& out, uint32_t kind, uint32_t index) {
    std::array<char, 40> text{};
    const int size = std::snprintf(text.data(), text.size(), "%08x-5c1f-4b8e-9d3a-%012x",
                                   kind * 0x9e3779b1U, index);
    out.append(text.data(), static_cast<std::size_t>(size));
}

constexpr std::string_view kService =
    R"({"metadata":{"name":"$n","namespace":"bulk","uid":"$u","resourceVersion":"$v",)"
    R"("creationTimestamp":"2025-03-14T09:26:53Z",)"
    R"("labels":{"app.kubernetes.io/instance":"$n","app.kubernetes.io/managed-by":"Helm",)"
    R"("app.kubernetes.io/name":"shop","app.kubernetes.io/version":"1.42.0",)"
    R"("helm.sh/chart":"shop-7.3.1"},)"
    R"("annotations":{"meta.helm.sh/release-name":"$n","meta.helm.sh/release-namespace":"bulk",)"
    R"("prometheus.io/port":"9102","prometheus.io/scrape":"true"},)"
    R"("managedFields":[{"manager":"helm","operation":"Update","apiVersion":"v1",)"
    R"("time":"2025-03-14T09:26:53Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{)"
    R"("f:annotations":{".":{},"f:meta.helm.sh/release-name":{},)"
    R"("f:meta.helm.sh/release-namespace":{},"f:prometheus.io/port":{},)"
    R"("f:prometheus.io/scrape":{}},"f:labels":{".":{},"f:app.kubernetes.io/instance":{},)"
    R"("f:app.kubernetes.io/managed-by":{},"f:app.kubernetes.io/name":{},)"
    R"("f:app.kubernetes.io/version":{},"f:helm.sh/chart":{}}},"f:spec":{)"
    R"("f:internalTrafficPolicy":{},"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{)"
    R"(".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:selector":{},)"
    R"("f:sessionAffinity":{},"f:type":{}}}},{"manager":"shop-operator","operation":"Apply",)"
    R"("apiVersion":"v1","time":"2025-03-15T10:01:17Z","fieldsType":"FieldsV1","fieldsV1":{)"
    R"("f:metadata":{"f:labels":{"f:app.kubernetes.io/version":{}},"f:ownerReferences":{)"
    R"("k:{\"uid\":\"$w\"}":{}}},"f:spec":{"f:selector":{}}}}],)"
    R"("ownerReferences":[{"apiVersion":"shop.example.com/v1","kind":"Shop","name":"$n",)"
    R"("uid":"$w","controller":true,"blockOwnerDeletion":true}]},)"
    R"("spec":{"ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"http"$o}],)"
    R"("selector":{"app.kubernetes.io/instance":"$n","app.kubernetes.io/name":"shop"},)"
    R"("clusterIP":"$i","clusterIPs":["$i"$6],"type":"$t","sessionAffinity":"None",)"
    R"("ipFamilies":["IPv4"$f],"ipFamilyPolicy":"$p","internalTrafficPolicy":"Cluster"},)"
    R"("status":{"loadBalancer":{}}})";

constexpr std::string_view kSlice =
    R"({"metadata":{"name":"$s","generateName":"$n-","namespace":"bulk","uid":"$u",)"
    R"("resourceVersion":"$v","generation":$g,"creationTimestamp":"2025-03-14T09:26:53Z",)"
    R"("labels":{"app.kubernetes.io/instance":"$n","app.kubernetes.io/managed-by":"Helm",)"
    R"("app.kubernetes.io/name":"shop","app.kubernetes.io/version":"1.42.0",)"
    R"("endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io",)"
    R"("helm.sh/chart":"shop-7.3.1","kubernetes.io/service-name":"$n"},)"
    R"("annotations":{"endpoints.kubernetes.io/last-change-trigger-time":)"
    R"("2025-03-15T10:01:17Z"},)"
    R"("ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"$n","uid":"$o",)"
    R"("controller":true,"blockOwnerDeletion":true}],)"
    R"("managedFields":[{"manager":"kube-controller-manager","operation":"Update",)"
    R"("apiVersion":"discovery.k8s.io/v1","time":"2025-03-15T10:01:17Z",)"
    R"("fieldsType":"FieldsV1","fieldsV1":{"f:addressType":{},"f:endpoints":{},"f:metadata":{)"
    R"("f:annotations":{".":{},"f:endpoints.kubernetes.io/last-change-trigger-time":{}},)"
    R"("f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/instance":{},)"
    R"("f:app.kubernetes.io/managed-by":{},"f:app.kubernetes.io/name":{},)"
    R"("f:app.kubernetes.io/version":{},"f:endpointslice.kubernetes.io/managed-by":{},)"
    R"("f:helm.sh/chart":{},"f:kubernetes.io/service-name":{}},"f:ownerReferences":{".":{},)"
    R"("k:{\"uid\":\"$o\"}":{}}},"f:ports":{}}}]},)"
    R"("addressType":"$f","endpoints":[$e],)"
    R"("ports":[{"name":"http","protocol":"TCP","port":8080}]})";

constexpr std::string_view kEndpoint =
    R"({"addresses":["$a"],"conditions":{"ready":true,"serving":true,"terminating":false},)"
    R"("targetRef":{"kind":"Pod","namespace":"bulk","name":"$n-6d4b75cb6d-x7k2p",)"
    R"("uid":"$p"},"nodeName":"$k","zone":"eu-west-1a",)"
    R"("hints":{"forZones":[{"name":"eu-west-1a"}]}})";

/// Endpoints that only later generations have lie this much above all others, and those that only
/// some Services have, so much.
constexpr uint32_t kSpareAddresses = 1U << 24;
constexpr uint32_t kMoreAddresses = 2U << 24;
constexpr uint32_t kHuge = 1000;
constexpr uint32_t kFirstNodePort = 30'000;
constexpr uint32_t kNodePorts = 2768;

/// The address in fd00:10::/96 that ends with the IPv4 one.
void append_ipv6(std::string& out, uint32_t ip) {
    std::array<char, 40> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "fd00:10::%x:%x", ip >> 16, ip & 0xffffU);
    out.append(text.data(), static_cast<std::size_t>(size));
}

void append_endpoints(std::string& out, const BulkSpec& spec, const BulkSlice& slice) {
    const auto [index, generation, ipv6] = slice;
    const uint32_t count = bulk_endpoints(spec, index);
    for (uint32_t e = 0; e < count; ++e) {
        const uint32_t number = index * spec.endpoints + e;
        const bool moved = generation != 0 && e + 1 == count;
        const uint32_t spare = moved ? kSpareAddresses + generation : 0;
        const uint32_t ip = bulk_pod_ip(spec, index, e) + spare;
        out += e == 0 ? "" : ",";
        fill(out, kEndpoint, [&](char what) {
            switch (what) {
                case 'a':
                    ipv6 ? append_ipv6(out, ip) : append_ip(out, ip);
                    break;
                case 'n':
                    out += bulk_name(index);
                    break;
                case 'p':
                    append_uid(out, 4, number + spare);
                    break;
                default:
                    out += number % 10 == 0 ? spec.node : "node-" + std::to_string(number % 1000);
            }
        });
    }
}

/// What of a Service depends on the shape of the cluster.
void append_shape(std::string& out, const BulkSpec& spec, uint32_t index, char what) {
    const bool dual = spec.shape == BulkShape::dual_stack;
    const bool node_port = spec.shape == BulkShape::node_ports && index < kNodePorts;
    switch (what) {
        case 'o':
            out += node_port ? ",\"nodePort\":" + std::to_string(kFirstNodePort + index) : "";
            break;
        case 't':
            out += node_port ? "NodePort" : "ClusterIP";
            break;
        case 'f':
            out += dual ? ",\"IPv6\"" : "";
            break;
        case 'p':
            out += dual ? "PreferDualStack" : "SingleStack";
            break;
        default:
            if (dual) {
                out += ",\"";
                append_ipv6(out, spec.first_cluster_ip + index);
                out += '"';
            }
    }
}

}  // namespace

std::string bulk_name(uint32_t index) {
    return "bulk-" + std::to_string(index);
}

std::string bulk_slice_name(uint32_t index, bool ipv6) {
    return bulk_name(index) + (ipv6 ? "-9d4wz" : "-x7k2p");
}

uint32_t bulk_endpoints(const BulkSpec& spec, uint32_t index) {
    switch (spec.shape) {
        case BulkShape::skewed:
            return index % 100 == 0  ? 30 * spec.endpoints
                   : index % 10 == 0 ? 5 * spec.endpoints
                                     : 1;
        case BulkShape::huge:
            return index == 0 ? kHuge : spec.endpoints;
        case BulkShape::uniform:
        case BulkShape::dual_stack:
        case BulkShape::node_ports:
            break;
    }
    return spec.endpoints;
}

uint32_t bulk_pod_ip(const BulkSpec& spec, uint32_t index, uint32_t number) {
    return number < spec.endpoints
               ? spec.first_pod_ip + index * spec.endpoints + number
               : spec.first_pod_ip + kMoreAddresses + index * 30 * spec.endpoints + number;
}

void append_bulk_service(std::string& out, const BulkSpec& spec, uint32_t index, uint64_t version) {
    fill(out, kService, [&](char what) {
        switch (what) {
            case 'n':
                out += bulk_name(index);
                break;
            case 'u':
                append_uid(out, 1, index);
                break;
            case 'w':
                append_uid(out, 2, index);
                break;
            case 'v':
                out += std::to_string(version);
                break;
            case 'i':
                append_ip(out, spec.first_cluster_ip + index);
                break;
            default:
                append_shape(out, spec, index, what);
        }
    });
}

void append_bulk_slice(std::string& out, const BulkSpec& spec, const BulkSlice& slice,
                       uint64_t version) {
    const uint32_t index = slice.index;
    fill(out, kSlice, [&](char what) {
        switch (what) {
            case 'n':
                out += bulk_name(index);
                break;
            case 's':
                out += bulk_slice_name(index, slice.ipv6);
                break;
            case 'u':
                append_uid(out, slice.ipv6 ? 5 : 3, index);
                break;
            case 'o':
                append_uid(out, 1, index);
                break;
            case 'v':
                out += std::to_string(version);
                break;
            case 'g':
                out += std::to_string(slice.generation + 1);
                break;
            case 'f':
                out += slice.ipv6 ? "IPv6" : "IPv4";
                break;
            default:
                append_endpoints(out, spec, slice);
        }
    });
}

}  // namespace sy::lab
