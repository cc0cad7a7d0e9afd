#include "tests/bpf/maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <variant>

namespace sy::bpf_test {
namespace {

void check(int status, const char* what) {
    if (status != 0) {
        std::perror(what);
        std::abort();
    }
}

int keep(libbpf_print_level level, const char* format, va_list arguments) {
    if (level == LIBBPF_DEBUG) {
        return 0;
    }
    std::string text(size_t{1} << 20, '\0');
    const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
    text.resize(std::min(text.size() - 1, static_cast<size_t>(std::max(size, 0))));
    loader_log() += text;
    return size;
}

__u32 word_of(const IpAddr& ip) {
    __u32 words[4];
    copy_address(ip, words);
    return words[0];
}

using Key = std::variant<sy_frontend4, sy_frontend6>;

Key key_of(const Frontend& frontend) {
    const auto fill = [&](auto key) {
        key.port = frontend.port.be16();
        key.protocol = static_cast<uint8_t>(frontend.protocol);
        key.scope = frontend.node_port ? SY_SCOPE_NODEPORT : SY_SCOPE_ADDRESS;
        return key;
    };
    if (frontend.address.family() == Family::ipv4) {
        sy_frontend4 key = fill(sy_frontend4{});
        key.address = frontend.node_port ? 0 : word_of(frontend.address);
        return key;
    }
    sy_frontend6 key = fill(sy_frontend6{});
    if (!frontend.node_port) {
        copy_address(frontend.address, key.address);
    }
    return key;
}

const char* frontends(const Key& key) {
    return key.index() == 0 ? "frontends4" : "frontends6";
}

const void* bytes_of(const Key& key) {
    return std::visit([](const auto& any) -> const void* { return &any; }, key);
}

}  // namespace

void copy_address(const IpAddr& ip, __u32 (&words)[4]) {
    std::memset(words, 0, sizeof words);
    std::memcpy(words, ip.bytes().data(), ip.bytes().size());
}

IpAddr ip_of(const __u32 (&words)[4], Family family) {
    std::array<uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), words, bytes.size());
    return IpAddr::from_bytes(std::span(bytes).first(family == Family::ipv4 ? 4 : 16)).value();
}

EndpointAddr endpoint_of(const sy_connection& connection, Family family) {
    return {ip_of(connection.address, family), Port(__builtin_bswap16(connection.port))};
}

void Maps::frontend(const Frontend& frontend, uint32_t id) {
    const Key key = key_of(frontend);
    const uint32_t echo = key.index() == 0 ? sy_check4(&std::get<sy_frontend4>(key))
                                           : sy_check6(&std::get<sy_frontend6>(key));
    frontend_word(frontend, sy_frontend_word(id, echo));
}

void Maps::frontend_word(const Frontend& frontend, uint64_t word) {
    const Key key = key_of(frontend);
    check(bpf_map_update_elem(fd(frontends(key)), bytes_of(key), &word, BPF_ANY), "frontend");
}

void Maps::erase(const Frontend& frontend) {
    const Key key = key_of(frontend);
    check(bpf_map_delete_elem(fd(frontends(key)), bytes_of(key)), "frontend");
}

void Maps::service(uint32_t id, uint64_t word) {
    check(bpf_map_update_elem(fd("services"), &id, &word, BPF_ANY), "service");
}

void Maps::slot(uint32_t position, uint64_t word) {
    check(bpf_map_update_elem(fd("slots"), &position, &word, BPF_ANY), "slot");
}

void Maps::endpoint(uint32_t index, const EndpointAddr& address) {
    if (address.ip.family() == Family::ipv4) {
        const uint64_t word = sy_endpoint4_word(word_of(address.ip), address.port.be16());
        check(bpf_map_update_elem(fd("endpoints4"), &index, &word, BPF_ANY), "endpoint");
        return;
    }
    sy_endpoint6 record{};
    copy_address(address.ip, record.address);
    record.port = address.port.be16();
    check(bpf_map_update_elem(fd("endpoints6"), &index, &record, BPF_ANY), "endpoint");
}

