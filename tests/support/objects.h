// Builders of cluster objects, so that a test reads like the manifest it stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/symbols.h"
#include "model/objects.h"

namespace sy::lab {

/// Conditions of an endpoint, by what a pod is going through.
enum class Pod : uint8_t {
    ready,
    /// Shutting down, still serving.
    terminating,
    /// Running, not (yet) serving.
    unready,
    /// Shutting down and not serving any more.
    gone,
    /// Not serving, but its Service publishes not-ready addresses.
    published,
};

/// A Service under construction. "ns/name"; type ClusterIP until something says otherwise.
class ServiceSpec {
  public:
    explicit ServiceSpec(std::string_view full_name);

    /// The ClusterIP. A second one, of the other family, makes the Service dual-stack.
    ServiceSpec& ip(const IpAddr& address);
    ServiceSpec& port(uint16_t number, Protocol protocol = Protocol::tcp, std::string name = {});
    /// Of the port added last. Makes a ClusterIP Service a NodePort Service.
    ServiceSpec& node_port(uint16_t number);
    /// Makes it a LoadBalancer Service.
    ServiceSpec& load_balancer(const IpAddr& vip);
    ServiceSpec& external_ip(const IpAddr& vip);
    ServiceSpec& allow(std::string_view cidr);
    ServiceSpec& type(ServiceType type);
    ServiceSpec& internal_local();
    ServiceSpec& external_local();
    ServiceSpec& health_check(uint16_t number);
    ServiceSpec& sticky(uint32_t seconds);

    const Service& object() const { return service_; }

  private:
    Service service_;
};

/// An EndpointSlice under construction, of the Service "ns/name"; several slices of one Service
/// and family need different suffixes.
class SliceSpec {
  public:
    SliceSpec(std::string_view full_service_name, Family family, std::string_view suffix = "1");

    SliceSpec& port(uint16_t number, Protocol protocol = Protocol::tcp, std::string name = {});
    /// An endpoint on a node. Hints are zone names.
    SliceSpec& endpoint(const IpAddr& address, std::string node, Pod pod = Pod::ready,
                        std::vector<std::string> zones = {}, std::vector<std::string> nodes = {});

    EndpointSlice object(Symbols& symbols) const;
    const std::string& ns() const { return slice_.ns; }
    const std::string& name() const { return slice_.name; }

  private:
    struct Named {
        Endpoint endpoint;
        std::string node;
        std::vector<std::string> zones;
        std::vector<std::string> nodes;
    };
    EndpointSlice slice_;
    std::vector<Named> endpoints_;
};

ServiceSpec service(std::string_view full_name);
SliceSpec slice(std::string_view full_service_name, Family family, std::string_view suffix = "1");

/// Splits "ns/name".
ServiceName service_name(std::string_view full_name);

}  // namespace sy::lab
