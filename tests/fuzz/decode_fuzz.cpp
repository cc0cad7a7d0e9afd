// Any text into the decoder, what comes out into the cluster state and its policy.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "model/cluster_state.h"
#include "source/decode.h"

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

// What the plan promises, whatever the objects say.
void check(const sy::PlanDelta& delta) {
    for (const auto& plan : delta.changed) {
        for (const auto& port : plan->ports) {
            require(!port.frontends.empty());
            for (const auto& frontend : port.frontends) {
                require(frontend.address.family() == port.family);
            }
            for (const auto& endpoint : port.cluster) {
                require(endpoint.address.ip.family() == port.family);
                require(endpoint.address.port.number() != 0);
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    sy::Symbols symbols;
    sy::ClusterState state(symbols, "n1");
    sy::Decoder decoder(symbols);
    const auto decoded = decoder.decode_all(text, [&](sy::DecodeOutcome outcome) {
        if (auto* good = std::get_if<sy::Decoded>(&outcome)) {
            require(sy::key_of(good->object).to_string().size() < 1000);
            state.apply(sy::Upserted{std::move(good->object)});
        } else if (const auto* bad = std::get_if<sy::Malformed>(&outcome)) {
            require(!bad->fault.reason.empty() && bad->fault.text().size() < 2000);
            require(sy::json_offset(text, bad->fault.path) <= text.size());
        }
    });
    if (!decoded) {
        require(!decoded.error().what.empty());
    } else {
        // Our own strict reader and simdjson agree about what is JSON.
        require(!sy::json_fault(text));
    }
    check(state.take(std::numeric_limits<std::size_t>::max()));
    return 0;
}
