#include "source/decode.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DecodeTest : public testing::Test {
  protected:
    DecodeOutcome decode(std::string_view json) {
        auto outcome = decoder_.decode(json);
        EXPECT_TRUE(outcome) << outcome.error().message();
        return outcome ? *std::move(outcome) : DecodeOutcome{Unread{}};
    }
    template <class T>
    T object(std::string_view json) {
        auto outcome = decode(json);
        if (const auto* bad = std::get_if<Malformed>(&outcome)) {
            ADD_FAILURE() << bad->fault.text();
            return {};
        }
        auto& decoded = std::get<Decoded>(outcome);
        warnings_.clear();
        for (const auto& warning : decoded.warnings) {
            warnings_.push_back(warning.text());
        }
        return std::get<T>(std::move(decoded.object));
    }
    std::string fault(std::string_view json) {
        const auto outcome = decode(json);
        const auto* bad = std::get_if<Malformed>(&outcome);
        return bad != nullptr ? bad->fault.text() : "";
    }
    // A Service "web" whose spec is `spec`.
    static std::string service(std::string_view spec, std::string_view more = "") {
        return R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{)" +
               std::string(spec) + "}" + std::string(more) + "}";
    }
    static std::string slice(std::string_view fields) {
        return R"({"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{)"
               R"("name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}},)" +
               std::string(fields) + "}";
    }

    Symbols symbols_;
    Decoder decoder_{symbols_};
    std::vector<std::string> warnings_;
};

IpAddr ip(std::string_view text) {
    return IpAddr::parse(text).value();
}

