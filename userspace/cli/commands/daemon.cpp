#include "cli/commands/daemon.h"

#include <fmt/format.h>
#include <malloc.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/agent.h"
#include "agent/fd_watch.h"
#include "agent/worker.h"
#include "backends/kube_proxy/leftovers.h"
#include "backends/registry.h"
#include "cli/commands/feed.h"
#include "cli/commands/flow_pass.h"
#include "cli/commands/others.h"
#include "config/reload.h"
#include "kube/event_recorder.h"
#include "os/addresses.h"
#include "os/instance_lock.h"
#include "serve/servers.h"
#include "source/manifest/file_watch.h"

namespace sy {
namespace {

Pacer::Config pace_of(const Options& options) {
    Pacer::Config pace;
    pace.min_period = options.min_sync_period;
    pace.retry_limit = options.sync_period;
    return pace;
}

ServersOptions servers_options(const Options& options) {
    return {.addresses = options.serving,
            .sync_period = options.sync_period,
            .node_required = options.api.has_value(),
            .nodeports = options.node.nodeports,
            .proxy_mode = options.proxy_mode,
            .configz = options.configz};
}

/// Hands events on once there is somebody to take them.
class EventRelay : public EventSink {
  public:
    void record(ClusterEvent event) override {
        if (sink) {
            sink->record(std::move(event));
        }
    }
    std::unique_ptr<EventSink> sink;
};

}  // namespace

class Daemon::Impl {
  public:
    Impl(Options options, Reload reload, ConfigurableLog& log)
        : options_(std::move(options)),
          mode_(*find_backend(options_.proxy_mode)),
          reload_(std::move(reload)),
          log_(log) {}

    int run() {
        if (const auto ready = begin(); !ready) {
            log_.error(ready.error().message());
            return 1;
        }
        io_.run();
        return exit_code_;
    }

  private:
    Result<void> begin();
    Result<void> open_kernel();
    Result<void> open_backend();
    void make_servers();
    Result<void> open_feed();
    void make_agent(std::unique_ptr<Backend> backend);
    void on_synced();
    void go_on_retiring();
    void write_settings();

    void follow_addresses();
    void follow_signals();
    Result<void> follow_configuration();
    void reload();
    void take_over(Options options);

    void fail_with(const Error& error);
    void end();

    Options options_;
    const BackendEntry& mode_;
    Reload reload_;
    ConfigurableLog& log_;
    int exit_code_ = 0;
    std::optional<InstanceLock> lock_;
    Symbols symbols_;
    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
    boost::asio::steady_timer retiring_{io_};
    std::optional<AddressWatch> addresses_;
    std::optional<FdWatch> address_fd_;
    std::optional<InstanceLock> place_;
    std::optional<FlowPass> flows_;
    EventRelay events_;
    std::optional<Servers> servers_;
    std::unique_ptr<Feed> feed_;
    std::optional<FileWatch> configuration_;
    /// For the thread of the chores only.
    Retirements retirements_;
    Worker chores_;
    std::optional<Agent> agent_;  // last: its threads use the rest
};

Result<void> Daemon::Impl::begin() {
    if (auto opened = open_kernel(); !opened) {
        return opened;
    }
    make_servers();
    // Before the backend, so that a path or a kubeconfig that cannot be read is told at once.
    if (auto opened = open_feed(); !opened) {
        return opened;
    }
    if (auto opened = open_backend(); !opened) {
        return opened;
    }
    follow_addresses();
    follow_signals();
    if (auto followed = follow_configuration(); !followed) {
        return followed;
    }
    servers_->start();
    auto started = feed_->source().start(
        [this](std::vector<Event> events) { agent_->on_events(std::move(events)); });
    if (!started) {
        return started;
    }
    agent_->start();
    events_.record({.kind = "Node",
                    .ns = {},
                    .name = options_.node_name,
                    .severity = EventSeverity::normal,
                    .reason = "Starting",
                    .message = fmt::format("switchyard {}, mode {}", SWITCHYARD_VERSION,
                                           options_.proxy_mode)});
    return {};
}

Result<void> Daemon::Impl::open_kernel() {
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
    return {};
}

Result<void> Daemon::Impl::open_backend() {
    auto place = lock_place(mode_, options_.backend);
    if (!place) {
        return std::unexpected(place.error());
    }
    place_ = std::move(*place);
    auto backend = mode_.make(options_.backend, log_);
    if (!backend) {
        return std::unexpected(backend.error());
    }
    auto tracked = ConntrackPruner::open();
    if (!tracked) {
        return std::unexpected(tracked.error());
    }
    flows_.emplace(std::move(*tracked), (*backend)->socket_pruner());
    if (auto reader = (*backend)->traffic_reader()) {
        servers_->show_traffic(std::move(reader), options_.metrics_max_services);
    }
    make_agent(std::move(*backend));
    return {};
}

void Daemon::Impl::make_servers() {
    servers_.emplace(Servers::Parts{.io = io_,
                                    .log = log_,
                                    .events = &events_,
                                    .node_name = options_.node_name,
                                    .build = {.version = SWITCHYARD_VERSION},
                                    // Later: it may be that the rest has yet to begin.
                                    .on_fatal =
                                        [this](const Error& error) {
                                            boost::asio::post(io_,
                                                              [this, error] { fail_with(error); });
                                        }},
                     servers_options(options_));
}

Result<void> Daemon::Impl::open_feed() {
    auto feed =
        Feed::open({.io = io_,
                    .log = log_,
                    .symbols = symbols_,
                    .watches = servers_->metrics(),
                    .on_answer =
                        [this](std::string_view method, std::string_view host, unsigned status) {
                            servers_->metrics().count_api_request(
                                status == 0 ? "<error>" : std::to_string(status), method, host);
                        }},
                   options_);
    if (!feed) {
        return std::unexpected(feed.error());
    }
    feed_ = std::move(*feed);
    if (ApiClient* api = feed_->api()) {
        events_.sink =
            make_event_recorder(io_, *api, log_, {.node = options_.node_name, .on_dropped = [this] {
                                                      servers_->metrics().count_dropped_event();
                                                  }});
    }
    return {};
}

void Daemon::Impl::make_agent(std::unique_ptr<Backend> backend) {
    agent_.emplace(
        AgentParts{
            .io = io_,
            .log = log_,
            .symbols = symbols_,
            .backend = std::move(backend),
            .prune_flows = [this](const UdpSuspects& suspects) { return flows_->run(suspects); },
            .observer = *servers_,
            .on_synced = [this] { on_synced(); },
            // What the C library holds back for itself, others can use.
            .on_bulk_done = [this] { chores_.post([] { malloc_trim(0); }); },
            .on_fatal = [this](const Error& error) { fail_with(error); },
        },
        AgentOptions{.node_name = options_.node_name,
                     .node = options_.node,
                     .pace = pace_of(options_),
                     .quarantine = options_.quarantine});
    agent_->on_addresses(addresses_->addresses());
}

void Daemon::Impl::on_synced() {
    // Only now is connection tracking certainly there, and the kernel may take its time with it.
    write_settings();
    // Not before: rules that are stale are better than none.
    chores_.post([this, settings = options_.backend] {
        retirements_ = retire_others(mode_, settings, log_);
        go_on_retiring();
        kube_proxy::remove_leftovers(settings.ipvs.exclude_cidrs, log_);
    });
}

/// On the thread of the chores.
void Daemon::Impl::go_on_retiring() {
    const auto wait = go_on_with(retirements_, log_);
    if (!wait) {
        return;
    }
    boost::asio::post(io_, [this, wait] {
        retiring_.expires_after(*wait);
        retiring_.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                chores_.post([this] { go_on_retiring(); });
            }
        });
    });
}

