#include "agent/agent.h"

#include <utility>

#include "agent/agent_impl.h"

namespace sy {

Agent::Agent(AgentParts parts, AgentOptions options)
    : impl_(std::make_shared<Impl>(std::move(parts), std::move(options))) {}

Agent::~Agent() {
    impl_->stop();
}

void Agent::start() {
    impl_->start();
}
void Agent::stop() {
    impl_->stop();
}
void Agent::on_events(std::vector<Event> events) {
    impl_->on_events(std::move(events));
}
void Agent::on_addresses(std::vector<IpAddr> addresses) {
    impl_->on_addresses(std::move(addresses));
}
void Agent::reconfigure(const NodeOptions& node, const Pacer::Config& pace,
                        const Quarantine::Config& quarantine) {
    impl_->reconfigure(node, pace, quarantine);
}
void Agent::request_audit() {
    impl_->request_audit();
}

}  // namespace sy