TEST_F(DecodeTest, ServiceWithDefaultsOfTheApiServer) {
    const auto web = object<Service>(service(R"("clusterIP":"10.0.0.1","ports":[{"port":80}])"));
    EXPECT_EQ(web.name, (ServiceName{"default", "web"}));
    EXPECT_EQ(web.type, ServiceType::cluster_ip);
    EXPECT_EQ(web.internal_policy, TrafficPolicy::cluster);
    EXPECT_EQ(web.external_policy, TrafficPolicy::cluster);
    EXPECT_EQ(web.cluster_ip, ip("10.0.0.1"));
    EXPECT_THAT(web.family_ips, IsEmpty());
    EXPECT_EQ(web.affinity_timeout, std::nullopt);
    EXPECT_FALSE(web.headless || web.other_proxy || web.source_ranges_set);
    EXPECT_THAT(web.ports, ElementsAre(ServicePort{"", Protocol::tcp, Port{80}, Port{0}}));
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(DecodeTest, ServiceWithEverything) {
    const auto web = object<Service>(R"({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop",
                     "labels": {"service.kubernetes.io/service-proxy-name": ""}},
        "spec": {
            "type": "LoadBalancer", "internalTrafficPolicy": "Local",
            "externalTrafficPolicy": "Local", "healthCheckNodePort": 31000,
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}},
            "clusterIP": "172.30.0.041", "clusterIPs": ["172.30.0.041", "fd00::1"],
            "ipFamilies": ["IPv4", "IPv6"], "externalIPs": ["192.0.2.1", "2001:db8::1"],
            "loadBalancerSourceRanges": [" 10.0.0.0/8 ", "fd00::/8\n"],
            "ports": [{"name": "http", "port": 80, "nodePort": 30080, "targetPort": "x"},
                      {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 5353}]},
        "status": {"loadBalancer": {"ingress": [
            {"ip": "198.51.100.1"}, {"ip": "198.51.100.2", "ipMode": "VIP"},
            {"ip": "198.51.100.3", "ipMode": "Proxy"}, {"hostname": "lb.example"}]}}})");
    EXPECT_EQ(web.name, (ServiceName{"shop", "web"}));
    EXPECT_EQ(web.type, ServiceType::load_balancer);
    EXPECT_TRUE(web.other_proxy);
    EXPECT_EQ(web.internal_policy, TrafficPolicy::local);
    EXPECT_EQ(web.external_policy, TrafficPolicy::local);
    EXPECT_EQ(web.health_check_node_port, Port{31000});
    EXPECT_EQ(web.affinity_timeout, 60U);
    EXPECT_EQ(web.cluster_ip, ip("172.30.0.41"));
    EXPECT_THAT(web.family_ips, ElementsAre(std::pair(Family::ipv4, ip("172.30.0.41")),
                                            std::pair(Family::ipv6, ip("fd00::1"))));
    EXPECT_THAT(web.external_ips, ElementsAre(ip("192.0.2.1"), ip("2001:db8::1")));
    EXPECT_THAT(web.load_balancer_ips, ElementsAre(ip("198.51.100.1"), ip("198.51.100.2")));
    EXPECT_TRUE(web.source_ranges_set);
    EXPECT_THAT(web.source_ranges,
                ElementsAre(Cidr::parse("10.0.0.0/8").value(), Cidr::parse("fd00::/8").value()));
    EXPECT_THAT(web.ports, ElementsAre(ServicePort{"http", Protocol::tcp, Port{80}, Port{30080}},
                                       ServicePort{"dns", Protocol::udp, Port{53}, Port{0}}));
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(DecodeTest, AffinityDefaultsToThreeHours) {
    EXPECT_EQ(object<Service>(service(R"("sessionAffinity":"ClientIP")")).affinity_timeout, 10800U);
    EXPECT_EQ(object<Service>(service(R"("sessionAffinity":"None","sessionAffinityConfig":
              {"clientIP":{"timeoutSeconds":5}})"))
                  .affinity_timeout,
              std::nullopt);
}

TEST_F(DecodeTest, HeadlessByEitherField) {
    EXPECT_TRUE(object<Service>(service(R"("clusterIP":"None")")).headless);
    EXPECT_TRUE(object<Service>(service(R"("clusterIPs":["None"])")).headless);
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(DecodeTest, AddressesAreCompletedFromOneAnother) {
    const auto dual = object<Service>(service(R"("clusterIPs":["10.0.0.1","fd00::1"])"));
    EXPECT_EQ(dual.cluster_ip, ip("10.0.0.1"));
    EXPECT_THAT(dual.family_ips, ElementsAre(std::pair(Family::ipv4, ip("10.0.0.1")),
                                             std::pair(Family::ipv6, ip("fd00::1"))));
    const auto single = object<Service>(service(R"("clusterIP":"fd00::1","ipFamilies":["IPv6"])"));
    EXPECT_THAT(single.family_ips, ElementsAre(std::pair(Family::ipv6, ip("fd00::1"))));
}

TEST_F(DecodeTest, BrokenAddressesAreSkippedWithAWarning) {
    const auto web = object<Service>(service(
        R"("clusterIP":"10.0.0.1","externalIPs":["nonsense","192.0.2.1","127.0.0.1"],
           "loadBalancerSourceRanges":["10.0.0.0/33"])",
        R"(,"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3"}]}})"));
    EXPECT_THAT(web.external_ips, ElementsAre(ip("192.0.2.1")));
    EXPECT_TRUE(web.source_ranges_set);
    EXPECT_THAT(web.source_ranges, IsEmpty());
    EXPECT_THAT(web.load_balancer_ips, IsEmpty());
    EXPECT_THAT(
        warnings_,
        ElementsAre("spec.externalIPs[0]: \"nonsense\" is not an IP address and is skipped",
                    "spec.externalIPs[2]: 127.0.0.1 cannot be an external IP and is skipped",
                    HasSubstr("status.loadBalancer.ingress[0].ip: \"1.2.3\""),
                    HasSubstr("spec.loadBalancerSourceRanges[0]: \"10.0.0.0/33\"")));
}

TEST_F(DecodeTest, WarningsAreBounded) {
    std::string list;
    for (int i = 0; i < 1000; ++i) {
        list += i == 0 ? "\"x\"" : ",\"x\"";
    }
    object<Service>(service(R"("clusterIP":"10.0.0.1","externalIPs":[)" + list + "]"));
    EXPECT_THAT(warnings_, testing::SizeIs(17));
    EXPECT_EQ(warnings_.back(), "984 more warnings left out");
}

TEST_F(DecodeTest, AServiceWithoutAddressIsPointedOut) {
    object<Service>(service(R"("ports":[{"port":80}])"));
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("spec.clusterIP: is not set")));
    object<Service>(service(R"("type":"ExternalName","externalName":"example.org")"));
    EXPECT_THAT(warnings_, IsEmpty());
}

