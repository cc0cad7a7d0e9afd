// Clients at full speed while one Service flips between disjoint sets of endpoints and others come
// and go, with so little room that ids, runs and indexes are used again at once.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <thread>

#include "tests/netns/ebpf_fixture.h"

namespace sy::lab {
namespace {

using enum Place;

constexpr unsigned kFlips = 1500;
/// Each client does at least so many connections, however slow the machine is.
constexpr unsigned long kConnections = 3000;

/// Who may answer at a moment. Even: the kernel holds set (epoch / 2) % 2. Odd: being changed.
class Epochs {
  public:
    unsigned now() const { return epoch_; }
    void begin() { ++epoch_; }
    void end() { ++epoch_; }
    /// Whether one of `set` may have answered what was asked and answered between two epochs.
    static bool allowed(unsigned set, unsigned asked, unsigned answered) {
        return asked / 2 != (answered + 1) / 2 || (asked / 2) % 2 == set;
    }

  private:
    std::atomic<unsigned> epoch_ = 0;
};

/// A thread that lives in the cgroup, in the network namespace of a place, and does one thing again
/// and again.
class Reader {
  public:
    /// `once` returns what was wrong, "" if nothing was.
    Reader(const Lab& lab, Place place, std::function<std::string()> once)
        : thread_([this, &lab, place, once = std::move(once)] {
              const InCgroup inside(*lab.cgroup());
              const Entered there(lab.at(place));
              while (!stopping_) {
                  const std::string wrong = once();
                  if (!wrong.empty()) {
                      ++wrongs_[wrong];
                  }
                  ++count_;
              }
          }) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { stop(); }

    unsigned long count() const { return count_; }
    const std::map<std::string, unsigned long>& stop() {
        stopping_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
        return wrongs_;
    }

  private:
    std::atomic<bool> stopping_ = false;
    std::atomic<unsigned long> count_ = 0;
    std::map<std::string, unsigned long> wrongs_;
    std::thread thread_;
};

class EbpfStress : public EbpfTest {
  protected:
    static constexpr unsigned kGuests = 6;
    static Port guest_port(unsigned n) { return Port(static_cast<uint16_t>(31000 + n)); }
    static Place guest_place(unsigned n) { return std::array{pod1, pod2, podr, node}[n % 4]; }

    void put_set(unsigned set) {
        using Places = std::vector<Place>;
        SliceSpec endpoints = slice("shop/web", family())
                                  .port(kServerPort.number(), Protocol::tcp, "http")
                                  .port(kServerPort.number(), Protocol::udp, "dns");
        for (const Place place : set == 0 ? Places{pod1, podr} : Places{pod2, node}) {
            on(endpoints, family(), place);
        }
        cluster.put(endpoints);
    }
    void put_guest(unsigned n) {
        const std::string name = "guest/s" + std::to_string(n);
        cluster.put(service(name).ip(vip(10 + n)).port(80).node_port(guest_port(n).number()));
        SliceSpec endpoints = slice(name, family()).port(kOtherServerPort.number(), Protocol::tcp);
        cluster.put(on(endpoints, family(), guest_place(n)));
    }

