#include "bench/floor.h"

#include <chrono>
#include <cstdio>

#include "backends/nftables/kernel.h"
#include "backends/nftables/layout.h"
#include "backends/nftables/sizes.h"
#include "backends/nftables/vocabulary.h"
#include "backends/nftables/word.h"

namespace sy::bench {

double nft_floor(uint32_t services, uint32_t endpoints) {
    auto kernel = nft::open_kernel(nft::words_layout());
    if (!kernel) {
        return 0;
    }
    const auto address = [](uint32_t base, uint32_t n) {
        const uint32_t ip = base + n;
        return IpAddr::v4(static_cast<uint8_t>(ip >> 24), static_cast<uint8_t>(ip >> 16),
                          static_cast<uint8_t>(ip >> 8), static_cast<uint8_t>(ip));
    };
    nft::Transaction load;
    nft::SetCounts counts{};
    const auto add = [&](const nft::Element& element) {
        load.add.push_back({element, 0});
        ++counts[static_cast<std::size_t>(element.set())];
    };
    for (uint32_t i = 0; i < services; ++i) {
        const auto vip = address(0x0a60'0001U, i);
        const auto list = nft::id_word(i + 1);
        for (uint32_t slot = 0; slot < endpoints; ++slot) {
            add(nft::slot_element(list, slot,
                                  {address(0x0a80'0000U, i * endpoints + slot), Port(8080)}));
        }
        add(nft::frontend_element(vip, Protocol::tcp, Port(80), list | endpoints));
        add(nft::address_element(nft::SetId::cluster_ips, vip));
    }
    nft::Transaction create;
    nft::TableConfig config;
    config.sizes = nft::sizes_for(config.sizes, counts);
    create.create.push_back(config);
    if (!(*kernel)->commit(create)) {
        return 0;
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto done = (*kernel)->commit(load);
    const auto end = std::chrono::steady_clock::now();
    (void)(*kernel)->remove_tables();
    if (!done) {
        std::fprintf(stderr, "floor: %s\n", done.error().error.message().c_str());
        return 0;
    }
    return std::chrono::duration<double, std::milli>(end - begin).count();
}

}  // namespace sy::bench
