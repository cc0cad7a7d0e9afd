#include "ebpf_kernel_lab.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "backends/ebpf/kernel/hook.h"
#include "tests/support/socket_address.h"

namespace sy::ebpf {
namespace {

lab::NetNs make_node() {
    lab::NetNs ns = must(lab::NetNs::create());
    must(lab::must_run_in(ns, {"ip", "link", "set", "lo", "up"}));
    return ns;
}

void store(uint64_t& word, uint64_t value) {
    std::atomic_ref(word).store(value, std::memory_order_release);
}

}  // namespace

EndpointAddr address(std::string_view ip, uint16_t port) {
    return {IpAddr::parse(ip).value(), Port{port}};
}

Server::Server(const lab::NetNs& ns, Family family) {
    {
        const lab::Entered inside(ns);
        listener_.reset(socket(lab::domain(family), SOCK_STREAM | SOCK_CLOEXEC, 0));
    }
    const lab::SocketAddress any(
        family == Family::ipv4 ? IpAddr::v4(127, 0, 0, 1) : IpAddr::parse("::1").value(), Port{0});
    EXPECT_EQ(bind(listener_.get(), any.get(), any.size), 0);
    EXPECT_EQ(listen(listener_.get(), SOMAXCONN), 0);
    address_ = lab::local_end(listener_.get());
    worker_ = std::thread([fd = listener_.get(), port = address_.port.number()] {
        for (;;) {
            const Fd client(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
            if (!client && errno != ECONNABORTED) {
                return;
            }
            (void)send(client.get(), &port, sizeof port, MSG_NOSIGNAL);
        }
    });
}

Server::~Server() {
    shutdown(listener_.get(), SHUT_RDWR);
    worker_.join();
}

void KernelLog::write(LogLevel level, std::string_view message) {
    if (level != LogLevel::debug) {
        const std::lock_guard lock(mutex_);
        text_ += std::string(message) + "\n";
    }
}

std::string KernelLog::text() const {
    const std::lock_guard lock(mutex_);
    return text_;
}

EbpfKernel::EbpfKernel() : scope(must(lab::BpfScope::create())), ns(make_node()) {
    settings.cgroup_root = scope.cgroup();
    settings.bpf_root = scope.folder() / "switchyard";
    must(scope.join());
    kernel = open();
}

EbpfKernel::~EbpfKernel() {
    (void)scope.leave();
}

std::unique_ptr<Kernel> EbpfKernel::open(const EbpfSettings& these) {
    const lab::Entered inside(ns);
    return must(open_kernel(these, log));
}

std::unique_ptr<MapSet> EbpfKernel::create(MapSet* like) {
    return must(kernel->create(kSizes, like));
}

std::unique_ptr<MapSet> EbpfKernel::create_larger(MapSet& like) {
    Sizes sizes = like.sizes();
    sizes.services *= 2;
    return must(kernel->create(sizes, &like));
}

void EbpfKernel::program(MapSet& maps, const EndpointAddr& vip, const EndpointAddr& endpoint,
                         Protocol protocol, uint32_t id) {
    const Arrays arrays = maps.arrays();
    const bool ipv6 = vip.ip.family() == Family::ipv6;
    const auto number = static_cast<uint8_t>(protocol);
    sy_name& name = arrays.names[id];
    name = {.ipv6 = ipv6, .protocol = number, .list = 0, .reserved = 0, .text = "default/web:http"};
    const uint32_t index = id;
    if (ipv6) {
        sy_endpoint6& record = arrays.endpoints6[index];
        std::memcpy(record.address, endpoint.ip.bytes().data(), sizeof record.address);
        record.port = endpoint.port.be16();
    } else {
        uint32_t ip = 0;
        std::memcpy(&ip, endpoint.ip.bytes().data(), sizeof ip);
        store(arrays.endpoints4[index], sy_endpoint4_word(ip, endpoint.port.be16()));
    }
    const uint32_t position = id;
    store(arrays.slots[position], sy_slot_word(index, id));
    store(arrays.services[id], sy_service_word(position, 1, 0));
    if (ipv6) {
        Frontend6 entry{{{}, vip.port.be16(), number, SY_SCOPE_ADDRESS}, 0};
        std::memcpy(entry.key.address, vip.ip.bytes().data(), sizeof entry.key.address);
        entry.word = sy_frontend_word(id, sy_check6(&entry.key));
        must(maps.put(std::span(&entry, 1)));
    } else {
        Frontend4 entry{{0, vip.port.be16(), number, SY_SCOPE_ADDRESS}, 0};
        std::memcpy(&entry.key.address, vip.ip.bytes().data(), sizeof entry.key.address);
        entry.word = sy_frontend_word(id, sy_check4(&entry.key));
        must(maps.put(std::span(&entry, 1)));
    }
}

void EbpfKernel::activate(MapSet& maps) {
    must(kernel->activate(maps));
}

std::unique_ptr<MapSet> EbpfKernel::find() {
    return must(kernel->find()).maps;
}

bool EbpfKernel::is_active(const MapSet& maps) {
    return must(kernel->is_active(maps));
}

Result<Port> EbpfKernel::connect(const EndpointAddr& to) const {
    const lab::Entered inside(ns);
    const Fd client(socket(lab::domain(to.ip.family()), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const lab::SocketAddress peer(to.ip, to.port);
    uint16_t port = 0;
    if (::connect(client.get(), peer.get(), peer.size) != 0 ||
        recv(client.get(), &port, sizeof port, MSG_WAITALL) != sizeof port) {
        return fail("connect", to.ip.to_string(), errno);
    }
    return Port{port};
}

testing::AssertionResult EbpfKernel::reaches(const EndpointAddr& vip, const Server& server) const {
    const auto answer = connect(vip);
    if (!answer) {
        return testing::AssertionFailure() << answer.error().message() << "\n" << log.text();
    }
    if (*answer != server.address().port) {
        return testing::AssertionFailure() << "port " << answer->number() << " answered";
    }
    return testing::AssertionSuccess();
}

testing::AssertionResult EbpfKernel::misses(const EndpointAddr& vip) const {
    const auto answer = connect(vip);
    if (!answer && answer.error().code == ENETUNREACH) {
        return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << (answer ? "it is translated" : answer.error().message());
}

std::vector<std::string> EbpfKernel::pins(const std::string& folder) const {
    std::vector<std::string> names;
    std::error_code error;
    const std::filesystem::path path = std::filesystem::path(settings.bpf_root) / folder;
    for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
         it.increment(error)) {
        names.push_back(it->path().filename());
    }
    std::ranges::sort(names);
    return names;
}

unsigned EbpfKernel::attached_to(const std::filesystem::path& cgroup) {
    const Fd folder(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    unsigned sum = 0;
    for (const Hook& hook : hooks()) {
        std::array<uint32_t, 64> ids{};
        auto count = static_cast<uint32_t>(ids.size());
        uint32_t flags = 0;
        if (bpf_prog_query(folder.get(), static_cast<bpf_attach_type>(hook.attach_type), 0, &flags,
                           ids.data(), &count) == 0) {
            sum += count;
        }
    }
    return sum;
}

}  // namespace sy::ebpf
