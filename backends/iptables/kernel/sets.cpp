#include "backends/iptables/kernel/sets.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "backends/iptables/kernel/set_code.h"

namespace sy::iptables {
namespace {

constexpr std::size_t kBuffer = 1U << 20U;
// More than a message takes of the smallest members.
constexpr std::size_t kPerRequest = 2048;
// The kernel frees rules of the nft variant a grace period after they are gone from sight.
constexpr auto kLetGo = std::chrono::seconds(3);
constexpr auto kFirstPause = std::chrono::milliseconds(1);
constexpr auto kLongestPause = std::chrono::milliseconds(50);

constexpr const char* kNoIpset =
    "the kernel has no ipset: load the module ip_set, or use a kernel with CONFIG_IP_SET";

Error refusal(std::string what, const std::string& set, int code) {
    if (const auto text = code_text(code); !text.empty()) {
        return {std::move(what) + ": " + std::string(text), set, 0};
    }
    return {std::move(what), set, code};
}

bool concerns_no_member(int code) {
    return code == EPERM || code == ENOMEM || code == EACCES;
}

CommitError::Reason reason_of(int code) {
    if (code == ENOENT || code == EEXIST) {
        return CommitError::Reason::drift;
    }
    return code == kSetIsFull ? CommitError::Reason::full : CommitError::Reason::other;
}

CommitError other(Error error) {
    return {CommitError::Reason::other, std::move(error), {}};
}

CommitError of_code(Error error) {
    const auto reason = reason_of(error.code);
    return {reason, std::move(error), {}};
}

}  // namespace

Result<void> check_type(const ListedSet& listed, const SetRef& set) {
    const SetTypeSpec& spec = spec_of(type_of(set.role));
    if (listed.type == spec.name && listed.family == set.family) {
        return {};
    }
    return fail("a set of this name is not ours: it is of type " + listed.type + ", not " +
                    spec.name + " for " + std::string(to_string(set.family)) +
                    "; rename or remove it",
                listed.name);
}

bool Sets::are_loaded() {
    // The module has a parameter, so it is listed also where it is built in.
    std::error_code ignored;
    return std::filesystem::exists("/sys/module/ip_set", ignored);
}

Result<Sets> Sets::open() {
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    for (const auto& done : {socket->reserve_receive(kBuffer), socket->reserve_send(kBuffer)}) {
        if (!done) {
            return std::unexpected(done.error());
        }
    }
    Sets sets(std::move(*socket));
    if (const auto done = sets.negotiate(); !done) {
        return std::unexpected(done.error());
    }
    return sets;
}

Result<void> Sets::negotiate() {
    ProtocolRange kernel;
    const auto last = ask(protocol_request(++sequence_), [&kernel](const Message& answer) {
        kernel = parse_protocol_range(answer.attributes);
    });
    if (!last) {
        return std::unexpected(last.error());
    }
    if (last->code != 0) {
        // Whoever has no such subsystem says EINVAL or EOPNOTSUPP.
        return fail(last->code == EPERM ? "ask for ipset" : kNoIpset, {}, last->code);
    }
    protocol_ = std::min(kNewestProtocol, kernel.newest);
    if (protocol_ < kOldestProtocol || kernel.oldest > kNewestProtocol) {
        return fail("the kernel speaks version " + std::to_string(kernel.newest) +
                    " of the ipset protocol, we speak 6 and 7");
    }
    return {};
}

Result<Message> Sets::ask(const std::vector<uint8_t>& request,
                          const std::function<void(const Message&)>& f) {
    const uint32_t sequence = sequence_;
    if (const auto sent = socket_.send(request); !sent) {
        return std::unexpected(sent.error());
    }
    std::optional<Message> last;
    while (!last) {
        const auto datagram = socket_.receive(buffer_, true);
        if (!datagram) {
            return std::unexpected(datagram.error());
        }
        for_each_message(*datagram, [&](const Message& answer) {
            if (answer.sequence != sequence) {
                return;  // of a request that was given up
            }
            if (answer.is_last) {
                last = last.value_or(answer);
            } else if (f) {
                f(answer);
            }
        });
    }
    return *last;
}

Result<std::vector<ListedSet>> Sets::headers() {
    std::vector<ListedSet> sets;
    const auto last = ask(headers_request(next()), [&sets](const Message& answer) {
        auto set = parse_listed(answer.attributes, {});
        if (!set.type.empty()) {
            sets.push_back(std::move(set));
        }
    });
    if (!last || last->code != 0) {
        return std::unexpected(last ? refusal("list sets", {}, last->code) : last.error());
    }
    return sets;
}

Result<std::vector<Member>> Sets::members(const SetRef& set) {
    std::vector<Member> members;
    const std::string name = set_name(set);
    const auto last = ask(members_request(next(), name), [&](const Message& answer) {
        auto part = parse_listed(answer.attributes, set);
        members.insert(members.end(), part.members.begin(), part.members.end());
    });
    if (!last || last->code != 0) {
        return std::unexpected(last ? refusal("list the set", name, last->code) : last.error());
    }
    return members;
}

Result<uint8_t> Sets::revision_of(SetType type, Family family) {
    auto& known = revisions_[family == Family::ipv4 ? 0 : 1][static_cast<std::size_t>(type)];
    if (!known) {
        const SetTypeSpec& spec = spec_of(type);
        RevisionRange kernel;
        const auto last = ask(type_request(next(), type, family), [&kernel](const Message& answer) {
            kernel = parse_revisions(answer.attributes);
        });
        if (!last) {
            return std::unexpected(last.error());
        }
        if (last->code != 0) {
            return fail(std::string("the kernel has no sets of type ") + spec.name +
                        ": load the module " + spec.module + ", or use a kernel that has it");
        }
        known = std::clamp(spec.revision, kernel.oldest, std::max(kernel.oldest, kernel.newest));
    }
    return *known;
}

Result<void> Sets::create(const SetShape& shape) {
    const auto revision = revision_of(shape.type, shape.family);
    if (!revision) {
        return std::unexpected(revision.error());
    }
    const auto last = ask(create_request(next(), shape, *revision));
    if (!last || last->code != 0) {
        return std::unexpected(last ? refusal("create the set", shape.name, last->code)
                                    : last.error());
    }
    return {};
}

Result<void> Sets::destroy(const std::string& name) {
    const auto give_up = std::chrono::steady_clock::now() + kLetGo;
    for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
        const auto last = ask(destroy_request(next(), name));
        if (!last) {
            return std::unexpected(last.error());
        }
        if (last->code == 0) {
            return {};
        }
        if (last->code != kStillReferenced) {
            return std::unexpected(refusal("remove the set", name, last->code));
        }
        if (std::chrono::steady_clock::now() >= give_up) {
            return fail("remove the set, which rules still refer to", name, EBUSY);
        }
        std::this_thread::sleep_for(pause);
    }
}