struct FaultCase {
    const char* spec;
    const char* message;
};

TEST_F(DecodeTest, ServiceFaultsNameTheField) {
    const FaultCase cases[] = {
        {R"("ports":[{"name":"a","port":1},{"name":"b","port":70000}])",
         "spec.ports[1].port: 70000 is out of range: a port is a whole number from 1 to 65535"},
        {R"("ports":[{"port":"80"}])",
         "spec.ports[0].port: \"80\" is text: a port is a whole number from 1 to 65535, without "
         "quotes"},
        {R"("ports":[{"port":0}])", "spec.ports[0].port: 0 is out of range"},
        {R"("ports":[{"port":80.5}])", "spec.ports[0].port: this is a number with a fraction"},
        {R"("ports":[{"port":-1}])", "spec.ports[0].port: -1 is out of range"},
        {R"("ports":[{"port":18446744073709551615}])", "spec.ports[0].port: 18446744073709551615"},
        {R"("ports":[{"name":"x"}])", "spec.ports[0].port: is missing"},
        {R"("ports":[null])", "spec.ports[0].port: is missing"},
        {R"("ports":[{"port":80,"nodePort":65536}])", "spec.ports[0].nodePort: 65536"},
        {R"("ports":[{"port":80,"protocol":"tcp"}])",
         "spec.ports[0].protocol: \"tcp\" is not a protocol: TCP, UDP or SCTP"},
        {R"("ports":[{"port":80,"name":true}])",
         "spec.ports[0].name: true is a boolean where text belongs: put it in quotes"},
        {R"("ports":[{"port":80},{"name":"b","port":81}])",
         "spec.ports[1].name: with more than one port every port needs a name"},
        {R"("ports":[{"name":"a","port":80},{"name":"a","port":81}])",
         "spec.ports[1].name: \"a\" names two ports"},
        {R"("ports":[{"name":"a","port":80},{"name":"b","port":80}])",
         "spec.ports[1].port: 80 is given twice for TCP"},
        {R"("ports":{"port":80})", "spec.ports: this is an object where a list belongs"},
        {R"("ports":[80])", "spec.ports[0]: 80 is a number where an object belongs"},
        {R"("type":"Cluster")", "spec.type: \"Cluster\" is not a type"},
        {R"("internalTrafficPolicy":"local")", "spec.internalTrafficPolicy: \"local\" is not"},
        {R"("externalTrafficPolicy":"x")", "spec.externalTrafficPolicy: \"x\" is not"},
        {R"("sessionAffinity":"Client")", "spec.sessionAffinity: \"Client\" is not"},
        {R"("sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}})",
         "spec.sessionAffinityConfig.clientIP.timeoutSeconds: 0 is out of range"},
        {R"("ipFamilies":["ipv4"])", "spec.ipFamilies[0]: \"ipv4\" is not an IP family"},
        {R"("clusterIPs":["10.0.0.1"],"ipFamilies":["IPv6"])",
         "spec.clusterIPs[0]: 10.0.0.1 is not an IPv6 address"},
        {R"("clusterIP":"10.0.0.1","ipFamilies":["IPv6"])",
         "spec.clusterIP: 10.0.0.1 is not an IPv6 address"},
        {R"("clusterIP":5)", "spec.clusterIP: 5 is a number where text belongs: put it in quotes"},
        {R"("clusterIP":"10.0.0.1","clusterIP":"10.0.0.2")", "spec.clusterIP: is given twice"},
        {R"("healthCheckNodePort":99999)", "spec.healthCheckNodePort: 99999 is out of range"},
    };
    for (const auto& item : cases) {
        EXPECT_THAT(fault(service(item.spec)), HasSubstr(item.message)) << item.spec;
    }
}

