#include "tests/support/api_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <list>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "tests/support/api_server_session.h"
#include "tests/support/api_server_state.h"

namespace sy::lab {
namespace {

/// A bound, listening socket in the namespace of the calling thread; the port it got.
std::pair<Fd, uint16_t> listen_on(const std::string& address, uint16_t port) {
    sockaddr_storage place{};
    socklen_t size = 0;
    auto& v4 = reinterpret_cast<sockaddr_in&>(place);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(place);
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
        place.ss_family = AF_INET;
        size = sizeof v4;
    } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
        place.ss_family = AF_INET6;
        size = sizeof v6;
    }
    in_port_t& wire_port = place.ss_family == AF_INET ? v4.sin_port : v6.sin6_port;
    wire_port = htons(port);
    Fd socket(::socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int one = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&place), size) != 0 ||
        ::listen(socket.get(), 64) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&place), &size) != 0) {
        throw std::runtime_error("cannot listen on " + address + ":" + std::to_string(port));
    }
    return {std::move(socket), ntohs(wire_port)};
}

}  // namespace

struct TestApiServer::Impl {
    struct Client {
        Client(ApiState& state, Fd socket, std::shared_ptr<const TlsContext> tls,
               std::function<void()> changed)
            : session(state, std::move(socket), std::move(tls), std::move(changed)),
              thread([this] { session.run(); }) {}

        ApiSession session;
        std::thread thread;
    };

    ApiState state;
    const NetNs* where = nullptr;
    uint16_t port = 0;
    Fd listener;
    Fd stop_accepting{::eventfd(0, EFD_CLOEXEC)};
    std::thread acceptor;
    std::shared_ptr<const TlsContext> tls;
    mutable std::mutex clients_mutex;
    std::list<Client> clients;

    void accept_all();
    void wake_all();
    /// Forgets the clients that are gone.
    void reap();
    void cut_all(Cut how, bool mid_event);

    template <class Change>
    auto change(Change change) {
        struct WakeAfter {
            Impl& impl;
            ~WakeAfter() { impl.wake_all(); }
        };
        const WakeAfter after{*this};
        const std::scoped_lock lock(state.mutex);
        return change(state);
    }
};

void TestApiServer::Impl::accept_all() {
    for (;;) {
        std::array<pollfd, 2> wait{
            {{listener.get(), POLLIN, 0}, {stop_accepting.get(), POLLIN, 0}}};
        ::poll(wait.data(), wait.size(), -1);
        if (wait[1].revents != 0) {
            return;
        }
        Fd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            continue;
        }
        const int one = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        const std::scoped_lock lock(clients_mutex);
        reap();
        clients.emplace_back(state, std::move(socket), tls, [this] { wake_all(); });
    }
}

void TestApiServer::Impl::reap() {
    for (auto each = clients.begin(); each != clients.end();) {
        if (each->session.finished()) {
            each->thread.join();
            each = clients.erase(each);
        } else {
            ++each;
        }
    }
}

void TestApiServer::Impl::wake_all() {
    const std::scoped_lock lock(clients_mutex);
    for (Client& client : clients) {
        client.session.wake();
    }
}

void TestApiServer::Impl::cut_all(Cut how, bool mid_event) {
    const std::scoped_lock lock(clients_mutex);
    for (Client& client : clients) {
        client.session.cut(how, mid_event);
    }
}

TestApiServer::TestApiServer(ApiServerOptions options, const NetNs* where)
    : impl_(std::make_unique<Impl>()) {
    impl_->where = where;
    impl_->port = options.port;
    set_options(std::move(options));
}

TestApiServer::~TestApiServer() {
    stop();
}

void TestApiServer::start() {
    const ApiServerOptions now = options();
    if (impl_->listener) {
        return;
    }
    impl_->tls = now.certificate
                     ? std::make_shared<TlsContext>(*now.certificate, now.client_authority)
                     : nullptr;
    std::optional<Entered> inside;
    if (impl_->where != nullptr) {
        inside.emplace(*impl_->where);
    }
    std::tie(impl_->listener, impl_->port) = listen_on(now.address, impl_->port);
    impl_->acceptor = std::thread([this] { impl_->accept_all(); });
}

void TestApiServer::stop(Cut how) {
    if (impl_->acceptor.joinable()) {
        uint64_t one = 1;
        [[maybe_unused]] ssize_t done = ::write(impl_->stop_accepting.get(), &one, sizeof one);
        impl_->acceptor.join();
        done = ::read(impl_->stop_accepting.get(), &one, sizeof one);
        impl_->listener.reset();
    }
    std::list<Impl::Client> leaving;
    impl_->cut_all(how, false);
    {
        const std::scoped_lock lock(impl_->clients_mutex);
        leaving.swap(impl_->clients);
    }
    for (Impl::Client& client : leaving) {
        client.thread.join();
    }
}

uint16_t TestApiServer::port() const {
    return impl_->port;
}

std::string TestApiServer::url() const {
    const ApiServerOptions now = options();
    const bool v6 = now.address.find(':') != std::string::npos;
    return (now.certificate ? "https://" : "http://") +
           (v6 ? "[" + now.address + "]" : now.address) + ":" + std::to_string(port());
}

