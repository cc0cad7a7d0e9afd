#include "backends/nftables/kernel/encode_element.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "backends/nftables/schema.h"
#include "base/net.h"

namespace sy::nft {
namespace {

constexpr std::size_t kMostPerMessage = 1000;
// The list of elements is one attribute, whose length is 16 bits wide.
constexpr std::size_t kMostBytes = 60'000;
constexpr std::size_t kNest = NLA_HDRLEN;

using Buffer = std::array<uint8_t, 40>;

// The one set whose kernel keys are in network order throughout: nft compares intervals of
// concatenations bytewise, so its words are swapped at this border.
void key_of(const SetSchema& set, Bytes part, Buffer& out) {
    std::ranges::copy(part, out.begin());
    if (set.interval && set.key.size() > 1) {
        uint32_t word = 0;
        std::memcpy(&word, out.data(), sizeof word);
        word = be32(word);
        std::memcpy(out.data(), &word, sizeof word);
    }
}

// The address after `last`; false if there is none.
bool successor(Bytes last, Buffer& out) {
    std::ranges::copy(last, out.begin());
    for (auto i = last.size(); i-- > 0;) {
        if (++out[i] != 0) {
            return true;
        }
    }
    return false;
}

// Writes attributes into space that was made for a whole message at once.
class Cursor {
  public:
    explicit Cursor(uint8_t* at) : at_(at) {}

    uint8_t* at() const { return at_; }
    void header(std::size_t payload, uint16_t type) {
        const nlattr h{static_cast<uint16_t>(kNest + payload), type};
        std::memcpy(at_, &h, sizeof h);
        at_ += sizeof h;
    }
    // Values of registers: their sizes are multiples of four.
    void value(uint16_t type, Bytes bytes) {
        header(kNest + bytes.size(), static_cast<uint16_t>(type | NLA_F_NESTED));
        header(bytes.size(), NFTA_DATA_VALUE);
        std::memcpy(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }
    void flags(uint32_t flags) {
        const uint32_t raw = be32(flags);
        header(sizeof raw, NFTA_SET_ELEM_FLAGS);
        std::memcpy(at_, &raw, sizeof raw);
        at_ += sizeof raw;
    }

  private:
    uint8_t* at_;
};

constexpr std::size_t value_size(std::size_t bytes) {
    return bytes == 0 ? 0 : 2 * kNest + bytes;
}

// Upper bound of the bytes of one element.
std::size_t element_size(const SetSchema& set, Family family) {
    const auto key = width(set.key, family);
    const auto plain = kNest + value_size(key) + value_size(set.data_size(family));
    return set.interval ? 2 * plain + kNest + sizeof(uint32_t) : plain;
}

void put_element(Cursor& cursor, const SetSchema& set, const Element& element) {
    constexpr uint16_t kElement = NFTA_LIST_ELEM | NLA_F_NESTED;
    const auto key = element.key();
    const auto data = element.data();
    if (!set.interval) {
        cursor.header(value_size(key.size()) + value_size(data.size()), kElement);
        cursor.value(NFTA_SET_ELEM_KEY, key);
        if (!data.empty()) {
            cursor.value(NFTA_SET_ELEM_DATA, data);
        }
        return;
    }
    const auto size = key.size() / 2;
    Buffer buffer{};
    const auto converted = Bytes(buffer).first(size);
    const bool concatenated = set.key.size() > 1;
    cursor.header(value_size(size) * (concatenated ? 2 : 1), kElement);
    key_of(set, key.first(size), buffer);
    cursor.value(NFTA_SET_ELEM_KEY, converted);
    if (concatenated) {
        key_of(set, key.last(size), buffer);
        cursor.value(NFTA_SET_ELEM_KEY_END, converted);
    } else if (successor(key.last(size), buffer)) {
        cursor.header(kNest + sizeof(uint32_t) + value_size(size), kElement);
        cursor.flags(NFT_SET_ELEM_INTERVAL_END);
        cursor.value(NFTA_SET_ELEM_KEY, converted);
    }
}

void begin_elements(Batch& batch, Family family, std::string_view set, bool remove) {
    batch.begin(MessageKind::elements,
                message_type(remove ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM),
                remove ? uint16_t{0} : uint16_t{NLM_F_CREATE | NLM_F_EXCL}, family);
    auto writer = batch.writer();
    writer.put_text(NFTA_SET_ELEM_LIST_TABLE, batch.table());
    writer.put_text(NFTA_SET_ELEM_LIST_SET, set);
}

std::size_t bucket_of(const Element& element) {
    return static_cast<std::size_t>(element.set()) +
           (element.family() == Family::ipv6 ? kSetCount : 0);
}

void write_message(Batch& batch, std::span<const ElementOp> ops, std::span<const uint32_t> chosen,
                   const SetSchema& set, bool remove) {
    const auto family = ops[chosen[0]].element.family();
    begin_elements(batch, family, set.name, remove);
    auto writer = batch.writer();
    const auto list = writer.open(NFTA_SET_ELEM_LIST_ELEMENTS);
    uint8_t* const start = writer.extend(chosen.size() * element_size(set, family));
    Cursor cursor(start);
    for (const auto index : chosen) {
        put_element(cursor, set, ops[index].element);
        batch.own(ops[index].owner);
    }
    writer.shrink(static_cast<std::size_t>(cursor.at() - start), start);
    writer.close(list);
    batch.end();
}

}  // namespace

std::size_t encoded_size(std::span<const ElementOp> ops) {
    std::array<std::size_t, 2 * kSetCount> sizes{};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        sizes[i] = element_size(schema(static_cast<SetId>(i % kSetCount)),
                                i < kSetCount ? Family::ipv4 : Family::ipv6);
    }
    std::size_t sum = 0;
    for (const auto& op : ops) {
        sum += sizes[bucket_of(op.element)];
    }
    return sum + sum / 512;  // the headers of messages
}

void write_elements(Batch& batch, std::span<const ElementOp> ops, bool remove) {
    // A counting sort by set: elements of one set share messages, in the order they were given.
    std::array<std::size_t, 2 * kSetCount + 1> starts{};
    for (const auto& op : ops) {
        ++starts[bucket_of(op.element) + 1];
    }
    for (std::size_t i = 1; i < starts.size(); ++i) {
        starts[i] += starts[i - 1];
    }
    std::vector<uint32_t> order(ops.size());
    auto next = starts;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        order[next[bucket_of(ops[i].element)]++] = static_cast<uint32_t>(i);
    }
    for (std::size_t bucket = 0; bucket + 1 < starts.size(); ++bucket) {
        const auto& set = schema(static_cast<SetId>(bucket % kSetCount));
        const auto family = bucket < kSetCount ? Family::ipv4 : Family::ipv6;
        const auto step = std::min(kMostPerMessage, kMostBytes / element_size(set, family));
        for (auto at = starts[bucket]; at < starts[bucket + 1]; at += step) {
            const auto count = std::min(step, starts[bucket + 1] - at);
            write_message(batch, ops, std::span(order).subspan(at, count), set, remove);
        }
    }
}

