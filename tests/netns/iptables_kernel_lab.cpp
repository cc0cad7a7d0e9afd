#include "iptables_kernel_lab.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

namespace sy::iptables {
namespace {

/// Everything before the family's own words is written for IPv4.
std::string for_family(std::string text, Family family) {
    if (family == Family::ipv4) {
        return text;
    }
    static const std::vector<std::pair<std::string, std::string>> kWords{
        {"sy4-", "sy6-"},
        {"icmp-port", "icmp6-port"},
        {"10.96.0.1/32", "fd00:96::1/128"},
        {"198.51.100.3/32", "2001:db8::3/128"},
        {"0.0.0.5/0.0.0.15", "::5/::f"},
        {"10.244.1.11:8080", "[fd00:244::1:11]:8080"},
        {"10.244.1.12:8080", "[fd00:244::1:12]:8080"},
        {"6,32 0 0 12,7 0 0 0,32 0 0 16,29 0 1 0,6 0 0 65535,6 0 0 0",
         "18,32 0 0 8,7 0 0 0,32 0 0 24,29 0 13 0,32 0 0 12,7 0 0 0,32 0 0 28,29 0 9 0,32 0 0 16,"
         "7 0 0 0,32 0 0 32,29 0 5 0,32 0 0 20,7 0 0 0,32 0 0 36,29 0 1 0,6 0 0 65535,6 0 0 0"}};
    for (const auto& [from, to] : kWords) {
        for (auto at = text.find(from); at != std::string::npos;
             at = text.find(from, at + to.size())) {
            text.replace(at, from.size(), to);
        }
    }
    return text;
}

std::vector<Chain> chains(std::vector<Chain> all, Family family) {
    for (Chain& chain : all) {
        for (std::string& rule : chain.rules) {
            rule = for_family(std::move(rule), family);
        }
    }
    return all;
}

const std::vector<Chain>& nat_chains() {
    static const std::vector<Chain> kAll{
        {"SY-S-STICKY",
         {"-m set --match-set sy4-a-aaaaaaaaaaaac src -j SET --add-set sy4-a-aaaaaaaaaaaac src "
          "--exist",
          "-p tcp -m set --match-set sy4-a-aaaaaaaaaaaac src -j DNAT --to-destination "
          "10.244.1.11:8080",
          "-j SET --add-set sy4-a-aaaaaaaaaaaac src --exist",
          "-p tcp -j DNAT --to-destination 10.244.1.11:8080"}},
        {"SY-S-LWEB",
         {"-p tcp -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination "
          "10.244.1.11:8080",
          "-p tcp -j DNAT --to-destination 10.244.1.12:8080"}},
        {"SY-POST-X", {}},
        {"SY-N", {"-p tcp -m tcp --dport 30001 -g SY-S-LWEB"}},
        {"SY-M",
         {"-p udp -m udp --dport 30003 -g SY-S-LWEB",
          "-p sctp -m sctp --dport 30003 -g SY-S-LWEB"}},
        {"SY-D", {"-d 198.51.100.3/32 -p tcp -m tcp --dport 80 -g SY-S-LWEB"}},
        {"SY-C-5", {"-d 10.96.0.1/32 -p tcp -m tcp --dport 80 -g SY-S-STICKY"}},
        {"SY-C", {"-d 0.0.0.5/0.0.0.15 -g SY-C-5"}},
        {"SY-MASQ", {"-j MARK --set-xmark 0x4000/0x0", "-j MASQUERADE --random-fully"}},
        {"SY-POST",
         {"-m mark --mark 0x4000/0x4000 -j SY-MASQ",
          "-m conntrack --ctstate DNAT -m bpf --bytecode \"6,32 0 0 12,7 0 0 0,32 0 0 16,29 0 1 "
          "0,6 0 0 65535,6 0 0 0\" -j MASQUERADE --random-fully"}},
        {"SY-NP-LOCAL",
         {"-m set --match-set sy4-pods src -g SY-N", "-m addrtype ! --src-type LOCAL -g SY-M",
          "-j MARK --set-xmark 0x4000/0x4000", "-g SY-N"}},
        {"SY-NODEPORT",
         {"-m set --match-set sy4-np-local dst,dst -g SY-NP-LOCAL",
          "-j MARK --set-xmark 0x4000/0x4000", "-g SY-N"}},
        {"SY-LOCAL",
         {"-m set --match-set sy4-pods src -g SY-C", "-m addrtype ! --src-type LOCAL -g SY-D",
          "-j MARK --set-xmark 0x4000/0x4000", "-g SY-C"}},
        {"SY-EXTERNAL",
         {"-m set --match-set sy4-ranged dst,dst -m set ! --match-set sy4-range dst,dst,src -j "
          "RETURN",
          "-m set --match-set sy4-local dst,dst -g SY-LOCAL", "-j MARK --set-xmark 0x4000/0x4000",
          "-g SY-C"}},
        {"SY-CLUSTER",
         {"-m set ! --match-set sy4-pods src -j MARK --set-xmark 0x4000/0x4000", "-g SY-C"}},
        {"SY-SERVICES",
         {"-m set --match-set sy4-cip dst -g SY-CLUSTER",
          "-m set --match-set sy4-vip dst,dst -g SY-EXTERNAL",
          "-m set --match-set sy4-np dst,dst -m set --match-set sy4-npip dst -g SY-NODEPORT",
          "-i cali+ -m set --match-set sy4-hairpin src,dst,dst -j RETURN"}}};
    return kAll;
}

const std::vector<Chain>& filter_chains() {
    static const std::vector<Chain> kAll{
        {"SY-UNSERVED-NP",
         {"-m set --match-set sy4-np-local dst,dst -j DROP",
          "-j REJECT --reject-with icmp-port-unreachable"}},
        {"SY-UNSERVED-CIP",
         {"-m set --match-set sy4-drop dst,dst -j DROP",
          "-j REJECT --reject-with icmp-port-unreachable"}},
        {"SY-UNSERVED",
         {"-m conntrack --ctstate DNAT -j RETURN",
          "-m set --match-set sy4-np dst,dst -m set --match-set sy4-npip dst -g SY-UNSERVED-NP",
          "-m addrtype --dst-type LOCAL -j RETURN",
          "-m set --match-set sy4-cip dst -g SY-UNSERVED-CIP",
          "-m set --match-set sy4-cidr dst -j DROP"}},
        {"SY-FORWARD",
         {"-m conntrack --ctstate INVALID -m set --match-set sy4-ep src,src -j DROP",
          "-m conntrack --ctstate NEW -j SY-UNSERVED", "-m mark --mark 0x4000/0x4000 -j ACCEPT",
          "-m conntrack --ctstate RELATED,ESTABLISHED -m conntrack --ctstate DNAT -j ACCEPT"}}};
    return kAll;
}

SetRef ref(Family family, Role role, uint64_t key = 0) {
    return {family, role, key};
}

}  // namespace

IpAddr address(std::string_view text) {
    return IpAddr::parse(text).value();
}

std::string program(IptablesVariant variant, Family family, std::string_view what) {
    return std::string(family == Family::ipv4 ? "iptables-" : "ip6tables-") +
           (variant == IptablesVariant::nft ? "nft" : "legacy") +
           (what.empty() ? "" : "-" + std::string(what));
}

void IptablesLab::SetUp() {
    if (geteuid() != 0) {
        GTEST_SKIP() << "network namespaces need root";
    }
    std::signal(SIGPIPE, SIG_IGN);
    lock_file_ = "/tmp/switchyard-test-xtables-" + std::to_string(getpid()) + ".lock";
    setenv("XTABLES_LOCKFILE", lock_file_.c_str(), 1);
    auto made = lab::NetNs::create();
    ASSERT_TRUE(made) << made.error().message();
    ns_ = std::move(*made);
    inside_.emplace(*ns_);
}

void IptablesLab::TearDown() {
    inside_.reset();
    std::filesystem::remove(lock_file_);
}

std::unique_ptr<Kernel> IptablesLab::open(IptablesVariant variant) {
    auto kernel = open_kernel({.variant = variant}, log_);
    EXPECT_TRUE(kernel) << kernel.error().message();
    return kernel ? std::move(*kernel) : nullptr;
}

std::string IptablesLab::must(const std::vector<std::string>& argv, std::string_view input) {
    const auto out = lab::must_run_in(*ns_, argv, input);
    EXPECT_TRUE(out) << out.error().message() << "\n" << input;
    return out.value_or("");
}

std::string IptablesLab::saved(IptablesVariant variant, Family family) {
    std::istringstream in(must({program(variant, family, "save")}));
    // Tables in an order of their own, without those that hold nothing.
    std::map<std::string, std::string> tables;
    std::string table;
    std::string text;
    bool empty = true;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('*')) {
            table = line;
            text.clear();
            empty = true;
        } else if (line.starts_with(':')) {
            text += line.substr(0, line.find(" [")) + "\n";
            empty = empty && line.find(" - ") == std::string::npos;
        } else if (line.starts_with('-')) {
            text += line + "\n";
            empty = false;
        } else if (line == "COMMIT" && !empty) {
            tables[table] = text;
        }
    }
    std::string all;
    for (const auto& [name, rules] : tables) {
        all += name + "\n" + rules;
    }
    return all;
}

