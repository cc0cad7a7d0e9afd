#include "tests/support/manifests.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace sy::lab {
namespace {

namespace fs = std::filesystem;

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + "\"";
}

/// "key": value, with a comma before it unless it is the first of an object.
class Members {
  public:
    Members& add(std::string_view key, const std::string& value) {
        text_ += (text_.empty() ? "" : ", ") + json_string(key) + ": " + value;
        return *this;
    }
    std::string object() const { return "{" + text_ + "}"; }

  private:
    std::string text_;
};

template <class Range, class Function>
std::string array(const Range& range, Function write) {
    std::string text;
    for (const auto& element : range) {
        text += (text.empty() ? "" : ", ") + write(element);
    }
    return "[" + text + "]";
}

std::string ip_text(const IpAddr& ip) {
    return json_string(ip.to_string());
}
std::string cidr_text(const Cidr& cidr) {
    return json_string(cidr.to_string());
}
std::string text(std::string_view words) {
    return json_string(words);
}
std::string boolean(bool value) {
    return value ? "true" : "false";
}

std::string document(std::string_view api, std::string_view kind, const Members& metadata,
                     Members rest) {
    Members whole;
    whole.add("apiVersion", json_string(api)).add("kind", json_string(kind));
    whole.add("metadata", metadata.object());
    std::string out = whole.object();
    out.pop_back();
    std::string tail = rest.object();
    tail.front() = ' ';
    return out + "," + tail + "\n---\n";
}

std::string type_text(ServiceType type) {
    switch (type) {
        case ServiceType::cluster_ip:
            return json_string("ClusterIP");
        case ServiceType::node_port:
            return json_string("NodePort");
        case ServiceType::load_balancer:
            return json_string("LoadBalancer");
        case ServiceType::external_name:
            break;
    }
    return json_string("ExternalName");
}

std::string policy_text(TrafficPolicy policy) {
    return json_string(policy == TrafficPolicy::local ? "Local" : "Cluster");
}

std::string service_port(const ServicePort& port) {
    Members members;
    members.add("name", json_string(port.name))
        .add("protocol", json_string(to_string(port.protocol)));
    members.add("port", std::to_string(port.port.number()));
    if (port.node_port != Port()) {
        members.add("nodePort", std::to_string(port.node_port.number()));
    }
    return members.object();
}

void add_addresses(Members& spec, const Service& service) {
    if (!service.cluster_ip) {
        return;
    }
    spec.add("clusterIP", ip_text(*service.cluster_ip));
    if (!service.family_ips.empty()) {
        spec.add("clusterIPs",
                 array(service.family_ips, [](const auto& pair) { return ip_text(pair.second); }));
        spec.add("ipFamilies", array(service.family_ips, [](const auto& pair) {
                     return json_string(to_string(pair.first));
                 }));
    }
}

std::string endpoint_text(const Endpoint& endpoint, const Symbols& symbols) {
    Members conditions;
    conditions.add("ready", boolean(endpoint.ready)).add("serving", boolean(endpoint.serving));
    conditions.add("terminating", boolean(endpoint.terminating));
    Members members;
    members.add("addresses", "[" + ip_text(endpoint.address) + "]");
    members.add("conditions", conditions.object());
    members.add("nodeName", json_string(symbols.text(endpoint.node)));
    const auto names = [&](SymbolList list) {
        return array(symbols.list(list), [&](Symbol symbol) {
            return Members().add("name", json_string(symbols.text(symbol))).object();
        });
    };
    Members hints;
    if (endpoint.zone_hints != SymbolList::empty) {
        hints.add("forZones", names(endpoint.zone_hints));
    }
    if (endpoint.node_hints != SymbolList::empty) {
        hints.add("forNodes", names(endpoint.node_hints));
    }
    members.add("hints", hints.object());
    return members.object();
}

void write_file(const fs::path& path, std::string_view content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << content << std::flush;
    if (!out) {
        throw std::runtime_error("cannot write " + path.string());
    }
}

}  // namespace