std::expected<std::size_t, CommitError> Sets::change(const std::vector<SetOp>& ops,
                                                     std::size_t first) {
    const auto& head = std::get<MemberOp>(ops[first]);
    std::vector<const Member*> members;
    for (auto i = first; i < ops.size() && members.size() < kPerRequest; ++i) {
        const auto* op = std::get_if<MemberOp>(&ops[i]);
        if (op == nullptr || op->remove != head.remove || op->member.set != head.member.set) {
            break;
        }
        members.push_back(&op->member);
    }
    const std::string name = set_name(head.member.set);
    const auto request = change_request(next(), name, head.remove, members);
    const auto last = ask(request.bytes);
    if (!last) {
        return std::unexpected(other(last.error()));
    }
    if (last->code == 0) {
        return request.taken;
    }
    const uint32_t line = refused_line(*last);
    const std::string what = head.remove ? "take out of the set" : "put into the set";
    if (line == 0 || line > request.taken || concerns_no_member(last->code)) {
        return std::unexpected(
            CommitError{reason_of(last->code), refusal(what, name, last->code), {}});
    }
    const auto& culprit = std::get<MemberOp>(ops[first + line - 1]);
    const auto reason =
        last->code == kSetIsFull ? CommitError::Reason::full : CommitError::Reason::member;
    return std::unexpected(
        CommitError{reason,
                    refusal(what + " " + member_text(culprit.member), name, last->code),
                    {culprit.owner}});
}

std::expected<void, CommitError> Sets::apply(const std::vector<SetOp>& ops) {
    for (std::size_t i = 0; i < ops.size();) {
        if (const auto* made = std::get_if<CreateSet>(&ops[i])) {
            if (auto done = create(shape_of(made->def)); !done) {
                return std::unexpected(of_code(std::move(done.error())));
            }
            ++i;
        } else if (const auto* gone = std::get_if<DestroySet>(&ops[i])) {
            if (auto done = destroy(set_name(gone->set)); !done) {
                return std::unexpected(of_code(std::move(done.error())));
            }
            ++i;
        } else {
            auto taken = change(ops, i);
            if (!taken) {
                return std::unexpected(std::move(taken.error()));
            }
            i += *taken;
        }
    }
    return {};
}

}  // namespace sy::iptables
