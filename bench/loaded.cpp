#include "bench/loaded.h"

#include <limits>
#include <utility>

#include "bench/cluster.h"

namespace sy::bench {

Loaded::Loaded(const BackendEntry& entry, const BackendSettings& settings, uint32_t services,
               uint32_t endpoints)
    : state_(symbols_, kNodeName) {
    auto made = entry.make(settings, log_);
    if (!made) {
        give_up(made.error().message());
    }
    backend_ = std::move(*made);
    for (const auto& step : {backend_->probe(), read()}) {
        if (!step) {
            give_up(step.error().message());
        }
    }
    for (auto& event : make_events(symbols_, 0, services, endpoints)) {
        state_.apply(std::move(event));
    }
    add_udp(endpoints);
    apply(lists_complete());
}

void Loaded::apply(std::vector<Event> events) {
    for (auto& event : events) {
        state_.apply(std::move(event));
    }
    const auto delta = state_.take(std::numeric_limits<std::size_t>::max());
    const auto report = backend_->apply(delta, facts_, true);
    if (report.failure) {
        give_up(report.failure->message());
    }
}

Result<void> Loaded::read() {
    if (auto adopted = backend_->adopt(); !adopted) {
        return std::unexpected(adopted.error());
    }
    return {};
}

void Loaded::add_udp(uint32_t endpoints) {
    Service service = make_service(0);
    service.name.name = "udp";
    service.cluster_ip = kUdpService;
    service.ports.front().protocol = Protocol::udp;
    EndpointSlice slice = make_slice(symbols_, 0, endpoints);
    slice.service = service.name.name;
    slice.name = "udp-1";
    slice.ports.front().protocol = Protocol::udp;
    state_.apply(Upserted{service});
    state_.apply(Upserted{slice});
}

}  // namespace sy::bench