std::string manifest(const ServiceSpec& built) {
    const Service& service = built.object();
    Members metadata;
    metadata.add("namespace", json_string(service.name.ns))
        .add("name", json_string(service.name.name));
    Members spec;
    spec.add("type", type_text(service.type));
    add_addresses(spec, service);
    spec.add("ports", array(service.ports, service_port));
    spec.add("internalTrafficPolicy", policy_text(service.internal_policy));
    spec.add("externalTrafficPolicy", policy_text(service.external_policy));
    if (service.health_check_node_port != Port()) {
        spec.add("healthCheckNodePort", std::to_string(service.health_check_node_port.number()));
    }
    if (service.affinity_timeout) {
        const std::string seconds = std::to_string(*service.affinity_timeout);
        spec.add("sessionAffinity", json_string("ClientIP"));
        spec.add("sessionAffinityConfig", "{\"clientIP\": {\"timeoutSeconds\": " + seconds + "}}");
    }
    if (!service.external_ips.empty()) {
        spec.add("externalIPs", array(service.external_ips, ip_text));
    }
    if (service.source_ranges_set) {
        spec.add("loadBalancerSourceRanges", array(service.source_ranges, cidr_text));
    }
    const std::string ingress = array(service.load_balancer_ips, [](const IpAddr& ip) {
        return Members().add("ip", ip_text(ip)).object();
    });
    return document("v1", "Service", metadata,
                    Members()
                        .add("spec", spec.object())
                        .add("status", "{\"loadBalancer\": {\"ingress\": " + ingress + "}}"));
}

std::string manifest(const SliceSpec& built) {
    Symbols symbols;
    const EndpointSlice slice = built.object(symbols);
    Members metadata;
    metadata.add("namespace", json_string(slice.ns)).add("name", json_string(slice.name));
    metadata.add("labels",
                 Members().add("kubernetes.io/service-name", json_string(slice.service)).object());
    Members rest;
    rest.add("addressType",
             slice.family ? json_string(to_string(*slice.family)) : json_string("FQDN"));
    rest.add("ports", array(slice.ports, [](const SlicePort& port) {
                 return Members()
                     .add("name", json_string(port.name))
                     .add("protocol", json_string(to_string(port.protocol)))
                     .add("port", std::to_string(port.port.number()))
                     .object();
             }));
    rest.add("endpoints", array(slice.endpoints, [&](const Endpoint& endpoint) {
                 return endpoint_text(endpoint, symbols);
             }));
    return document("discovery.k8s.io/v1", "EndpointSlice", metadata, rest);
}

std::string manifest(const Node& node) {
    Members metadata;
    metadata.add("name", json_string(node.name));
    metadata.add("labels",
                 Members().add("topology.kubernetes.io/zone", json_string(node.zone)).object());
    if (node.deleting) {
        metadata.add("deletionTimestamp", json_string("2026-03-01T12:00:00Z"));
    }
    Members spec;
    spec.add("podCIDRs", array(node.pod_cidrs, cidr_text));
    if (node.autoscaler_taint) {
        Members taint;
        taint.add("key", json_string("ToBeDeletedByClusterAutoscaler"));
        taint.add("effect", json_string("NoSchedule"));
        spec.add("taints", "[" + taint.object() + "]");
    }
    const std::string addresses = array(node.addresses, [](const IpAddr& ip) {
        return Members()
            .add("type", json_string("InternalIP"))
            .add("address", ip_text(ip))
            .object();
    });
    return document("v1", "Node", metadata,
                    Members()
                        .add("spec", spec.object())
                        .add("status", Members().add("addresses", addresses).object()));
}

std::string manifest(const ServiceCidr& cidr) {
    return document(
        "networking.k8s.io/v1", "ServiceCIDR", Members().add("name", text(cidr.name)),
        Members().add("spec", Members().add("cidrs", array(cidr.cidrs, cidr_text)).object()));
}

ManifestFolder::ManifestFolder() {
    std::string name = (fs::temp_directory_path() / "switchyard-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot make " + name);
    }
    path_ = name;
}

ManifestFolder::~ManifestFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void ManifestFolder::write_slowly(const std::string& name, std::string_view text) const {
    write_file(path_ / name, text.substr(0, text.size() / 2));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::ofstream out(path_ / name, std::ios::binary | std::ios::app);
    out << text.substr(text.size() / 2) << std::flush;
}

void ManifestFolder::replace(const std::string& name, std::string_view text) const {
    const fs::path fresh = path_ / ("." + name + ".new");
    write_file(fresh, text);
    fs::rename(fresh, path_ / name);
}

void ManifestFolder::remove(const std::string& name) const {
    fs::remove(path_ / name);
}

void ManifestFolder::swap(const std::map<std::string, std::string>& files) {
    const std::string generation = "..generation-" + std::to_string(++generation_);
    fs::create_directory(path_ / generation);
    for (const auto& [name, content] : files) {
        write_file(path_ / generation / name, content);
    }
    fs::create_symlink(generation, path_ / "..data_tmp");
    fs::rename(path_ / "..data_tmp", path_ / "..data");
    for (const auto& [name, content] : files) {
        if (!fs::exists(fs::symlink_status(path_ / name))) {
            fs::create_symlink(fs::path("..data") / name, path_ / name);
        }
    }
    if (generation_ > 1) {
        fs::remove_all(path_ / ("..generation-" + std::to_string(generation_ - 1)));
    }
}

}  // namespace sy::lab