TEST_F(DecodeTest, FaultsTellWhichObjectItWouldHaveBeen) {
    const auto outcome = decode(service(R"("type":"x")"));
    EXPECT_EQ(std::get<Malformed>(outcome).key, (ObjectKey{Kind::service, "default", "web"}));
}

TEST_F(DecodeTest, IdentityFaults) {
    const auto with_metadata = [](const std::string& metadata) {
        return R"({"apiVersion":"v1","kind":"Service")" + metadata + "}";
    };
    EXPECT_THAT(fault(with_metadata("")), HasSubstr("metadata.name: is missing"));
    EXPECT_THAT(fault(with_metadata(R"(,"metadata":[])")),
                HasSubstr("metadata: this is a list where an object belongs"));
    EXPECT_THAT(fault(with_metadata(R"(,"metadata":{"name":7})")),
                HasSubstr("metadata.name: 7 is a number"));
    EXPECT_THAT(fault(with_metadata(R"(,"metadata":{"name":")" + std::string(254, 'a') + "\"}")),
                HasSubstr("is too long: a name has at most 253"));
    EXPECT_THAT(fault(with_metadata(R"(,"metadata":{"name":"a","namespace":")" +
                                    std::string(64, 'n') + "\"}")),
                HasSubstr("metadata.namespace: \"nnn"));
    EXPECT_THAT(
        fault(with_metadata(
            R"(,"metadata":{"name":"a","labels":{"service.kubernetes.io/service-proxy-name":1,
                        "service.kubernetes.io/service-proxy-name":2}})")),
        HasSubstr(R"(metadata.labels["service.kubernetes.io/service-proxy-name"]: is given)"));
    EXPECT_THAT(fault(R"({"apiVersion":"v1"})"), HasSubstr("kind: is missing"));
    EXPECT_THAT(fault(R"({"kind":"Service"})"), HasSubstr("apiVersion: is missing"));
    EXPECT_THAT(fault("null"), HasSubstr("empty"));
    EXPECT_THAT(fault("[1]"), HasSubstr("this is a list where an object belongs"));
}

TEST_F(DecodeTest, OddNamesAreCarried) {
    const auto web = object<Service>(
        R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"wéb/\u0000\"\n💥","namespace":"\\"},
            "spec":{"clusterIP":"10.0.0.1"}})");
    EXPECT_EQ(web.name.name, std::string_view("wéb/\0\"\n💥", 12));
    EXPECT_EQ(web.name.ns, "\\");
}

TEST_F(DecodeTest, OtherKindsAndVersionsAreNotRead) {
    const auto outcome = decode(R"({"apiVersion":"serving.knative.dev/v1","kind":"Service"})");
    EXPECT_EQ(std::get<Unread>(outcome).api_version, "serving.knative.dev/v1");
    EXPECT_EQ(std::get<Unread>(decode(R"({"apiVersion":"apps/v1","kind":"Deployment"})")).kind,
              "Deployment");
}

TEST_F(DecodeTest, NotJson) {
    EXPECT_FALSE(decoder_.decode("{"));
    EXPECT_FALSE(decoder_.decode(""));
    EXPECT_FALSE(decoder_.decode("{} {}"));
    EXPECT_FALSE(decoder_.decode("\"\xff\""));
    // The decoder is usable afterwards.
    EXPECT_EQ(object<Service>(service(R"("clusterIP":"10.0.0.1")")).name.name, "web");
}