void Daemon::Impl::write_settings() {
    chores_.post([this, settings = options_.kernel] {
        apply_kernel_settings(settings, std::thread::hardware_concurrency(), Sysctl{}, log_);
    });
}

void Daemon::Impl::follow_addresses() {
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

void Daemon::Impl::follow_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) {
            return;
        }
        if (signal != SIGHUP) {
            log_.info("ending; the rules stay");
            end();
            return;
        }
        log_.info("reading configuration and manifests again and checking the kernel");
        follow_signals();
        feed_->look_again();
        agent_->request_audit();
        reload();
    });
}

Result<void> Daemon::Impl::follow_configuration() {
    if (options_.config_file.empty()) {
        return {};
    }
    configuration_.emplace(io_, log_, options_.config_file);
    // Told once in any case: the file may have changed since it was read.
    return configuration_->start({}, [this](const std::string&) { reload(); });
}

void Daemon::Impl::reload() {
    if (options_.config_file.empty()) {
        return;
    }
    Loading loading = reload_();
    if (!loading.errors.empty()) {
        for (const std::string& error : loading.errors) {
            log_.error(error);
        }
        log_.error("the configuration that is in force stays");
        servers_->metrics().count_config_reload(false);
        return;
    }
    const ReloadPlan plan = compare(options_, loading.options);
    if (!plan.restart.empty()) {
        fail_with({.what = plan.restart_reason(), .on = options_.config_file, .code = 0});
        return;
    }
    if (plan.nothing()) {
        return;
    }
    servers_->metrics().count_config_reload(true);
    for (const std::string& warning : loading.options.warnings) {
        log_.warning(warning);
    }
    log_.info(fmt::format("took over from the configuration: {}", fmt::join(plan.now, ", ")));
    take_over(std::move(loading.options));
}

void Daemon::Impl::take_over(Options options) {
    const bool settings = !(options.kernel == options_.kernel);
    options_ = std::move(options);
    log_.configure(options_.log);
    servers_->reconfigure(servers_options(options_));
    agent_->reconfigure(options_.node, pace_of(options_), options_.quarantine);
    if (settings) {
        write_settings();
    }
}

void Daemon::Impl::fail_with(const Error& error) {
    log_.error(error.message());
    exit_code_ = 1;
    end();
}

void Daemon::Impl::end() {
    // A second signal ends the process the hard way.
    signals_.clear();
    configuration_.reset();
    feed_->source().stop();
    agent_->stop();
    servers_->stop();
    io_.stop();
}

Daemon::Daemon(Options options, Reload reload, ConfigurableLog& log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(reload), log)) {}

Daemon::~Daemon() = default;

int Daemon::run() {
    return impl_->run();
}

}  // namespace sy
