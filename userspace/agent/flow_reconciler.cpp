#include "agent/flow_reconciler.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_set>
#include <utility>

#include "agent/clock.h"
#include "agent/worker.h"

namespace sy {

namespace {
constexpr Duration kRetryFirst = std::chrono::seconds(1);
constexpr Duration kRetryLimit = std::chrono::minutes(1);
/// A pass walks the whole connection table of the kernel, however little is in it: where endpoints
/// change all the time, a tenth of a processor goes into passes and no more.
constexpr int kRestPerPass = 9;
}  // namespace

struct FlowReconciler::Impl : std::enable_shared_from_this<Impl> {
    Impl(boost::asio::io_context& io_context, Log& log_sink, Pass run, Ended on_end)
        : io(io_context),
          log(log_sink),
          pass(std::move(run)),
          ended(std::move(on_end)),
          wake(io_context) {}

    void pump() {
        if (!open || running || resting || !table.has_suspects() || !worker) {
            return;
        }
        running = true;
        // The reconciler, which joins the thread, outlives the work; the strand's part may not.
        worker->post([this, weak = weak_from_this(), suspects = table.take_suspects()]() mutable {
            const TimePoint begun = Clock::now();
            auto result = pass(suspects);
            boost::asio::post(io, [weak, took = Clock::now() - begun, result = std::move(result),
                                   suspects = std::move(suspects)] {
                const auto self = weak.lock();
                if (self && self->worker) {
                    self->done(result, suspects, took);
                }
            });
        });
    }

    void done(const Result<FlowReport>& result, const UdpSuspects& suspects, Duration took) {
        running = false;
        ended({.ok = result.has_value(),
               .took = took,
               .deleted_ipv4 = result ? result->deleted_ipv4 : 0,
               .deleted_ipv6 = result ? result->deleted_ipv6 : 0,
               .ended_ipv4 = result ? result->ended_ipv4 : 0,
               .ended_ipv6 = result ? result->ended_ipv6 : 0});
        if (result) {
            failures = 0;
            rest(took * kRestPerPass);
            log.debug(fmt::format(
                "udp flows: {} seen, {} stale removed, {} sockets ended, {} frontends checked",
                result->seen, result->deleted_ipv4 + result->deleted_ipv6,
                result->ended_ipv4 + result->ended_ipv6, suspects.rules.size()));
            return;
        }
        table.suspect_again(suspects);
        ++failures;
        if (failures == 1) {
            log.warning("stale UDP flows could not be removed, will retry: " +
                        result.error().message());
        }
        rest(backoff(kRetryFirst, kRetryLimit, failures));
    }

    void rest(Duration time) {
        resting = true;
        wake.expires_after(time);
        wake.async_wait([weak = weak_from_this()](const boost::system::error_code&) {
            if (const auto self = weak.lock()) {
                self->resting = false;
                self->pump();
            }
        });
    }

    boost::asio::io_context& io;
    Log& log;
    Pass pass;
    Ended ended;
    boost::asio::steady_timer wake;
    UdpFrontends table;
    bool open = false;
    bool running = false;
    bool resting = false;
    unsigned failures = 0;
    std::unique_ptr<Worker> worker = std::make_unique<Worker>();
};

FlowReconciler::FlowReconciler(boost::asio::io_context& io, Log& log, Pass pass, Ended ended)
    : impl_(std::make_shared<Impl>(io, log, std::move(pass), std::move(ended))) {}

FlowReconciler::~FlowReconciler() {
    impl_->worker.reset();
    impl_->wake.cancel();
}

void FlowReconciler::committed(const PlanDelta& delta, const std::vector<Quarantined>& quarantined,
                               const std::vector<IpAddr>& nodeport_addresses) {
    std::unordered_set<ServiceName> failed;
    for (const Quarantined& q : quarantined) {
        failed.insert(q.service);
    }
    UdpFrontends& table = impl_->table;
    for (const ServiceName& name : delta.removed) {
        if (!failed.contains(name)) {
            table.removed(name);
        }
    }
    for (const auto& plan : delta.changed) {
        if (!failed.contains(plan->name)) {
            table.committed(*plan);
        }
    }
    table.set_nodeport_addresses(nodeport_addresses);
    impl_->pump();
}

void FlowReconciler::open(std::span<const EndpointAddr> orphans) {
    impl_->table.orphaned(orphans);
    impl_->open = true;
    impl_->pump();
}

}  // namespace sy
