#include "backends/nftables/kernel/dump_message.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

#include "backends/nftables/kernel/nftnl.h"

namespace sy::nft {
namespace {

// Type, length, value: one byte, one byte, bytes.
uint64_t fingerprint_in(Bytes user_data) {
    while (user_data.size() >= 2) {
        const std::size_t length = user_data[1];
        if (user_data.size() - 2 < length) {
            break;
        }
        uint64_t value = 0;
        if (user_data[0] == kFingerprintType && length == sizeof value) {
            std::memcpy(&value, user_data.data() + 2, sizeof value);
            return value;
        }
        user_data = user_data.subspan(2 + length);
    }
    return 0;
}

uint32_t number(const Attribute& attribute) {
    return attribute.be32().value_or(0);
}

// The value in a NFTA_SET_ELEM_KEY, _KEY_END or _DATA; verdicts go to `element`.
Bytes data_value(Bytes nest, RawElement* element) {
    Bytes value;
    for_each_attribute(nest, [&](const Attribute& a) {
        if (a.type == NFTA_DATA_VALUE) {
            value = a.payload;
        } else if (a.type == NFTA_DATA_VERDICT && element != nullptr) {
            element->has_verdict = true;
            for_each_attribute(a.payload, [&](const Attribute& v) {
                if (v.type == NFTA_VERDICT_CODE) {
                    element->verdict = number(v);
                } else if (v.type == NFTA_VERDICT_CHAIN) {
                    element->chain = v.text();
                }
            });
        }
    });
    return value;
}

RawElement parse_element(Bytes attributes) {
    RawElement element;
    for_each_attribute(attributes, [&element](const Attribute& a) {
        switch (a.type) {
            case NFTA_SET_ELEM_KEY:
                element.key = data_value(a.payload, nullptr);
                break;
            case NFTA_SET_ELEM_KEY_END:
                element.key_end = data_value(a.payload, nullptr);
                break;
            case NFTA_SET_ELEM_DATA:
                element.data = data_value(a.payload, &element);
                break;
            case NFTA_SET_ELEM_FLAGS:
                element.flags = number(a);
                break;
            default:
                break;
        }
    });
    return element;
}

uint32_t host_word(Bytes bytes) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

}  // namespace

void for_each_message(Bytes datagram, const std::function<bool(const NetlinkMessage&)>& f) {
    nlmsghdr header{};
    while (datagram.size() >= sizeof header) {
        std::memcpy(&header, datagram.data(), sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) {
            return;
        }
        NetlinkMessage message;
        message.type = header.nlmsg_type;
        message.flags = header.nlmsg_flags;
        message.sequence = header.nlmsg_seq;
        message.port_id = header.nlmsg_pid;
        message.payload = datagram.subspan(sizeof header, header.nlmsg_len - sizeof header);
        if (message.payload.size() >= sizeof(nfgenmsg)) {
            message.family = message.payload[0];
            message.attributes = message.payload.subspan(sizeof(nfgenmsg));
        }
        if (!f(message)) {
            return;
        }
        const std::size_t step = NLMSG_ALIGN(std::size_t{header.nlmsg_len});
        datagram = datagram.subspan(std::min(step, datagram.size()));
    }
}

std::optional<NetlinkStatus> parse_status(const NetlinkMessage& message) {
    const bool is_error = message.type == NLMSG_ERROR;
    int32_t code = 0;
    if ((!is_error && message.type != NLMSG_DONE) || message.payload.size() < sizeof code) {
        return std::nullopt;
    }
    std::memcpy(&code, message.payload.data(), sizeof code);
    NetlinkStatus status;
    // INT_MIN has no positive counterpart; the kernel does not send it.
    status.code = code < 0 && code > INT32_MIN ? -code : 0;
    if (!is_error || (message.flags & NLM_F_ACK_TLVS) == 0 ||
        message.payload.size() < sizeof(nlmsgerr)) {
        return status;
    }
    nlmsgerr error{};
    std::memcpy(&error, message.payload.data(), sizeof error);
    std::size_t at = sizeof error;
    if ((message.flags & NLM_F_CAPPED) == 0 && error.msg.nlmsg_len > sizeof(nlmsghdr)) {
        at += NLMSG_ALIGN(std::size_t{error.msg.nlmsg_len}) - sizeof(nlmsghdr);
    }
    for_each_attribute(
        message.payload.subspan(std::min(at, message.payload.size())),
        [&status](const Attribute& a) {
            if (a.type == NLMSGERR_ATTR_MSG) {
                status.text = a.text();
            } else if (a.type == NLMSGERR_ATTR_OFFS && a.payload.size() == sizeof status.offset) {
                status.offset = host_word(a.payload);
            }
        });
    return status;
}

TableMessage parse_table(Bytes attributes) {
    TableMessage table;
    for_each_attribute(attributes, [&table](const Attribute& a) {
        switch (a.type) {
            case NFTA_TABLE_NAME:
                table.name = a.text();
                break;
            case NFTA_TABLE_FLAGS:
                table.flags = number(a);
                break;
            case NFTA_TABLE_USERDATA:
                table.fingerprint = fingerprint_in(a.payload);
                break;
            default:
                break;
        }
    });
    return table;
}

SetMessage parse_set(Bytes attributes) {
    SetMessage set;
    for_each_attribute(attributes, [&set](const Attribute& a) {
        switch (a.type) {
            case NFTA_SET_TABLE:
                set.table = a.text();
                break;
            case NFTA_SET_NAME:
                set.name = a.text();
                break;
            case NFTA_SET_FLAGS:
                set.type.flags = number(a);
                break;
            case NFTA_SET_KEY_TYPE:
                set.type.key_type = number(a);
                break;
            case NFTA_SET_KEY_LEN:
                set.type.key_size = number(a);
                break;
            case NFTA_SET_DATA_TYPE:
                set.type.data_type = number(a);
                break;
            case NFTA_SET_DATA_LEN:
                set.type.data_size = number(a);
                break;
            case NFTA_SET_DESC:
                for_each_attribute(a.payload, [&set](const Attribute& d) {
                    if (d.type == NFTA_SET_DESC_SIZE) {
                        set.size = number(d);
                    }
                });
                break;
            default:
                break;
        }
    });
    return set;
}

ChainMessage parse_chain(Bytes attributes) {
    ChainMessage chain;
    for_each_attribute(attributes, [&chain](const Attribute& a) {
        switch (a.type) {
            case NFTA_CHAIN_TABLE:
                chain.table = a.text();
                break;
            case NFTA_CHAIN_NAME:
                chain.name = a.text();
                break;
            case NFTA_CHAIN_TYPE:
                chain.type = a.text();
                break;
            case NFTA_CHAIN_POLICY:
                chain.policy = number(a);
                break;
            case NFTA_CHAIN_HOOK:
                chain.is_base = true;
                for_each_attribute(a.payload, [&chain](const Attribute& h) {
                    if (h.type == NFTA_HOOK_HOOKNUM) {
                        chain.hook = number(h);
                    } else if (h.type == NFTA_HOOK_PRIORITY) {
                        chain.priority = static_cast<int32_t>(number(h));
                    }
                });
                break;
            default:
                break;
        }
    });
    return chain;
}

RuleMessage parse_rule(Bytes attributes) {
    RuleMessage rule;
    for_each_attribute(attributes, [&rule](const Attribute& a) {
        if (a.type == NFTA_RULE_TABLE) {
            rule.table = a.text();
        } else if (a.type == NFTA_RULE_CHAIN) {
            rule.chain = a.text();
        } else if (a.type == NFTA_RULE_USERDATA) {
            rule.fingerprint = fingerprint_in(a.payload);
        }
    });
    return rule;
}

void for_each_element(Bytes attributes, const std::function<void(const RawElement&)>& f) {
    for_each_attribute(attributes, [&f](const Attribute& a) {
        if (a.type == NFTA_SET_ELEM_LIST_ELEMENTS) {
            for_each_attribute(a.payload, [&f](const Attribute& e) {
                if (e.type == NFTA_LIST_ELEM) {
                    f(parse_element(e.payload));
                }
            });
        }
    });
}

ElementCollector::ElementCollector(Family family, SetId set, std::vector<Element>& out)
    : family_(family),
      schema_(schema(set)),
      key_size_(width(schema_.key, family)),
      data_size_(schema_.data_size(family)),
      out_(out) {}

void ElementCollector::add(const RawElement& raw) {
    if (raw.key.size() != key_size_ || raw.data.size() != data_size_) {
        ++malformed_;
    } else if (!schema_.interval) {
        auto& element = out_.emplace_back(family_, schema_.id);
        element.key_bytes(raw.key);
        if (!raw.data.empty()) {
            element.data_bytes(raw.data);
        }
    } else if (schema_.key.size() > 1) {
        add_range(raw);
    } else {
        add_bound(raw);
    }
}

void ElementCollector::add_range(const RawElement& raw) {
    const auto key_end = raw.key_end.empty() ? raw.key : raw.key_end;
    if (key_end.size() != key_size_) {
        ++malformed_;
        return;
    }
    // Words of this set are in network order in the kernel (encode_element.cpp).
    auto& element = out_.emplace_back(family_, schema_.id);
    for (const auto key : {raw.key, key_end}) {
        element.key_word(be32(host_word(key)));
        element.key_bytes(key.subspan(sizeof(uint32_t)));
    }
}

void ElementCollector::add_bound(const RawElement& raw) {
    Bound bound;
    bound.is_start = (raw.flags & NFT_SET_ELEM_INTERVAL_END) == 0;
    std::ranges::copy(raw.key, bound.address.begin());
    bounds_.push_back(bound);
}

void ElementCollector::finish() {
    // Where one interval ends and the next begins, the end comes first.
    std::ranges::sort(bounds_);
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
        if (!bounds_[i].is_start) {
            continue;  // the end of the interval before, or nft's marker at address zero
        }
        std::array<uint8_t, 16> last{};
        std::ranges::fill(last, uint8_t{0xff});
        if (i + 1 < bounds_.size()) {
            last = bounds_[i + 1].address;
            for (auto at = key_size_; at-- > 0 && last[at]-- == 0;) {
            }
        }
        out_.emplace_back(family_, schema_.id)
            .key_bytes(Bytes(bounds_[i].address).first(key_size_))
            .key_bytes(Bytes(last).first(key_size_));
    }
    bounds_.clear();
}

std::optional<ClassElement> parse_class(const RawElement& raw) {
    if (raw.key.size() != sizeof(uint32_t) || !raw.has_verdict) {
        return std::nullopt;
    }
    ClassElement element{host_word(raw.key), {}};
    if (raw.verdict == NF_DROP) {
        return element;
    }
    if (raw.verdict != static_cast<uint32_t>(NFT_GOTO)) {
        return std::nullopt;
    }
    element.verdict = {Verdict::Kind::go_to, std::string(raw.chain)};
    return element;
}

}  // namespace sy::nft
