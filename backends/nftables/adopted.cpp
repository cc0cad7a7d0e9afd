#include "backends/nftables/adopted.h"

#include <algorithm>
#include <tuple>

#include "backends/nftables/vocabulary.h"
#include "backends/nftables/word.h"

namespace sy::nft {
namespace {

std::pair<Family, uint32_t> group_of(const Element& element) {
    return {element.family(), owner_id(element).value_or(0)};
}

bool is_frontend(const Element& element) {
    return element.set() == SetId::frontends || element.set() == SetId::nodeports;
}

}  // namespace

Adopted::Adopted(std::vector<Element> elements) : by_id_(std::move(elements)) {
    std::ranges::copy_if(by_id_, std::back_inserter(frontends_), is_frontend);
    std::ranges::sort(frontends_);
    std::ranges::sort(by_id_, {}, group_of);
}

std::set<std::pair<Family, uint32_t>> Adopted::ids() const {
    std::set<std::pair<Family, uint32_t>> result;
    for (const auto& element : by_id_) {
        result.insert(result.end(), group_of(element));
    }
    return result;
}

std::vector<Element> Adopted::claim(const ServicePlan& plan) {
    std::vector<Element> result;
    for (const auto& port : plan.ports) {
        for (const auto& frontend : port.frontends) {
            const auto probe =
                frontend.kind == FrontendKind::node_port
                    ? nodeport_element(port.family, port.protocol, frontend.port, 0)
                    : frontend_element(frontend.address, port.protocol, frontend.port, 0);
            const auto found = std::ranges::lower_bound(frontends_, probe);
            if (found == frontends_.end() || !found->same_key(probe) ||
                !claimed_.insert(group_of(*found)).second) {
                continue;
            }
            const auto group = std::ranges::equal_range(by_id_, group_of(*found), {}, group_of);
            result.insert(result.end(), group.begin(), group.end());
        }
    }
    std::ranges::sort(result);
    return result;
}

std::vector<Element> Adopted::rest() const {
    std::vector<Element> result;
    std::ranges::copy_if(by_id_, std::back_inserter(result), [&](const Element& element) {
        return !claimed_.contains(group_of(element));
    });
    return result;
}

std::set<EndpointAddr> Adopted::udp_frontends() const {
    std::set<EndpointAddr> result;
    for (const auto& element : frontends_) {
        const auto key =
            element.set() == SetId::frontends ? frontend_key(element) : nodeport_key(element);
        if (key.protocol == Protocol::udp) {
            result.insert({key.address, key.port});
        }
    }
    return result;
}

}  // namespace sy::nft
