// A netlink batch: messages numbered from 1 between BATCH_BEGIN and BATCH_END, carried out by the
// kernel all or not at all, and what its answers say about them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/nftables/kernel.h"
#include "backends/nftables/kernel/attribute.h"

struct nlmsghdr;

namespace sy::nft {

/// What a message is about: decides what its failure means.
enum class MessageKind : uint8_t { table, set, chain, rule, elements };

class Batch {
  public:
    /// For changes of tables called `table`. `reserve`: expected bytes.
    explicit Batch(std::string_view table, std::size_t reserve = 0);

    const std::string& table() const { return table_; }
    bool empty() const { return messages_.empty(); }

    /// Starts a message of ours; its attributes are written with `writer()` until `end`.
    void begin(MessageKind kind, uint16_t type, uint16_t flags, Family family);
    AttributeWriter writer() { return AttributeWriter(bytes_); }
    void end();
    /// Copies a message that a library built; its sequence number is replaced.
    void append(MessageKind kind, const nlmsghdr& message);
    /// Says for whom the element messages are that follow until the next call: the owners of
    /// their elements are appended with `own`.
    void own(uint32_t owner) { owners_.push_back(owner); }

    /// Closes the batch (asking the last message for an acknowledgement) and gives its bytes.
    Bytes finish();
    /// Sequence number of the last message, the one that is acknowledged.
    uint32_t last() const { return static_cast<uint32_t>(messages_.size()); }

    /// A refused message: its sequence number, errno, and the offset of the attribute the kernel
    /// complains of (0 if it does not say).
    struct Refusal {
        uint32_t sequence = 0;
        int code = 0;
        uint32_t offset = 0;
        std::string text;
    };
    /// What the refusals (not empty) mean together.
    CommitError explain(const std::vector<Refusal>& refusals) const;

  private:
    struct Message {
        MessageKind kind = MessageKind::table;
        std::size_t offset = 0;  // of its header in bytes_
        std::size_t first_owner = 0;
        std::size_t owner_end = 0;
    };
    CommitError::Reason reason(const Message& message, const Refusal& refusal) const;
    std::string describe(const Message& message) const;
    Bytes attributes(const Message& message) const;

    std::string table_;
    std::vector<uint8_t> bytes_;
    std::vector<Message> messages_;
    std::vector<uint32_t> owners_;
};

/// The type of a nftables message as it stands in a netlink header.
uint16_t message_type(int nft_message);
/// AF_INET or AF_INET6.
uint8_t address_family(Family family);

}  // namespace sy::nft