    /// A connection of its own per question. Works inside the reader's thread.
    std::string ask_web(Type type, const EndpointAddr& to) const {
        const unsigned asked = epochs_.now();
        ClientSocket client(here, kind(type));
        if (const int error = client.connect_and_wait(to); error != 0) {
            return "connect: errno " + std::to_string(error);
        }
        return judged(type == Type::tcp ? client.receive() : client.ask(), asked, to);
    }
    std::string judged(const ClientSocket::Received& answer, unsigned asked,
                       const EndpointAddr& to) const {
        const unsigned answered = epochs_.now();
        const std::string& server = answer.greeting.server;
        if (answer.error != 0) {
            return "errno " + std::to_string(answer.error);
        }
        if (answer.greeting.server_port != kServerPort) {
            return "an endpoint of another Service";
        }
        if (answer.from != to) {
            return "an answer from " + answer.from.ip.to_string();
        }
        const unsigned set = server == "pod1" || server == "podr" ? 0 : 1;
        return Epochs::allowed(set, asked, answered) ? "" : server + " is of the other set";
    }
    /// Guests come and go: refused, or answered by the only endpoint they have.
    std::string ask_guest(unsigned n) const {
        ClientSocket client(here, kind(Type::tcp));
        const int error = client.connect_and_wait({node_ip(), guest_port(n)});
        if (error == ECONNREFUSED) {
            return {};
        }
        const auto answer = client.receive();
        if (error != 0 || answer.error != 0) {
            return "guest: errno " + std::to_string(error) + ", " + std::to_string(answer.error);
        }
        const bool right = answer.greeting.server == to_string(guest_place(n)) &&
                           answer.greeting.server_port == kOtherServerPort;
        return right ? "" : "an endpoint that is not the guest's";
    }

    /// As the hooks counted them for the Service that flips.
    uint64_t translated_connections() {
        const Result<std::vector<PortTraffic>> all = cluster.backend().traffic_reader()->read();
        EXPECT_TRUE(all) << all.error().message();
        uint64_t sum = 0;
        for (const PortTraffic& one : all ? *all : std::vector<PortTraffic>{}) {
            sum += one.port.starts_with("shop/web") ? one.connections : 0;
        }
        return sum;
    }

    static void here(const std::function<void()>& work) { work(); }

    Epochs epochs_;
};
SY_EBPF(EbpfStress);

TEST_P(EbpfStress, NoClientEverReachesAWrongEndpoint) {
    // Room for little more than what exists at a time: whatever is freed is soon used again.
    cluster.settings.ebpf.max_services = 32;
    cluster.settings.ebpf.max_endpoints = 32;
    cluster.settings.ebpf.max_frontends = 128;
    cluster.teardown();
    cluster.restart();
    cluster.put(web());
    put_set(0);
    cluster.must_sync();

    ClientSocket unconnected(lab(), pod1, kind(Type::udp));
    std::vector<std::unique_ptr<Reader>> readers;
    const auto read = [&](Place place, std::function<std::string()> once) {
        readers.push_back(std::make_unique<Reader>(lab(), place, std::move(once)));
    };
    read(pod2, [&] { return ask_web(Type::tcp, web_vip(Type::tcp)); });
    read(node, [&] { return ask_web(Type::tcp, web_node_port()); });
    read(pod1, [&] { return ask_web(Type::udp, web_vip(Type::udp)); });
    read(pod1, [&] {
        const unsigned asked = epochs_.now();
        return judged(unconnected.ask(web_vip(Type::udp)), asked, web_vip(Type::udp));
    });
    read(pod2, [&, n = 0U]() mutable { return ask_guest(n++ % kGuests); });

    const auto is_behind = [&] {
        return std::ranges::any_of(readers,
                                   [](const auto& one) { return one->count() < kConnections; });
    };
    unsigned flip = 0;
    for (; flip < kFlips || is_behind(); ++flip) {
        const unsigned guest = flip % kGuests;
        if ((flip / kGuests) % 2 == 0) {
            put_guest(guest);
        } else {
            cluster.remove("guest/s" + std::to_string(guest));
        }
        put_set((flip + 1) % 2);
        epochs_.begin();
        cluster.must_sync();
        epochs_.end();
        if (HasFailure()) {
            break;
        }
    }
    unsigned long connections = 0;
    for (const auto& reader : readers) {
        for (const auto& [wrong, count] : reader->stop()) {
            ADD_FAILURE() << count << " times " << wrong;
        }
        connections += reader->count();
    }
    const uint64_t translated = translated_connections();
    EXPECT_GT(translated, connections / 4) << "this was to be a test of the hooks";
    std::cout << connections << " connections or datagrams, " << translated
              << " sockets translated, during " << flip << " changes\n";
}

}  // namespace
}  // namespace sy::lab