TEST_F(DecodeTest, EndpointSlice) {
    const auto web = object<EndpointSlice>(slice(R"(
        "addressType":"IPv4",
        "ports":[{"name":"http","port":8080},{"protocol":"UDP","port":53},{"name":"all"},
                 {"name":"zero","port":0}],
        "endpoints":[
          {"addresses":["10.1.0.1","10.1.0.9"],"nodeName":"n1",
           "hints":{"forZones":[{"name":"a"},{"name":"b"}],"forNodes":[{"name":"n1"}]}},
          {"addresses":["10.1.0.2"],
           "conditions":{"ready":false,"serving":true,"terminating":true}},
          {"addresses":["10.1.0.3"],"conditions":{"ready":null,"serving":false}},
          {"addresses":[]},{},{"addresses":["fd00::1"]},{"addresses":["x"]},
          {"addresses":["169.254.169.254"]}])"));
    EXPECT_EQ(web.ns, "shop");
    EXPECT_EQ(web.name, "web-1");
    EXPECT_EQ(web.service, "web");
    EXPECT_EQ(web.family, Family::ipv4);
    EXPECT_FALSE(web.headless);
    EXPECT_THAT(web.ports, ElementsAre(SlicePort{"http", Protocol::tcp, Port{8080}},
                                       SlicePort{"", Protocol::udp, Port{53}}));
    ASSERT_EQ(web.endpoints.size(), 3U);
    EXPECT_EQ(web.endpoints[0].address, ip("10.1.0.1"));
    EXPECT_TRUE(web.endpoints[0].ready && web.endpoints[0].serving);
    EXPECT_FALSE(web.endpoints[0].terminating);
    EXPECT_EQ(web.endpoints[0].node, symbols_.intern("n1"));
    EXPECT_TRUE(symbols_.contains(web.endpoints[0].zone_hints, symbols_.intern("b")));
    EXPECT_TRUE(symbols_.contains(web.endpoints[0].node_hints, symbols_.intern("n1")));
    EXPECT_FALSE(web.endpoints[1].ready);
    EXPECT_TRUE(web.endpoints[1].serving && web.endpoints[1].terminating);
    EXPECT_EQ(web.endpoints[1].node, Symbol::none);
    EXPECT_TRUE(web.endpoints[2].ready);
    EXPECT_FALSE(web.endpoints[2].serving);
    EXPECT_THAT(warnings_,
                ElementsAre(HasSubstr("endpoints[5].addresses[0]: fd00::1 is not an IPv4"),
                            HasSubstr("endpoints[6].addresses[0]: \"x\" is not an IP"),
                            HasSubstr("endpoints[7].addresses[0]: 169.254.169.254")));
}

TEST_F(DecodeTest, EndpointSliceOfNamesIsKeptWithoutEndpoints) {
    const auto names = object<EndpointSlice>(
        slice(R"("addressType":"FQDN","endpoints":[{"addresses":["example.org"]}])"));
    EXPECT_EQ(names.family, std::nullopt);
    EXPECT_THAT(names.endpoints, IsEmpty());
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(DecodeTest, EndpointSliceFaults) {
    EXPECT_THAT(fault(slice(R"("ports":[])")), HasSubstr("addressType: is missing"));
    EXPECT_THAT(fault(slice(R"("addressType":"v4")")), HasSubstr("addressType: \"v4\""));
    EXPECT_THAT(fault(slice(R"("addressType":"IPv4","ports":[{"port":70000}])")),
                HasSubstr("ports[0].port: 70000 is out of range"));
    EXPECT_THAT(
        fault(slice(R"("addressType":"IPv4","endpoints":[{"conditions":{"ready":"yes"}}])")),
        HasSubstr("endpoints[0].conditions.ready: \"yes\" is text where true or false belongs"));
    EXPECT_THAT(fault(slice(R"("addressType":"IPv4","endpoints":[{"addresses":"10.0.0.1"}])")),
                HasSubstr("endpoints[0].addresses: \"10.0.0.1\" is text where a list belongs"));
}

TEST_F(DecodeTest, Node) {
    const auto node = object<Node>(R"({"apiVersion":"v1","kind":"Node",
        "metadata":{"name":"n1","labels":{"topology.kubernetes.io/zone":"a"}},
        "spec":{"podCIDR":"10.1.0.0/24","podCIDRs":["10.1.0.0/24","fd00:1::/64","x"]},
        "status":{"addresses":[{"type":"ExternalIP","address":"192.0.2.9"},
          {"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"10.9.0.1"},
          {"type":"InternalIP","address":"fd00::9"}]}})");
    EXPECT_EQ(node.name, "n1");
    EXPECT_EQ(node.zone, "a");
    EXPECT_THAT(node.addresses, ElementsAre(ip("10.9.0.1"), ip("fd00::9"), ip("192.0.2.9")));
    EXPECT_THAT(node.pod_cidrs, ElementsAre(Cidr::parse("10.1.0.0/24").value(),
                                            Cidr::parse("fd00:1::/64").value()));
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("spec.podCIDRs[2]: \"x\"")));
}

