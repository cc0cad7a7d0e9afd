#include "backends/iptables/constant.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sy::iptables {
namespace {

using Rules = std::vector<std::string>;

// Source and destination of the packet are the same address. XT_BPF's words for the IPv4 header;
// the second compares the four words of IPv6 addresses.
constexpr std::string_view kHairpin4 =
    "-m bpf --bytecode \"6,32 0 0 12,7 0 0 0,32 0 0 16,29 0 1 0,6 0 0 65535,6 0 0 0\"";
constexpr std::string_view kHairpin6 =
    "-m bpf --bytecode \"18,32 0 0 8,7 0 0 0,32 0 0 24,29 0 13 0,32 0 0 12,7 0 0 0,32 0 0 28,"
    "29 0 9 0,32 0 0 16,7 0 0 0,32 0 0 32,29 0 5 0,32 0 0 20,7 0 0 0,32 0 0 36,29 0 1 0,"
    "6 0 0 65535,6 0 0 0\"";

std::string hexadecimal(uint32_t number) {
    std::array<char, 8> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return "0x" + std::string(digits.data(), end);
}

class Writer {
  public:
    explicit Writer(const ConstantConfig& config) : config_(config) {}

    Constant write() {
        masquerading();
        external();
        node_ports();
        cluster();
        services();
        unserved();
        forward();
        hooks();
        if (config_.localhost_nodeports) {
            guard();
        }
        sets();
        return std::move(all_);
    }

  private:
    /// "-m set --match-set sy4-vip dst,dst"
    std::string in(Role role, std::string_view directions) const {
        return match("", role, directions);
    }
    std::string not_in(Role role, std::string_view directions) const {
        return match("! ", role, directions);
    }
    std::string match(std::string_view sign, Role role, std::string_view directions) const {
        std::string text = "-m set ";
        text += sign;
        text += "--match-set " + set_name({config_.family, role, 0}) + " ";
        text += directions;
        return text;
    }
    std::string mark() const {
        const auto bit = hexadecimal(config_.mark);
        return "-j MARK --set-xmark " + bit + "/" + bit;
    }
    std::string marked() const {
        const auto bit = hexadecimal(config_.mark);
        return "-m mark --mark " + bit + "/" + bit;
    }
    bool knows_pods() const { return config_.pods != ConstantConfig::Pods::unknown; }
    /// In nat the input interface is known where packets come in, and there only: a process of the
    /// node is never a pod.
    std::string is_pod() const {
        return config_.pods == ConstantConfig::Pods::by_interface ? "-i " + config_.interface
                                                                  : in(Role::pod_cidr, "src");
    }
    std::string is_no_pod() const {
        return config_.pods == ConstantConfig::Pods::by_interface ? "! -i " + config_.interface
                                                                  : not_in(Role::pod_cidr, "src");
    }
    std::string reject() const {
        return config_.family == Family::ipv4 ? "-j REJECT --reject-with icmp-port-unreachable"
                                              : "-j REJECT --reject-with icmp6-port-unreachable";
    }

    void nat(std::string name, Rules rules) {
        all_.nat.push_back({std::move(name), std::move(rules)});
    }
    void filter(std::string name, Rules rules) {
        all_.filter.push_back({std::move(name), std::move(rules)});
    }

    void masquerading() {
        const auto bit = hexadecimal(config_.mark);
        nat("SY-MASQ", {"-j MARK --set-xmark " + bit + "/0x0", "-j MASQUERADE --random-fully"});
        std::string hairpin(config_.family == Family::ipv4 ? kHairpin4 : kHairpin6);
        if (config_.hairpin_sets) {
            hairpin = in(Role::hairpin, "src,dst,dst");
        }
        nat("SY-POST", {marked() + " -j SY-MASQ", "-m conntrack --ctstate DNAT " + hairpin +
                                                      " -j MASQUERADE --random-fully"});
    }

    /// External policy Local: pods and the node are served by all endpoints, the node masqueraded;
    /// everyone else by local ones.
    Rules local_policy(const std::string& everyone, const std::string& outsiders) const {
        Rules rules;
        if (knows_pods()) {
            rules.push_back(is_pod() + " -g " + everyone);
        }
        rules.push_back("-m addrtype ! --src-type LOCAL -g " + outsiders);
        rules.push_back(mark());
        rules.push_back("-g " + everyone);
        return rules;
    }

    void external() {
        nat("SY-LOCAL", local_policy("SY-C", "SY-D"));
        nat("SY-EXTERNAL",
            {in(Role::ranged, "dst,dst") + " " + not_in(Role::range, "dst,dst,src") + " -j RETURN",
             in(Role::local, "dst,dst") + " -g SY-LOCAL", mark(), "-g SY-C"});
    }

    void node_ports() {
        nat("SY-NP-LOCAL", local_policy("SY-N", "SY-M"));
        nat("SY-NODEPORT",
            {in(Role::node_port_local, "dst,dst") + " -g SY-NP-LOCAL", mark(), "-g SY-N"});
    }

    void cluster() {
        Rules rules;
        if (config_.masquerade_all) {
            rules.push_back(mark());
        } else if (knows_pods()) {
            rules.push_back(is_no_pod() + " " + mark());
        }
        rules.push_back("-g SY-C");
        nat("SY-CLUSTER", std::move(rules));
    }

