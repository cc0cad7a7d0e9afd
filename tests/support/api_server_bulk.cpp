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
    R"("spec":{"ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"http"}],)"
    R"("selector":{"app.kubernetes.io/instance":"$n","app.kubernetes.io/name":"shop"},)"
    R"("clusterIP":"$i","clusterIPs":["$i"],"type":"ClusterIP","sessionAffinity":"None",)"
    R"("ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"},)"
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
    R"("addressType":"IPv4","endpoints":[$e],)"
    R"("ports":[{"name":"http","protocol":"TCP","port":8080}]})";

constexpr std::string_view kEndpoint =
    R"({"addresses":["$a"],"conditions":{"ready":true,"serving":true,"terminating":false},)"
    R"("targetRef":{"kind":"Pod","namespace":"bulk","name":"$n-6d4b75cb6d-x7k2p",)"
    R"("uid":"$p"},"nodeName":"$k","zone":"eu-west-1a",)"
    R"("hints":{"forZones":[{"name":"eu-west-1a"}]}})";

/// Endpoints that only later generations have lie this much above all others.
constexpr uint32_t kSpareAddresses = 1U << 24;

void append_endpoints(std::string& out, const BulkSpec& spec, uint32_t index, uint32_t generation) {
    for (uint32_t e = 0; e < spec.endpoints; ++e) {
        const uint32_t number = index * spec.endpoints + e;
        const bool moved = generation != 0 && e + 1 == spec.endpoints;
        const uint32_t spare = moved ? kSpareAddresses + generation : 0;
        out += e == 0 ? "" : ",";
        fill(out, kEndpoint, [&](char what) {
            switch (what) {
                case 'a':
                    append_ip(out, spec.first_pod_ip + number + spare);
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

}  // namespace

std::string bulk_name(uint32_t index) {
    return "bulk-" + std::to_string(index);
}

std::string bulk_slice_name(uint32_t index) {
    return bulk_name(index) + "-x7k2p";
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
            default:
                append_ip(out, spec.first_cluster_ip + index);
        }
    });
}

void append_bulk_slice(std::string& out, const BulkSpec& spec, uint32_t index, uint32_t generation,
                       uint64_t version) {
    fill(out, kSlice, [&](char what) {
        switch (what) {
            case 'n':
                out += bulk_name(index);
                break;
            case 's':
                out += bulk_slice_name(index);
                break;
            case 'u':
                append_uid(out, 3, index);
                break;
            case 'o':
                append_uid(out, 1, index);
                break;
            case 'v':
                out += std::to_string(version);
                break;
            case 'g':
                out += std::to_string(generation + 1);
                break;
            default:
                append_endpoints(out, spec, index, generation);
        }
    });
}

}  // namespace sy::lab
