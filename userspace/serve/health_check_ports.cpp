#include "serve/health_check_ports.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "serve/pages.h"

namespace sy {
namespace {

constexpr Duration kRetryFirst = std::chrono::seconds(1);
constexpr Duration kRetryLimit = std::chrono::minutes(1);

}  // namespace

HealthCheckPorts::HealthCheckPorts(Config config, const NodePortSelection& selection)
    : config_(std::move(config)) {
    select(selection);
}

void HealthCheckPorts::select(const NodePortSelection& selection) {
    wanted_.everywhere = families_everywhere(selection);
}

void HealthCheckPorts::on_committed(const Commit& commit) {
    std::unordered_set<ServiceName> failed;
    for (const Quarantined& one : commit.quarantined) {
        failed.insert(one.service);
    }
    for (const ServiceName& name : commit.delta.removed) {
        if (!failed.contains(name)) {
            table_.removed(name);
        }
    }
    for (const auto& plan : commit.delta.changed) {
        if (failed.empty() || !failed.contains(plan->name)) {
            table_.committed(*plan);
        }
    }
    wanted_.version = table_.version();
    if (wanted_.addresses != commit.facts.nodeport_addresses) {
        wanted_.addresses = commit.facts.nodeport_addresses;
    }
}

void HealthCheckPorts::on_synced() {
    if (wanted_ != opened_) {
        reconcile();
        return;
    }
    for (const auto& [wanted, listener] : listeners_) {
        listener->retry();
    }
}

void HealthCheckPorts::on_unchanged() {
    if (wanted_ != opened_) {
        reconcile();
    }
}

void HealthCheckPorts::reconcile() {
    opened_ = wanted_;
    const auto all = table_.listeners(wanted_.everywhere, wanted_.addresses);
    // First what is not wanted any more: its port may be wanted by another Service.
    std::erase_if(listeners_, [&all](const auto& open) { return !all.contains(open.first); });
    for (const HealthCheckListener& wanted : all) {
        if (const auto known = listeners_.find(wanted); known != listeners_.end()) {
            known->second->retry();
        } else {
            open(wanted);
        }
    }
}

void HealthCheckPorts::open(const HealthCheckListener& wanted) {
    const auto answer = [this, name = wanted.service,
                         family = wanted.address.ip.family()](const HttpRequest&) {
        return health_check_page(name, table_.local_endpoints(name, family),
                                 config_.proxy_healthy());
    };
    const auto failed = [this, wanted](const Error& error, unsigned attempt) {
        if (attempt == 1) {
            report(wanted, error);
        }
    };
    listeners_[wanted] = std::make_unique<Listener>(config_.io, Listener::Plan{
                                                                    .address = wanted.address,
                                                                    .handler = answer,
                                                                    .retry_first = kRetryFirst,
                                                                    .retry_limit = kRetryLimit,
                                                                    .failed = failed,
                                                                });
}

void HealthCheckPorts::report(const HealthCheckListener& wanted, const Error& error) {
    const std::string message = fmt::format(
        "node {} failed to start healthcheck \"{}\" on port {}, will retry: {}", config_.node_name,
        wanted.service.to_string(), wanted.address.port.number(), error.message());
    config_.log.warning(message);
    if (config_.events != nullptr) {
        config_.events->record({.kind = "Service",
                                .ns = wanted.service.ns,
                                .name = wanted.service.name,
                                .severity = EventSeverity::warning,
                                .reason = "FailedToStartServiceHealthcheck",
                                .message = message});
    }
}

void HealthCheckPorts::close() {
    listeners_.clear();
}

std::size_t HealthCheckPorts::listening() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(listeners_, [](const auto& one) { return one.second->listening(); }));
}

}  // namespace sy