void Maps::free_endpoint(uint32_t index, Family family) {
    const sy_endpoint6 nothing{};
    const char* map = family == Family::ipv4 ? "endpoints4" : "endpoints6";
    check(bpf_map_update_elem(fd(map), &index, &nothing, BPF_ANY), "endpoint");
}

void Maps::list(uint32_t id, uint32_t base, std::span<const EndpointAddr> endpoints,
                uint16_t flags) {
    uint32_t position = base;
    for (const EndpointAddr& address : endpoints) {
        endpoint(position + 1, address);
        slot(position, sy_slot_word(position + 1, id));
        ++position;
    }
    service(id, sy_service_word(base, static_cast<uint16_t>(endpoints.size()), flags));
}

void Maps::affinity(uint32_t id, uint32_t seconds, uint32_t group) {
    const uint64_t word = sy_affinity_word(seconds, group);
    check(bpf_map_update_elem(fd("affinity"), &id, &word, BPF_ANY), "affinity");
}

void Maps::node_address(const IpAddr& address) {
    const bool v4 = address.family() == Family::ipv4;
    const uint32_t present = 1;
    check(bpf_map_update_elem(fd(v4 ? "node_addresses4" : "node_addresses6"),
                              address.bytes().data(), &present, BPF_ANY),
          "node address");
}

void Maps::settings(const sy_settings& value) {
    const uint32_t key = 0;
    check(bpf_map_update_elem(fd("settings"), &key, &value, BPF_ANY), "settings");
}

void Maps::skip_netns(uint64_t cookie) {
    const uint32_t present = 1;
    check(bpf_map_update_elem(fd("skip_netns"), &cookie, &present, BPF_ANY), "skip_netns");
}

void Maps::skip_cgroup(uint64_t id) {
    const uint32_t present = 1;
    check(bpf_map_update_elem(fd("skip_cgroups"), &id, &present, BPF_ANY), "skip_cgroups");
}

void Maps::observer(uint32_t place, int ring) {
    check(bpf_map_update_elem(fd("observers"), &place, &ring, BPF_ANY), "observers");
}

void Maps::remember(const sy_client& client, const sy_choice& choice) {
    check(bpf_map_update_elem(fd("clients"), &client, &choice, BPF_ANY), "clients");
}

std::optional<sy_choice> Maps::remembered(const sy_client& client) const {
    sy_choice choice{};
    if (bpf_map_lookup_elem(fd("clients"), &client, &choice) != 0) {
        return std::nullopt;
    }
    return choice;
}

uint64_t Maps::statistic(sy_statistic which) const {
    const uint32_t key = which;
    std::vector<uint64_t> values(static_cast<size_t>(libbpf_num_possible_cpus()));
    check(bpf_map_lookup_elem(fd("statistics"), &key, values.data()), "statistics");
    uint64_t sum = 0;
    for (const uint64_t value : values) {
        sum += value;
    }
    return sum;
}

sy_counters Maps::counters(uint32_t id) const {
    std::vector<sy_counter_block> values(static_cast<size_t>(libbpf_num_possible_cpus()));
    const uint32_t key = id / SY_COUNTERS_PER_BLOCK;
    check(bpf_map_lookup_elem(fd("counters"), &key, values.data()), "counters");
    sy_counters sum{};
    for (const sy_counter_block& value : values) {
        sum.connections += value.of[id % SY_COUNTERS_PER_BLOCK].connections;
        sum.refusals += value.of[id % SY_COUNTERS_PER_BLOCK].refusals;
    }
    return sum;
}

int Maps::fd(const char* name) const {
    const int fd = bpf_object__find_map_fd_by_name(object_, name);
    if (fd < 0) {
        std::fprintf(stderr, "no map %s\n", name);
        std::abort();
    }
    return fd;
}

void keep_loader_log() {
    libbpf_set_print(keep);
}

std::string& loader_log() {
    static std::string log;
    return log;
}

}  // namespace sy::bpf_test