ApiServerOptions TestApiServer::options() const {
    const std::scoped_lock lock(impl_->state.mutex);
    return impl_->state.options;
}

void TestApiServer::set_options(ApiServerOptions options) {
    impl_->change([&](ApiState& state) {
        state.store.set_managed_fields(options.managed_fields);
        state.options = std::move(options);
    });
}

void TestApiServer::put(std::string_view json) {
    impl_->change([&](ApiState& state) { state.store.put(json); });
}

void TestApiServer::put_all(std::string_view documents) {
    constexpr std::string_view kEnd = "\n---\n";
    impl_->change([&](ApiState& state) {
        while (!documents.empty()) {
            const std::size_t end = documents.find(kEnd);
            state.store.put(documents.substr(0, end));
            documents.remove_prefix(end == std::string_view::npos ? documents.size()
                                                                  : end + kEnd.size());
        }
    });
}

void TestApiServer::put_raw(std::string_view resource, std::string_view ns, std::string_view name,
                            std::string text) {
    impl_->change([&](ApiState& state) {
        state.store.put_raw(*find_plural(resource), ns, name, std::move(text));
    });
}

void TestApiServer::remove(std::string_view resource, std::string_view ns, std::string_view name) {
    impl_->change([&](ApiState& state) { state.store.remove(*find_plural(resource), ns, name); });
}

std::optional<std::string> TestApiServer::get(std::string_view resource, std::string_view ns,
                                              std::string_view name) const {
    const std::scoped_lock lock(impl_->state.mutex);
    const StoredPtr object = impl_->state.store.find(*find_plural(resource), ns, name);
    if (!object) {
        return std::nullopt;
    }
    std::string text;
    object->append_document(text);
    return text;
}

std::vector<std::string> TestApiServer::list(std::string_view resource) const {
    const std::scoped_lock lock(impl_->state.mutex);
    std::vector<std::string> texts;
    for (const StoredPtr& object : impl_->state.store.list(*find_plural(resource), "", {})) {
        object->append_document(texts.emplace_back());
    }
    return texts;
}

std::size_t TestApiServer::count(std::string_view resource) const {
    const std::scoped_lock lock(impl_->state.mutex);
    return impl_->state.store.list(*find_plural(resource), "", {}).size();
}

void TestApiServer::load(const BulkSpec& spec) {
    impl_->change([&](ApiState& state) { state.store.load(spec); });
    expire_watches("services");
    expire_watches("endpointslices");
}

void TestApiServer::change_slice(const BulkSpec& spec, uint32_t index, uint32_t generation) {
    impl_->change([&](ApiState& state) { state.store.change_slice(spec, index, generation); });
}

uint64_t TestApiServer::resource_version() const {
    const std::scoped_lock lock(impl_->state.mutex);
    return impl_->state.store.version();
}

void TestApiServer::compact() {
    impl_->change([](ApiState& state) { state.store.compact(); });
}

void TestApiServer::inject(ApiFault fault) {
    impl_->change([&](ApiState& state) { state.faults.push_back(std::move(fault)); });
}

void TestApiServer::clear_faults() {
    impl_->change([](ApiState& state) { state.faults.clear(); });
}

void TestApiServer::cut(Cut how, bool mid_event) {
    impl_->cut_all(how, mid_event);
}

void TestApiServer::freeze(bool frozen) {
    impl_->state.switches.frozen = frozen;
    impl_->wake_all();
}

void TestApiServer::expire_watches(std::string_view resource) {
    impl_->change([&](ApiState& state) {
        for (auto& [each, orders] : state.expire_orders) {
            orders += resource.empty() || each->plural == resource ? 1 : 0;
        }
    });
}

void TestApiServer::send_bookmarks() {
    impl_->change([](ApiState& state) { ++state.bookmark_orders; });
}

std::vector<SeenRequest> TestApiServer::requests() const {
    const std::scoped_lock lock(impl_->state.mutex);
    std::vector<SeenRequest> copies;
    for (const auto& seen : impl_->state.seen) {
        copies.push_back(*seen);
    }
    return copies;
}

std::size_t TestApiServer::requests(std::string_view verb, std::string_view resource) const {
    const std::scoped_lock lock(impl_->state.mutex);
    const auto& all = impl_->state.seen;
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& seen) {
        return (verb.empty() || seen->verb == verb) &&
               (resource.empty() || seen->resource == resource);
    }));
}

void TestApiServer::forget_requests() {
    const std::scoped_lock lock(impl_->state.mutex);
    impl_->state.seen.clear();
}

std::size_t TestApiServer::watches(std::string_view resource) const {
    const std::scoped_lock lock(impl_->clients_mutex);
    return static_cast<std::size_t>(
        std::count_if(impl_->clients.begin(), impl_->clients.end(), [&](const auto& client) {
            const ApiResource* watched = client.session.watching();
            return watched != nullptr && (resource.empty() || watched->plural == resource);
        }));
}

}  // namespace sy::lab
