#include "nft_lab.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "backends/nftables/layout.h"
#include "backends/nftables/word.h"

namespace sy::nft {
namespace {

std::array<uint8_t, 2> port_bytes(uint16_t port) {
    return {static_cast<uint8_t>(port >> 8), static_cast<uint8_t>(port & 0xff)};
}

}  // namespace

CommandResult run(const std::string& command, std::string_view input) {
    CommandResult result;
    std::string line = "( " + command + " ) 2>&1";
    char path[] = "/tmp/switchyard-test-XXXXXX";
    if (!input.empty()) {
        const int fd = mkstemp(path);
        close(fd);
        std::ofstream(path) << input;
        line += std::string(" < ") + path;
    }
    FILE* pipe = popen(line.c_str(), "r");
    if (pipe != nullptr) {
        std::array<char, 4096> buffer{};
        for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
            result.output.append(buffer.data(), n);
        }
        result.status = WEXITSTATUS(pclose(pipe));
    }
    if (!input.empty()) {
        unlink(path);
    }
    return result;
}

void NftLab::SetUp() {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs root";
    auto kernel = open_kernel(words_layout());
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
}

void NftLab::load(const std::string& text) {
    const auto result = run("nft -f -", text);
    ASSERT_EQ(result.status, 0) << result.output << "\n" << text;
}

std::string NftLab::listing() {
    const auto result = run("nft list ruleset");
    EXPECT_EQ(result.status, 0) << result.output;
    return result.output;
}

std::vector<DumpedTable> NftLab::dump() {
    auto tables = kernel_->dump();
    EXPECT_TRUE(tables) << tables.error().message();
    return tables ? std::move(*tables) : std::vector<DumpedTable>();
}

void NftLab::commit(const Transaction& transaction) {
    const auto done = kernel_->commit(transaction);
    ASSERT_TRUE(done) << done.error().error.message() << ", reason "
                      << static_cast<int>(done.error().reason);
}

IpAddr address(std::string_view text) {
    return IpAddr::parse(text).value();
}

Cidr network(std::string_view text) {
    return Cidr::parse(text).value();
}

TableConfig config_for(Family family) {
    TableConfig config;
    config.family = family;
    config.detector = CidrDetector{{network("10.244.0.0/16"), network("fd00:244::/56")}};
    config.classes = {{1, 1, 0}, {2, 2, 0}, {3, 3, 0}, {0x200, 2, 10800}, {0x201, 700, 0}};
    return config;
}

Element address_element(Family family, SetId set, const IpAddr& a) {
    Element element(family, set);
    element.key_bytes(a.bytes());
    if (set == SetId::hairpin) {
        element.key_bytes(a.bytes());
    }
    return element;
}

Element network_element(Family family, SetId set, const Cidr& n) {
    return Element(family, set).key_bytes(n.first().bytes()).key_bytes(n.last().bytes());
}

Element range_element(Family family, uint32_t id, const Cidr& n) {
    return Element(family, SetId::ranges)
        .key_word(id_word(id))
        .key_bytes(n.first().bytes())
        .key_word(id_word(id))
        .key_bytes(n.last().bytes());
}

Element frontend(const IpAddr& a, uint8_t protocol, uint16_t port, uint32_t word) {
    return Element(a.family(), SetId::frontends)
        .key_bytes(a.bytes())
        .key_bytes({&protocol, 1})
        .key_bytes(port_bytes(port))
        .data_word(word);
}

Element endpoint(Family family, uint32_t list, uint32_t slot, const IpAddr& a, uint16_t port) {
    return Element(family, SetId::endpoints)
        .key_word(list)
        .key_word(slot)
        .data_bytes(a.bytes())
        .data_bytes(port_bytes(port));
}

std::vector<Element> sample_elements(Family family) {
    const bool v4 = family == Family::ipv4;
    const auto ip = [v4](std::string_view four, std::string_view six) {
        return address(v4 ? four : six);
    };
    const auto net = [v4](std::string_view four, std::string_view six) {
        return network(v4 ? four : six);
    };
    const auto vip = ip("10.96.0.1", "fd00:96::1");
    const auto pod = ip("10.244.1.11", "fd00:244::1:11");
    const uint8_t udp = 17;
    return {
        network_element(family, SetId::pod_cidrs, net("10.244.0.0/16", "fd00:244::/56")),
        // Neighbours, and the top of the address space.
        network_element(family, SetId::service_cidrs, net("10.96.0.0/16", "fd00:96::/108")),
        network_element(family, SetId::service_cidrs, net("10.97.0.0/16", "fd00:96::10:0/108")),
        network_element(family, SetId::service_cidrs, net("255.0.0.0/8", "ff00::/8")),
        network_element(family, SetId::service_cidrs, net("0.0.0.0/8", "::/8")),
        network_element(family, SetId::service_cidrs, net("172.16.3.4/32", "fd00::3:4/128")),
        address_element(family, SetId::nodeport_ips, ip("192.168.50.1", "fd00:50::1")),
        address_element(family, SetId::cluster_ips, vip),
        frontend(vip, 6, 80, 0x403),
        frontend(vip, 17, 53, 0xe000'0402),
        frontend(vip, 132, 132, 0x1fff'fffe),
        Element(family, SetId::nodeports)
            .key_bytes({&udp, 1})
            .key_bytes(port_bytes(30001))
            .data_word(0x2000'0403),
        range_element(family, 3, net("203.0.113.0/29", "fd00:203::/64")),
        range_element(family, 3, net("203.0.113.77/32", "fd00:204::77/128")),
        range_element(family, 4, net("0.0.0.0/0", "::/0")),
        endpoint(family, id_word(1), 0, pod, 8080),
        endpoint(family, id_word(1) | kRoleLocal, 1, pod, 1),
        Element(family, SetId::aff_slots)
            .key_word(id_word(13))
            .key_word(0)
            .data_word(id_word(13) | 1),
        Element(family, SetId::aff_endpoints)
            .key_word(id_word(13) | 1)
            .data_bytes(pod.bytes())
            .data_bytes(port_bytes(8080)),
        address_element(family, SetId::hairpin, pod),
        address_element(family, SetId::service_endpoints, pod),
        Element(family, SetId::shortcut).key_word(id_word(3)).data_word(id_word(3) | 3),
    };
}

std::vector<ElementOp> ops(const std::vector<Element>& elements, uint32_t owner) {
    std::vector<ElementOp> all;
    for (const auto& element : elements) {
        all.push_back({element, owner});
    }
    return all;
}

std::vector<std::string> normal_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::vector<std::string> elements;
    bool inside = false;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const auto start = line.find_first_not_of("\t ");
        if (start == std::string::npos || line[start] == '#') {
            continue;
        }
        line.erase(0, start);
        constexpr std::string_view kOpening = "elements = { ";
        if (line.starts_with(kOpening)) {
            inside = true;
            line.erase(0, kOpening.size());
        }
        if (!inside) {
            lines.push_back(line);
            continue;
        }
        inside = !line.ends_with(" }");
        if (!inside) {
            line.resize(line.size() - 2);
        }
        std::istringstream parts(line);
        for (std::string part; std::getline(parts, part, ',');) {
            if (const auto at = part.find_first_not_of(' '); at != std::string::npos) {
                elements.push_back("element " + part.substr(at));
            }
        }
        if (!inside) {
            std::ranges::sort(elements);
            std::ranges::move(elements, std::back_inserter(lines));
            elements.clear();
        }
    }
    return lines;
}

std::vector<Element> sorted(std::vector<Element> elements) {
    std::ranges::sort(elements);
    return elements;
}

}  // namespace sy::nft
