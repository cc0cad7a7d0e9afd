// Pitfall: elements of a mapped array are rounded up to eight bytes by the kernel. Ours have sizes
// that need no rounding, so that they lie side by side as the C++ side believes.
#include <bpf/bpf.h>
#include <sys/mman.h>

#include <cstring>

#include "tests/bpf/hooks_fixture.h"

namespace sy::bpf_test {
namespace {

class Mapped : public HooksTest {
  protected:
    /// Writes element `index` through the mapping; whether a lookup finds it there.
    template <class Value>
    bool lies_at(const char* map, uint32_t index) {
        const std::size_t size = (index + 1) * sizeof(Value);
        void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, maps().fd(map), 0);
        if (memory == MAP_FAILED) {
            return false;
        }
        Value written;
        std::memset(&written, 0x5a, sizeof written);
        std::memcpy(static_cast<char*>(memory) + index * sizeof(Value), &written, sizeof written);
        ::munmap(memory, size);
        Value read{};
        return bpf_map_lookup_elem(maps().fd(map), &index, &read) == 0 &&
               std::memcmp(&read, &written, sizeof read) == 0;
    }
};

TEST_F(Mapped, ElementsLieSideBySide) {
    for (const uint32_t index : {0U, 1U, 2U, 511U, 1023U}) {
        EXPECT_TRUE(lies_at<uint64_t>("services", index)) << index;
        EXPECT_TRUE(lies_at<uint64_t>("slots", index)) << index;
        EXPECT_TRUE(lies_at<uint64_t>("endpoints4", index)) << index;
        EXPECT_TRUE(lies_at<sy_endpoint6>("endpoints6", index)) << index;
        EXPECT_TRUE(lies_at<uint64_t>("affinity", index)) << index;
        EXPECT_TRUE(lies_at<sy_name>("names", index)) << index;
    }
    EXPECT_TRUE(lies_at<sy_settings>("settings", 0));
}

}  // namespace
}  // namespace sy::bpf_test
