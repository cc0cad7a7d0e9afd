// `switchyard run`: puts the parts together and lets them go.
#include <fmt/format.h>
#include <malloc.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "agent/agent.h"
#include "agent/fd_watch.h"
#include "agent/worker.h"
#include "backends/kube_proxy/leftovers.h"
#include "backends/registry.h"
#include "cli/commands/commands.h"
#include "cli/log_sink.h"
#include "os/addresses.h"
#include "os/conntrack.h"
#include "os/file_limit.h"
#include "os/instance_lock.h"
#include "serve/servers.h"
#include "source/manifest/source.h"

namespace sy {
namespace {

/// The daemon: everything on one strand but what blocks.
class Daemon {
  public:
    Daemon(const Options& options, Log& log) : options_(options), log_(log) {}

    int run() {
        if (const auto ready = begin(); !ready) {
            log_.error(ready.error().message());
            return 1;
        }
        io_.run();
        return exit_code_;
    }

  private:
    Result<void> begin() {
        auto lock = InstanceLock::take();
        if (!lock) {
            return std::unexpected(lock.error());
        }
        lock_.emplace(std::move(*lock));
        auto addresses = AddressWatch::open();
        if (!addresses) {
            return std::unexpected(addresses.error());
        }
        addresses_.emplace(std::move(*addresses));
        auto conntrack = ConntrackPruner::open();
        if (!conntrack) {
            return std::unexpected(conntrack.error());
        }
        conntrack_.emplace(std::move(*conntrack));
        // Before the backend, so that an unreadable path is told at once.
        source_.emplace(io_, symbols_, log_, options_.manifests);
        auto backend = find_backend(options_.proxy_mode)->make(log_);
        if (!backend) {
            return std::unexpected(backend.error());
        }
        make_servers();
        make_agent(std::move(*backend));
        follow_addresses();
        follow_signals();
        if (auto started = source_->start(
                [this](std::vector<Event> events) { agent_->on_events(std::move(events)); });
            !started) {
            return started;
        }
        agent_->start();
        return {};
    }

    Result<FlowReport> prune(const UdpSuspects& suspects) {
        const auto stale = [&suspects](const UdpFlow& flow) {
            return suspects.stale(flow.destination, flow.answering);
        };
        const auto report = conntrack_->prune(stale);
        if (!report) {
            return std::unexpected(report.error());
        }
        return FlowReport{.seen = report->seen,
                          .deleted_ipv4 = report->deleted - report->deleted_ipv6,
                          .deleted_ipv6 = report->deleted_ipv6};
    }

    void make_servers() {
        servers_.emplace(Servers::Parts{.io = io_,
                                        .log = log_,
                                        .events = nullptr,
                                        .node_name = options_.node_name,
                                        .build = {.version = SWITCHYARD_VERSION},
                                        .on_fatal = [this](const Error& error) { fail(error); }},
                         ServersOptions{.addresses = options_.serving,
                                        .sync_period = options_.sync_period,
                                        .node_required = false,
                                        .nodeports = options_.node.nodeports,
                                        .proxy_mode = options_.proxy_mode});
        servers_->start();
    }

    void make_agent(std::unique_ptr<Backend> backend) {
        AgentOptions options{
            .node_name = options_.node_name, .node = options_.node, .pace = {}, .quarantine = {}};
        options.pace.min_period = options_.min_sync_period;
        options.pace.retry_limit = options_.sync_period;
        agent_.emplace(
            AgentParts{
                .io = io_,
                .log = log_,
                .symbols = symbols_,
                .backend = std::move(backend),
                .prune_flows = [this](const UdpSuspects& suspects) { return prune(suspects); },
                .observer = *servers_,
                .on_synced =
                    [this] {
                        write_settings();
                        // Not before: rules that are stale are better than none.
                        chores_.post([this] { kube_proxy::remove_leftovers(log_); });
                    },
                // What the C library holds back for itself, others can use.
                .on_bulk_done = [this] { chores_.post([] { malloc_trim(0); }); },
                .on_fatal = [this](const Error& error) { fail(error); },
            },
            std::move(options));
        agent_->on_addresses(addresses_->addresses());
    }

    /// Only now is connection tracking certainly there, and the kernel may take its time with it.
    void write_settings() {
        chores_.post([this] {
            apply_kernel_settings(options_.kernel, std::thread::hardware_concurrency(), Sysctl{},
                                  log_);
        });
    }

    void follow_addresses() {
        address_fd_.emplace(io_, addresses_->fd(), [this] {
            const auto changed = addresses_->refresh();
            if (!changed) {
                log_.warning("changes of interface addresses may have been missed: " +
                             changed.error().message());
            } else if (*changed) {
                agent_->on_addresses(addresses_->addresses());
            }
            address_fd_->arm();
        });
        address_fd_->arm();
    }

    void follow_signals() {
        signals_.async_wait([this](const boost::system::error_code& error, int signal) {
            if (error) {
                return;
            }
            if (signal != SIGHUP) {
                log_.info("ending; the rules stay");
                end();
                return;
            }
            log_.info("reading the manifests again and checking the kernel");
            source_->rescan();
            agent_->request_audit();
            follow_signals();
        });
    }

    void fail(const Error& error) {
        log_.error(error.message());
        exit_code_ = 1;
        end();
    }

    void end() {
        // A second signal ends the process the hard way.
        signals_.clear();
        source_->stop();
        if (agent_) {
            agent_->stop();
        }
        servers_->stop();
        io_.stop();
    }

    const Options& options_;
    Log& log_;
    int exit_code_ = 0;
    std::optional<InstanceLock> lock_;
    Symbols symbols_;
    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
    std::optional<AddressWatch> addresses_;
    std::optional<FdWatch> address_fd_;
    std::optional<ConntrackPruner> conntrack_;
    std::optional<ManifestSource> source_;
    std::optional<Servers> servers_;
    Worker chores_;
    std::optional<Agent> agent_;  // last: its threads use the rest
};

}  // namespace

int run(const Options& options) {
    // A reader of our log that goes away must not take us with it.
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    // Plans are made on one thread and let go on another: arenas of their own would only fill with
    // holes, and no two threads allocate much at a time.
    mallopt(M_ARENA_MAX, 1);
    const auto log = make_log(options.log);
    for (const std::string& warning : options.warnings) {
        log->warning(warning);
    }
    log->info(fmt::format("switchyard {}: node {}, mode {}", SWITCHYARD_VERSION, options.node_name,
                          options.proxy_mode));
    return Daemon(options, *log).run();
}

}  // namespace sy
