#include "model/merge.h"

#include <algorithm>
#include <compare>

namespace sy {
namespace {

struct Found {
    Candidate candidate;
    const EndpointSlice* slice = nullptr;
};

/// Orders by address, and for one address the copy that counts first. Copies inside one slice keep
/// the slice's order.
bool comes_before(const Found& a, const Found& b) {
    if (const auto order = a.candidate.address <=> b.candidate.address; order != 0) {
        return order < 0;
    }
    const auto& left = *a.candidate.endpoint;
    const auto& right = *b.candidate.endpoint;
    if (left.terminating != right.terminating) {
        return right.terminating;
    }
    if (left.ready != right.ready) {
        return left.ready;
    }
    if (left.serving != right.serving) {
        return left.serving;
    }
    if (a.slice != b.slice) {
        return a.slice->name < b.slice->name;
    }
    return a.candidate.endpoint < b.candidate.endpoint;
}

}  // namespace

bool is_usable(const EndpointSlice& slice, Family family) {
    return slice.family == family && !slice.headless;
}

std::vector<Candidate> merge_endpoints(std::span<const EndpointSlice* const> slices, Family family,
                                       Protocol protocol, std::string_view port_name) {
    std::vector<Found> found;
    for (const auto* slice : slices) {
        if (!is_usable(*slice, family)) {
            continue;
        }
        for (const auto& port : slice->ports) {
            if (port.protocol != protocol || port.name != port_name || port.port == Port{}) {
                continue;
            }
            for (const auto& endpoint : slice->endpoints) {
                if (endpoint.address.family() == family && !endpoint.address.is_unspecified()) {
                    found.push_back({{{endpoint.address, port.port}, &endpoint}, slice});
                }
            }
        }
    }
    std::ranges::sort(found, comes_before);
    std::vector<Candidate> merged;
    merged.reserve(found.size());
    for (const auto& one : found) {
        if (merged.empty() || merged.back().address != one.candidate.address) {
            merged.push_back(one.candidate);
        }
    }
    return merged;
}

}  // namespace sy