    /// External frontends come first: one of them may have the address of a ClusterIP (and another
    /// port), and source ranges and policy hold for it all the same.
    void services() {
        const auto node_port = in(Role::node_port, "dst,dst");
        Rules rules{in(Role::vip, "dst,dst") + " -g SY-EXTERNAL",
                    in(Role::cluster_ip, "dst") + " -g SY-CLUSTER",
                    node_port + " " + in(Role::node_port_ip, "dst") + " -g SY-NODEPORT"};
        if (config_.localhost_nodeports) {
            // Not what comes from the network: only the node's own packets leave by lo.
            rules.push_back("-d 127.0.0.0/8 -o lo " + node_port + " -g SY-NODEPORT");
        }
        nat("SY-SERVICES", std::move(rules));
    }

    /// A NEW packet that still has the address of a frontend was not translated.
    void unserved() {
        filter("SY-UNSERVED-CIP", {in(Role::drop, "dst,dst") + " -j DROP", reject()});
        filter("SY-UNSERVED-NP", {in(Role::node_port_local, "dst,dst") + " -j DROP", reject()});
        filter("SY-UNSERVED-EXT",
               {in(Role::ranged, "dst,dst") + " " + not_in(Role::range, "dst,dst,src") + " -j DROP",
                in(Role::local, "dst,dst") + " -j DROP", reject()});
        filter("SY-UNSERVED", {"-m conntrack --ctstate DNAT -j RETURN",
                               in(Role::vip, "dst,dst") + " -g SY-UNSERVED-EXT",
                               in(Role::node_port, "dst,dst") + " " +
                                   in(Role::node_port_ip, "dst") + " -g SY-UNSERVED-NP",
                               "-m addrtype --dst-type LOCAL -j RETURN",
                               in(Role::cluster_ip, "dst") + " -g SY-UNSERVED-CIP",
                               in(Role::service_cidr, "dst") + " -j DROP"});
    }

    /// The mark lets through only after what was not translated has been refused.
    void forward() {
        filter(
            "SY-FORWARD",
            {"-m conntrack --ctstate INVALID " + in(Role::endpoint, "src,src") + " -j DROP",
             "-m conntrack --ctstate NEW -j SY-UNSERVED", marked() + " -j ACCEPT",
             "-m conntrack --ctstate RELATED,ESTABLISHED -m conntrack --ctstate DNAT -j ACCEPT"});
    }

    void hook(Table table, std::string chain, std::string rule) {
        all_.jumps.push_back({table, std::move(chain), std::move(rule), true});
    }

    void hooks() {
        hook(Table::nat, "PREROUTING", "-j SY-SERVICES");
        hook(Table::nat, "OUTPUT", "-j SY-SERVICES");
        hook(Table::nat, "POSTROUTING", "-j SY-POST");
        hook(Table::filter, "INPUT", "-m conntrack --ctstate NEW -j SY-UNSERVED");
        hook(Table::filter, "FORWARD", "-j SY-FORWARD");
        hook(Table::filter, "OUTPUT", "-m conntrack --ctstate NEW -j SY-UNSERVED");
    }

    /// What route_localnet lets in from the network and kept out before.
    void guard() {
        filter("SY-GUARD", {"! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate "
                            "RELATED,ESTABLISHED,DNAT -j DROP"});
        hook(Table::filter, "INPUT", "-j SY-GUARD");
        hook(Table::filter, "OUTPUT", "-j SY-GUARD");
    }

    void sets() {
        for (const auto role :
             {Role::cluster_ip, Role::vip, Role::local, Role::ranged, Role::range, Role::drop,
              Role::node_port, Role::node_port_local, Role::node_port_ip, Role::service_cidr,
              Role::pod_cidr, Role::endpoint}) {
            all_.sets.push_back({config_.family, role, 0});
        }
        if (config_.hairpin_sets) {
            all_.sets.push_back({config_.family, Role::hairpin, 0});
        }
    }

    const ConstantConfig& config_;
    Constant all_;
};

/// As the match -i takes it: a plus at the end means any name that begins so.
Result<std::string> interface_pattern(const InterfaceDetector& detector) {
    constexpr std::size_t kLongest = 15;  // IFNAMSIZ with its terminator is 16
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@=";
    const auto& name = detector.name;
    if (name.empty() || name.size() > (detector.is_prefix ? kLongest - 1 : kLongest) ||
        name.find_first_not_of(kAllowed) != std::string::npos) {
        return fail("not usable as the interface name of the detector of local traffic", name);
    }
    return detector.is_prefix ? name + "+" : name;
}

}  // namespace

Result<ConstantConfig> constant_config(Family family, const NodeFacts& facts,
                                       const IptablesSettings& settings, const Features& features) {
    ConstantConfig config;
    config.family = family;
    config.masquerade_all = facts.masquerade_all;
    config.mark = uint32_t{1} << (settings.masquerade_bit % 32);
    config.hairpin_sets = !features.xt_bpf;
    config.localhost_nodeports = settings.localhost_nodeports && family == Family::ipv4;
    if (const auto* by_network = std::get_if<CidrDetector>(&facts.detector)) {
        if (std::ranges::find(by_network->cidrs, family, &Cidr::family) !=
            by_network->cidrs.end()) {
            config.pods = ConstantConfig::Pods::by_network;
        }
    } else if (const auto* by_interface = std::get_if<InterfaceDetector>(&facts.detector)) {
        auto pattern = interface_pattern(*by_interface);
        if (!pattern) {
            return std::unexpected(pattern.error());
        }
        config.pods = ConstantConfig::Pods::by_interface;
        config.interface = std::move(*pattern);
    }
    return config;
}

Constant constant_part(const ConstantConfig& config) {
    return Writer(config).write();
}

}  // namespace sy::iptables
