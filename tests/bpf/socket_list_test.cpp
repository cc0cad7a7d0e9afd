// The iterator that lists connected UDP sockets.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "switchyard_bpf_sockets.skel.h"
#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

struct Destroy {
    void operator()(switchyard_bpf_sockets* skeleton) const {
        switchyard_bpf_sockets__destroy(skeleton);
    }
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

std::vector<sy_socket> read_all(int fd) {
    std::vector<char> bytes;
    std::array<char, 3 * sizeof(sy_socket) + 5> buffer{};  // rows may be torn by a read
    for (ssize_t size; (size = ::read(fd, buffer.data(), buffer.size())) > 0;) {
        bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + size);
    }
    EXPECT_EQ(bytes.size() % sizeof(sy_socket), 0);
    std::vector<sy_socket> sockets(bytes.size() / sizeof(sy_socket));
    if (!sockets.empty()) {
        std::memcpy(sockets.data(), bytes.data(), bytes.size());
    }
    return sockets;
}

uint32_t inode_of(Place place) {
    struct stat status{};
    EXPECT_EQ(::fstat(lab::shared_lab()->at(place).fd(), &status), 0);
    return static_cast<uint32_t>(status.st_ino);
}

uint64_t cookie_of_socket(const Client& client) {
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    EXPECT_EQ(::getsockopt(client.fd(), SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
    return cookie;
}

class SocketList : public SocketTest {
  protected:
    void SetUp() override {
        SocketTest::SetUp();
        skeleton_.reset(switchyard_bpf_sockets__open_and_load());
        ASSERT_TRUE(skeleton_) << loader_log();
        bpf_iter_attach_opts options{};
        options.sz = sizeof options;
        bpf_iter_link_info info{};
        info.map.map_fd = static_cast<uint32_t>(maps().fd("connections"));
        options.link_info = &info;
        options.link_info_len = sizeof info;
        link_.reset(bpf_program__attach_iter(skeleton_->progs.sy_list_sockets, &options));
        ASSERT_TRUE(link_) << loader_log();
        serve(1, {Place::pod2});
    }

    std::vector<sy_socket> list() {
        const Fd fd(bpf_iter_create(bpf_link__fd(link_.get())));
        EXPECT_TRUE(fd);
        return read_all(fd.get());
    }

    std::unique_ptr<switchyard_bpf_sockets, Destroy> skeleton_;
    std::unique_ptr<bpf_link, Destroy> link_;
};

INSTANTIATE_TEST_SUITE_P(Sockets, SocketList,
                         testing::Combine(testing::ValuesIn(kFlavors),
                                          testing::Values(Place::node, Place::pod1)),
                         name_of);

TEST_P(SocketList, TellsEverythingOfAConnectedSocketFromAnotherNamespace) {
    EXPECT_TRUE(list().empty());
    Client udp = client(Protocol::udp);
    ASSERT_EQ(udp.connect(vip(1)), 0);
    const std::vector<sy_socket> sockets = list();
    ASSERT_EQ(sockets.size(), 1);
    const sy_socket& socket = sockets[0];
    // Pitfall: a socket has no cookie before somebody asks for it. Nobody has asked but the hook.
    EXPECT_NE(socket.cookie, 0);
    EXPECT_EQ(socket.cookie, cookie_of_socket(udp));
    EXPECT_EQ(socket.netns, inode_of(place()));
    EXPECT_EQ(socket.interface, 0);
    EXPECT_EQ(socket.ipv6, family() == Family::ipv6 ? 1 : 0);
    EXPECT_EQ(socket.mapped, flavor().mapped() ? 1 : 0);
    EXPECT_EQ(ip_of(socket.source, family()), udp.own().ip);
    EXPECT_EQ(socket.source_port, udp.own().port.be16());
    EXPECT_EQ(endpoint_of(socket.connection, family()), server(Place::pod2));
    EXPECT_EQ(ip_of(socket.connection.vip, family()), vip(1).ip);
    EXPECT_EQ(socket.connection.vip_port, vip(1).port.be16());
    EXPECT_EQ(socket.connection.id, id_of(1, Protocol::udp));
    EXPECT_EQ(socket.connection.endpoint, id_of(1, Protocol::udp) * 8 + 1);
}

TEST_P(SocketList, TellsTheInterfaceASocketIsBoundTo) {
    Client udp = client(Protocol::udp);
    {
        const lab::Entered inside(lab::shared_lab()->at(place()));
        const std::string name = place() == Place::node ? "cali2" : "eth0";
        ASSERT_EQ(::setsockopt(udp.fd(), SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                               static_cast<socklen_t>(name.size())),
                  0);
    }
    ASSERT_EQ(udp.connect(vip(1)), 0);
    const std::vector<sy_socket> sockets = list();
    ASSERT_EQ(sockets.size(), 1);
    EXPECT_NE(sockets[0].interface, 0);
}

TEST_P(SocketList, LeavesOutWhatIsNotConnectedThroughAVip) {
    configure(SY_SETTING_PEERNAME);
    Client tcp = client(Protocol::tcp);
    ASSERT_EQ(tcp.connect(vip(1)), 0);
    Client unconnected = client(Protocol::udp);
    ASSERT_TRUE(unconnected.ask(vip(1)));
    Client direct = client(Protocol::udp);
    ASSERT_EQ(direct.connect(server(Place::pod2)), 0);
    Client disconnected = client(Protocol::udp);
    ASSERT_EQ(disconnected.connect(vip(1)), 0);
    ASSERT_EQ(disconnected.disconnect(), 0);
    Client elsewhere = client(Protocol::udp);
    ASSERT_EQ(elsewhere.connect(vip(1)), 0);
    ASSERT_EQ(elsewhere.connect(server(Place::pod2)), 0);
    {
        Client closed = client(Protocol::udp);
        ASSERT_EQ(closed.connect(vip(1)), 0);
    }
    EXPECT_TRUE(list().empty());
}

TEST_P(SocketList, ListsManySocketsOfManyNamespaces) {
    std::vector<Client> clients;
    std::vector<uint64_t> cookies;
    clients.reserve(800);
    cookies.reserve(800);
    for (const Place from : {Place::node, Place::pod1, Place::pod2, Place::node2}) {
        for (int i = 0; i < 200; ++i) {
            clients.push_back(client_at(from, Protocol::udp));
            ASSERT_EQ(clients.back().connect(vip(1)), 0);
        }
    }
    for (const Client& client : clients) {
        cookies.push_back(cookie_of_socket(client));
    }
    std::vector<uint64_t> listed;
    for (const sy_socket& socket : list()) {
        listed.push_back(socket.cookie);
    }
    EXPECT_THAT(listed, testing::UnorderedElementsAreArray(cookies));
}

}  // namespace
}  // namespace sy::bpf_test
