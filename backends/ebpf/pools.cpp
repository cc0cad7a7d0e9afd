#include "backends/ebpf/pools.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace sy::ebpf {
namespace {

static_assert(kPoolFull == ENOSPC);

std::unexpected<Error> full(std::string_view map, std::size_t in_use, uint32_t limit,
                            std::string_view flag) {
    return fail("the map " + std::string(map) + " is full: " + std::to_string(in_use) +
                    " elements in use, the limit is " + std::to_string(limit) + " (" +
                    std::string(flag) + ")",
                {}, kPoolFull);
}

}  // namespace

Pools::Pools(const EbpfSettings& limits)
    : limits_(limits),
      ids_(limits.max_services),
      runs_(slots_limit(limits)),
      endpoints_{EndpointPool(limits.max_endpoints), EndpointPool(limits.max_endpoints)} {}

Result<uint32_t> Pools::take_id() {
    if (const auto id = ids_.take()) {
        return *id;
    }
    return full("services", ids_.in_use(), limits_.max_services, "--ebpf-max-services");
}

Result<uint32_t> Pools::take_run(uint32_t count) {
    if (const auto base = runs_.take(count)) {
        return *base;
    }
    return full("slots", runs_.in_use(), runs_.limit(), "--ebpf-max-endpoints");
}

Result<uint32_t> Pools::intern(const EndpointAddr& address) {
    const auto family = address.ip.family();
    auto& pool = endpoints_[index_of(family)];
    if (const auto index = pool.intern(address)) {
        return *index;
    }
    return full(family == Family::ipv4 ? "endpoints4" : "endpoints6", pool.indexes().in_use(),
                limits_.max_endpoints, "--ebpf-max-endpoints");
}

Pools::Mark Pools::mark() const {
    return {ids_.mark(),
            runs_.mark(),
            {endpoints_[0].indexes().mark(), endpoints_[1].indexes().mark()}};
}

void Pools::release(const Mark& mark) {
    ids_.release(mark.ids);
    runs_.release(mark.runs);
    endpoints_[0].release(mark.endpoints[0]);
    endpoints_[1].release(mark.endpoints[1]);
}

void Pools::settle(const Book::Stage& stage) {
    // What only changes is removed and added: first into limbo, then back.
    for (const auto& op : stage.remove) {
        retire(op.object);
    }
    for (const auto& op : stage.add) {
        const auto& entry = op.object;
        if (entry.kind() == Kind::service) {
            ids_.keep(entry.index());
            if (sy_service_count(entry.word()) > 0) {
                runs_.keep(sy_service_base(entry.word()));
            }
        } else if (entry.kind() == Kind::endpoint4 || entry.kind() == Kind::endpoint6) {
            endpoints_[index_of(entry.family())].keep(entry.index());
        }
    }
    release({});
}

void Pools::retire(const Entry& entry) {
    if (entry.kind() == Kind::service) {
        ids_.retire(entry.index());
        if (sy_service_count(entry.word()) > 0) {
            runs_.retire(sy_service_base(entry.word()));
        }
    } else if (entry.kind() == Kind::endpoint4 || entry.kind() == Kind::endpoint6) {
        endpoints_[index_of(entry.family())].retire(entry.index());
    }
}

std::vector<uint32_t> Pools::drain() {
    runs_.drain();
    endpoints_[0].drain();
    endpoints_[1].drain();
    return ids_.drain();
}

std::size_t Pools::limbo() const {
    return ids_.limbo() + runs_.limbo() + endpoints_[0].indexes().limbo() +
           endpoints_[1].indexes().limbo();
}

bool Pools::covers(const Demand& demand, const Sizes& sizes) const {
    return demand.ids <= ids_.available(sizes.services) &&
           runs_.surely_available(demand.slots, demand.longest, sizes.slots) &&
           demand.endpoints[0] <= endpoints_[0].indexes().available(sizes.endpoints4) &&
           demand.endpoints[1] <= endpoints_[1].indexes().available(sizes.endpoints6);
}

Needs Pools::needs() const {
    return {.frontends4 = 0,
            .frontends6 = 0,
            .services = ids_.extent(),
            .slots = runs_.extent(),
            .endpoints4 = endpoints_[0].indexes().extent(),
            .endpoints6 = endpoints_[1].indexes().extent(),
            .clients = 0};
}

}  // namespace sy::ebpf
