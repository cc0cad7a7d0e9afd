#include "serve/servers.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "serve/health.h"
#include "serve/health_check_ports.h"
#include "serve/listener.h"
#include "serve/pages.h"
#include "serve/traffic_poll.h"

namespace sy {
namespace {

constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

HealthState::Config health_config(const ServersOptions& options) {
    return {.timeout = 2 * options.sync_period, .node_required = options.node_required};
}

/// The component's own health as Kubernetes' SLI metrics have it.
std::string sli_text(bool healthy) {
    return fmt::format(
        "# HELP kubernetes_healthcheck Whether a health check passes: 1, or not: 0.\n"
        "# TYPE kubernetes_healthcheck gauge\n"
        "kubernetes_healthcheck{{name=\"proxy\",type=\"livez\"}} {}\n",
        healthy ? 1 : 0);
}

}  // namespace

class Servers::Impl {
  public:
    Impl(Parts parts_in, ServersOptions options_in)
        : parts(std::move(parts_in)),
          options(std::move(options_in)),
          metrics(parts.build, [] { return std::chrono::system_clock::now(); }),
          health(health_config(options), Moment::now()),
          health_checks({.io = parts.io,
                         .log = parts.log,
                         .events = parts.events,
                         .node_name = parts.node_name,
                         .proxy_healthy = [this] { return health.healthy(Moment::now()); }},
                        options.nodeports) {}

    void listen() {
        const auto& addresses = options.addresses;
        follow(health_listener, addresses.healthz, "health",
               [this](const HttpRequest& request) { return health_port(request); });
        follow(metrics_listener, addresses.metrics, "metrics",
               [this](const HttpRequest& request) { return metrics_port(request); });
    }

    /// Makes `listener` listen on `address`; leaves it alone if it does.
    void follow(std::unique_ptr<Listener>& listener, const std::optional<SocketAddress>& address,
                std::string_view what, HttpHandler handler) {
        if (listener && address && listener->address() == *address) {
            return;
        }
        listener.reset();
        if (!address) {
            return;
        }
        listener = std::make_unique<Listener>(
            parts.io, Listener::Plan{.address = *address,
                                     .wildcard = HttpServer::Wildcard::both_families,
                                     .handler = std::move(handler),
                                     .failed = [this, what](const Error& error, unsigned) {
                                         failed(what, error);
                                     }});
    }

    void failed(std::string_view what, const Error& error) {
        if (options.addresses.bind_hard_fail) {
            parts.on_fatal(error);
            return;
        }
        parts.log.error(fmt::format("the {} server cannot be started, will retry in 5 s: {}", what,
                                    error.message()));
    }

    HttpResponse health_port(const HttpRequest& request) {
        const Moment now = Moment::now();
        if (request.path == "/healthz") {
            const auto report = health.healthz(now);
            metrics.count_healthz(report.ok());
            return health_page(report);
        }
        if (request.path == "/livez") {
            const auto report = health.livez(now);
            metrics.count_livez(report.ok());
            return health_page(report);
        }
        return request.path == "/readyz" ? ready_page(readiness) : not_found_page();
    }

    HttpReply metrics_port(const HttpRequest& request) {
        HttpReply reply = metrics_page(request);
        reply.response.headers.emplace_back("X-Content-Type-Options", "nosniff");
        if (request.path == "/metrics" && traffic) {
            reply.body_later = [this](HttpReply::Body done) {
                traffic->refresh([this, done = std::move(done)] { done(metrics.text()); });
            };
        }
        return reply;
    }

    HttpResponse metrics_page(const HttpRequest& request) const {
        HttpResponse page;
        if (request.path == "/metrics") {
            page = text_page(traffic ? std::string() : metrics.text());
            page.content_type = kMetricsType;
        } else if (request.path == "/metrics/slis") {
            page = text_page(sli_text(health.healthy(Moment::now())));
            page.content_type = kMetricsType;
        } else if (request.path == "/healthz") {
            page = text_page("ok");
        } else if (request.path == "/proxyMode") {
            page = text_page(options.proxy_mode);
        } else if (request.path == "/configz") {
            page = text_page(options.configz);
            page.content_type = "application/json";
        } else {
            page = not_found_page();
        }
        return page;
    }

    Parts parts;
    ServersOptions options;
    Metrics metrics;
    HealthState health;
    Readiness readiness;
    HealthCheckPorts health_checks;
    std::unique_ptr<TrafficPoll> traffic;
    std::unique_ptr<Listener> health_listener;
    std::unique_ptr<Listener> metrics_listener;
};

Servers::Servers(Parts parts, ServersOptions options)
    : impl_(std::make_unique<Impl>(std::move(parts), std::move(options))) {}
Servers::~Servers() = default;

void Servers::start() {
    impl_->listen();
}

void Servers::reconfigure(ServersOptions options) {
    impl_->options = std::move(options);
    impl_->health.configure(health_config(impl_->options));
    impl_->health_checks.select(impl_->options.nodeports);
    impl_->listen();
}

void Servers::stop() {
    impl_->health_listener.reset();
    impl_->metrics_listener.reset();
    impl_->health_checks.close();
}

void Servers::show_traffic(std::unique_ptr<TrafficReader> reader, std::size_t limit) {
    impl_->metrics.show_traffic(limit);
    impl_->traffic = std::make_unique<TrafficPoll>(
        impl_->parts.io, std::move(reader),
        [impl = impl_.get()](TrafficRead read) { impl->metrics.on_traffic(std::move(read)); },
        Clock::now);
}

Metrics& Servers::metrics() {
    return impl_->metrics;
}

void Servers::on_changes(const ChangesSeen& seen) {
    impl_->metrics.on_changes(seen);
    impl_->health.queued(seen.families, Moment::now());
}

void Servers::on_lists(bool services, bool slices) {
    impl_->readiness.set_lists(services, slices);
    if (services && slices) {
        impl_->health.lists_complete(Moment::now());
    }
}

void Servers::on_node(const Node* node) {
    impl_->health.set_node(node);
}

void Servers::on_sync_begun() {
    impl_->metrics.on_sync_begun();
    impl_->health.sync_begun();
}

void Servers::on_sync_skipped() {
    impl_->health.sync_ended(true, Moment::now());
    impl_->health_checks.on_unchanged();
}

void Servers::on_committed(const Commit& commit) {
    impl_->metrics.on_committed(commit);
    impl_->health_checks.on_committed(commit);
}

void Servers::on_sync_ended(const SyncEnd& end) {
    impl_->metrics.on_sync_ended(end);
    impl_->health.sync_ended(end.ok, Moment::now());
    if (end.ok) {
        impl_->health_checks.on_synced();
    }
}

void Servers::on_first_sync() {
    impl_->readiness.set_synced();
}

void Servers::on_quarantined(const ServiceName& name, const Error& error) {
    impl_->metrics.on_quarantined(name, error);
    if (impl_->parts.events != nullptr) {
        impl_->parts.events->record(
            {.kind = "Service",
             .ns = name.ns,
             .name = name.name,
             .severity = EventSeverity::warning,
             .reason = "FailedToProgramService",
             .message = fmt::format("node {} cannot program it, will retry: {}",
                                    impl_->parts.node_name, error.message())});
    }
}
void Servers::on_cured(const ServiceName& name) {
    impl_->metrics.on_cured(name);
}
void Servers::on_audited(const Result<KernelReport>& report) {
    impl_->metrics.on_audited(report);
}
void Servers::on_flows_pruned(const FlowPassEnd& end) {
    impl_->metrics.on_flows_pruned(end);
}

}  // namespace sy