void IptablesLab::load(IptablesVariant variant, Family family, std::string_view text) {
    must({program(variant, family, "restore"), "--noflush"}, text);
}

std::vector<Dumped> IptablesLab::dump(Kernel& kernel) {
    auto all = kernel.dump();
    EXPECT_TRUE(all) << all.error().message();
    return all ? std::move(*all) : std::vector<Dumped>(2);
}

void IptablesLab::commit(Kernel& kernel, const Transaction& transaction) {
    const auto done = kernel.commit(transaction);
    ASSERT_TRUE(done) << done.error().error.message() << ", reason "
                      << static_cast<int>(done.error().reason);
}

std::vector<SetOp> sample_sets(Family family) {
    const bool v4 = family == Family::ipv4;
    const auto ip = [v4](std::string_view four, std::string_view six) {
        return address(v4 ? four : six);
    };
    const auto prefix = [v4](unsigned four, unsigned six) {
        return static_cast<uint8_t>(v4 ? four : six);
    };
    const IpAddr vip = ip("198.51.100.3", "2001:db8::3");
    const IpAddr pod = ip("10.244.1.11", "fd00:244::1:11");
    std::vector<SetOp> ops;
    for (const Role role : {Role::cluster_ip, Role::vip, Role::local, Role::ranged, Role::range,
                            Role::drop, Role::node_port, Role::node_port_local, Role::node_port_ip,
                            Role::service_cidr, Role::pod_cidr, Role::endpoint, Role::hairpin}) {
        ops.push_back(CreateSet{{ref(family, role), 0}});
    }
    ops.push_back(CreateSet{{ref(family, Role::affinity, 1), 10800}});
    const auto add = [&](Member member) { ops.push_back(MemberOp{member, false, 7}); };
    add({.set = ref(family, Role::cluster_ip), .ip = ip("10.96.0.1", "fd00:96::1")});
    add({.set = ref(family, Role::vip), .ip = vip, .protocol = Protocol::tcp, .port = Port{80}});
    add({.set = ref(family, Role::vip), .ip = vip, .protocol = Protocol::udp, .port = Port{53}});
    add({.set = ref(family, Role::vip), .ip = vip, .protocol = Protocol::sctp, .port = Port{1}});
    for (const auto& [network, bits] :
         {std::pair{ip("203.0.113.0", "2001:db8:203::"), prefix(29, 64)},
          std::pair{ip("203.0.113.77", "2001:db8:204::77"), prefix(32, 128)},
          std::pair{ip("128.0.0.0", "8000::"), prefix(1, 1)}}) {
        add({.set = ref(family, Role::range),
             .ip = vip,
             .protocol = Protocol::tcp,
             .port = Port{80},
             .second = network,
             .second_prefix = bits});
    }
    for (const IpAddr& half : {ip("0.0.0.0", "::"), ip("128.0.0.0", "8000::")}) {
        add({.set = ref(family, Role::node_port),
             .ip = half,
             .prefix = 1,
             .protocol = Protocol::tcp,
             .port = Port{30001}});
    }
    add({.set = ref(family, Role::service_cidr),
         .ip = ip("10.96.0.0", "fd00:96::"),
         .prefix = prefix(16, 108)});
    add({.set = ref(family, Role::pod_cidr), .ip = pod, .prefix = prefix(32, 128)});
    add({.set = ref(family, Role::hairpin),
         .ip = pod,
         .protocol = Protocol::tcp,
         .port = Port{8080},
         .second = pod});
    return ops;
}

