// Datagrams as the kernel sends them, read as every kind of answer.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "backends/nftables/element_text.h"
#include "backends/nftables/kernel/dump_message.h"

namespace {

using namespace sy;
using namespace sy::nft;

void read_elements(const NetlinkMessage& message) {
    for (const auto family : kFamilies) {
        for (std::size_t i = 0; i < kSetCount; ++i) {
            std::vector<Element> elements;
            ElementCollector collector(family, static_cast<SetId>(i), elements);
            for_each_element(message.attributes, [&collector](const RawElement& raw) {
                collector.add(raw);
                if (const auto element = parse_class(raw)) {
                    (void)class_of_chain(element->number, element->verdict.chain);
                }
            });
            collector.finish();
            for (const auto& element : elements) {
                (void)element_text(element);
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    for_each_message({data, size}, [](const NetlinkMessage& message) {
        (void)parse_status(message);
        (void)parse_table(message.attributes);
        (void)parse_set(message.attributes);
        (void)parse_chain(message.attributes);
        (void)parse_rule(message.attributes);
        read_elements(message);
        return true;
    });
    return 0;
}