void write_classes(Batch& batch, Family family, std::span<const ClassElement> classes,
                   bool remove) {
    if (classes.empty()) {
        return;
    }
    begin_elements(batch, family, schema(SetId::classes).name, remove);
    auto writer = batch.writer();
    const auto list = writer.open(NFTA_SET_ELEM_LIST_ELEMENTS);
    for (const auto& item : classes) {
        const auto element = writer.open(NFTA_LIST_ELEM);
        const auto key = writer.open(NFTA_SET_ELEM_KEY);
        writer.put(NFTA_DATA_VALUE, {reinterpret_cast<const uint8_t*>(&item.number), 4});
        writer.close(key);
        if (!remove) {
            const auto data = writer.open(NFTA_SET_ELEM_DATA);
            const auto verdict = writer.open(NFTA_DATA_VERDICT);
            const bool drop = item.verdict.kind == Verdict::Kind::drop;
            writer.put_be32(NFTA_VERDICT_CODE, static_cast<uint32_t>(drop ? NF_DROP : NFT_GOTO));
            if (!drop) {
                writer.put_text(NFTA_VERDICT_CHAIN, item.verdict.chain);
            }
            writer.close(verdict);
            writer.close(data);
        }
        writer.close(element);
    }
    writer.close(list);
    batch.end();
}

void write_flush(Batch& batch, Family family, SetId set) {
    begin_elements(batch, family, schema(set).name, true);
    batch.end();
}

void write_transports(Batch& batch, Family family, uint32_t id) {
    begin_elements(batch, family, "__set%d", false);
    auto writer = batch.writer();
    writer.put_be32(NFTA_SET_ELEM_LIST_SET_ID, id);
    const auto list = writer.open(NFTA_SET_ELEM_LIST_ELEMENTS);
    for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        const auto element = writer.open(NFTA_LIST_ELEM);
        const auto key = writer.open(NFTA_SET_ELEM_KEY);
        const auto number = static_cast<uint8_t>(protocol);
        writer.put(NFTA_DATA_VALUE, {&number, 1});
        writer.close(key);
        writer.close(element);
    }
    writer.close(list);
    batch.end();
}

}  // namespace sy::nft