Transaction sample(Family family) {
    Transaction transaction;
    transaction.before = sample_sets(family);
    Restore nat;
    nat.family = family;
    nat.write = chains(nat_chains(), family);
    nat.hook = {{Table::nat, "PREROUTING", "-j SY-SERVICES", false},
                {Table::nat, "OUTPUT", "-j SY-SERVICES", false},
                {Table::nat, "POSTROUTING", "-j SY-POST", false}};
    Restore filter;
    filter.family = family;
    filter.table = Table::filter;
    filter.write = chains(filter_chains(), family);
    filter.hook = {{Table::filter, "INPUT", "-m conntrack --ctstate NEW -j SY-UNSERVED", true},
                   {Table::filter, "FORWARD", "-j SY-FORWARD", true},
                   {Table::filter, "OUTPUT", "-m conntrack --ctstate NEW -j SY-UNSERVED", true}};
    transaction.restores = {nat, filter};
    return transaction;
}

std::string lines(std::vector<Chain> chains) {
    std::ranges::sort(chains, {}, &Chain::name);
    std::string text;
    for (const Chain& chain : chains) {
        text += ":" + chain.name + "\n";
        for (const std::string& rule : chain.rules) {
            text += "-A " + chain.name + " " + rule + "\n";
        }
    }
    return text;
}

std::string lines(const std::vector<Jump>& jumps) {
    std::set<std::string> all;
    for (const Jump& jump : jumps) {
        all.insert(std::string(jump.table == Table::nat ? "nat " : "filter ") + jump.chain + " " +
                   jump.rule + (jump.first ? " first\n" : "\n"));
    }
    std::string text;
    for (const std::string& line : all) {
        text += line;
    }
    return text;
}

std::vector<SetDef> made_sets(const Transaction& transaction) {
    std::vector<SetDef> defs;
    for (const SetOp& op : transaction.before) {
        if (const auto* create = std::get_if<CreateSet>(&op)) {
            defs.push_back(create->def);
        }
    }
    return sorted(defs);
}

std::vector<Member> made_members(const Transaction& transaction) {
    std::vector<Member> members;
    for (const SetOp& op : transaction.before) {
        if (const auto* change = std::get_if<MemberOp>(&op)) {
            members.push_back(change->member);
        }
    }
    return sorted(members);
}

}  // namespace sy::iptables
