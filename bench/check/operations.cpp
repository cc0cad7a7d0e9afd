#include "bench/check/operations.h"

#include <utility>
#include <vector>

#include "bench/check/counters.h"
#include "bench/cluster.h"
#include "bench/loaded.h"

namespace sy::bench {
namespace {

constexpr uint32_t kServices = 1000;
constexpr uint32_t kEndpoints = 3;
/// Of each kind, one after the other.
constexpr uint32_t kRepeats = 20;

std::vector<Event> new_service(Symbols& symbols, uint32_t i) {
    return make_events(symbols, kServices + i, kServices + i + 1, kEndpoints);
}

std::vector<Event> no_service(Symbols& symbols, uint32_t i) {
    const uint32_t index = kServices + i;
    const EndpointSlice slice = make_slice(symbols, index, kEndpoints);
    const ServiceName name = make_service(index).name;
    return {Removed{{Kind::endpoint_slice, slice.ns, slice.name}},
            Removed{{Kind::service, name.ns, name.name}}};
}

}  // namespace

Costs costs_of(const BackendEntry& entry, const BackendSettings& settings) {
    Costs costs;
    Counts before = counted();
    const auto note = [&](const std::string& operation) {
        costs[operation] = (counted() - before).named();
        before = counted();
    };
    Loaded loaded(entry, settings, kServices, kEndpoints);
    note("load 1000 Services");
    Symbols& symbols = loaded.symbols();
    const auto repeat = [&](const std::string& operation, auto events) {
        for (uint32_t i = 0; i < kRepeats; ++i) {
            loaded.apply(events(i));
        }
        note(operation);
    };
    const auto slice = [&](uint32_t i, uint32_t endpoints, uint32_t generation) {
        return std::vector<Event>{Upserted{make_slice(symbols, i, endpoints, generation)}};
    };
    repeat("replace an endpoint, 20 times", [&](uint32_t i) { return slice(i, kEndpoints, 1); });
    repeat("nothing new, 20 times", [&](uint32_t i) { return slice(i, kEndpoints, 1); });
    repeat("remove an endpoint, 20 times", [&](uint32_t i) { return slice(i, kEndpoints - 1, 0); });
    repeat("add an endpoint, 20 times", [&](uint32_t i) { return slice(i, kEndpoints, 0); });
    repeat("new Service, 20 times", [&](uint32_t i) { return new_service(symbols, i); });
    repeat("delete a Service, 20 times", [&](uint32_t i) { return no_service(symbols, i); });
    return costs;
}

}  // namespace sy::bench