TEST_F(DecodeTest, NodeWithTheOldSingleField) {
    const auto node = object<Node>(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},
        "spec":{"podCIDR":"10.1.0.0/24"}})");
    EXPECT_THAT(node.pod_cidrs, ElementsAre(Cidr::parse("10.1.0.0/24").value()));
}

TEST_F(DecodeTest, ServiceCidrInBothVersions) {
    for (const auto* version : {"v1", "v1beta1"}) {
        const auto cidr = object<ServiceCidr>(
            std::string(R"({"apiVersion":"networking.k8s.io/)") + version +
            R"(","kind":"ServiceCIDR","metadata":{"name":"main"},"spec":{"cidrs":["10.0.0.0/16"]}})");
        EXPECT_EQ(cidr, (ServiceCidr{"main", {Cidr::parse("10.0.0.0/16").value()}}));
    }
}

TEST_F(DecodeTest, ListsAreTakenApart) {
    std::vector<std::string> seen;
    const auto note = [&](DecodeOutcome outcome) {
        if (const auto* decoded = std::get_if<Decoded>(&outcome)) {
            seen.push_back(key_of(decoded->object).to_string());
        } else if (const auto* bad = std::get_if<Malformed>(&outcome)) {
            seen.push_back(bad->fault.text());
        } else {
            seen.push_back("unread " + std::get<Unread>(outcome).kind);
        }
    };
    ASSERT_TRUE(decoder_.decode_all(
        R"({"apiVersion":"v1","kind":"List","items":[
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}},
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"b"},"spec":{"type":"x"}},
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}},
            {"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}, 7, null]})",
        note));
    EXPECT_THAT(seen, ElementsAre("Service default/a", HasSubstr("items[1].spec.type: \"x\""),
                                  "unread Pod", "Node n", HasSubstr("items[4]: 7 is a number"),
                                  HasSubstr("items[5]: is empty")));
    seen.clear();
    ASSERT_TRUE(decoder_.decode_all(
        R"({"apiVersion":"v1","kind":"ServiceList","items":[{"metadata":{"name":"a"}}]})", note));
    EXPECT_THAT(seen, ElementsAre("Service default/a"));
    seen.clear();
    ASSERT_TRUE(decoder_.decode_all(R"({"apiVersion":"v1","kind":"List","items":{"a":1}})", note));
    EXPECT_THAT(seen, ElementsAre(HasSubstr("items: this is an object where a list belongs")));
    seen.clear();
    ASSERT_TRUE(decoder_.decode_all(R"({"apiVersion":"v1","kind":"List"})", note));
    EXPECT_THAT(seen, IsEmpty());
}

}  // namespace
}  // namespace sy
