#include "backends/ebpf/text.h"

#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/ebpf/node_settings.h"
#include "backends/ebpf/writes.h"
#include "base/text.h"

namespace sy::ebpf {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text += (text.empty() ? "" : ",") + word;
    }
    return text.empty() ? "none" : text;
}

std::string flags_text(uint16_t flags) {
    std::vector<std::string> words;
    if ((flags & SY_SERVICE_REJECT) != 0) {
        words.emplace_back("reject");
    }
    if ((flags & SY_SERVICE_AFFINITY) != 0) {
        words.emplace_back("affinity");
    }
    if ((flags & SY_SERVICE_INSIDE_ONLY) != 0) {
        words.emplace_back("inside-only");
    }
    return joined(words);
}

std::string settings_text(uint32_t flags) {
    constexpr std::pair<uint32_t, std::string_view> kWords[] = {
        {SY_SETTING_HOST_ONLY, "host-only"},       {SY_SETTING_NO_DETECTOR4, "no-detector4"},
        {SY_SETTING_NO_DETECTOR6, "no-detector6"}, {SY_SETTING_LOOPBACK4, "loopback4"},
        {SY_SETTING_LOOPBACK6, "loopback6"},
    };
    std::vector<std::string> words;
    for (const auto& [flag, word] : kWords) {
        if ((flags & flag) != 0) {
            words.emplace_back(word);
        }
    }
    return joined(words);
}

std::string endpoint_text(const EndpointAddr& address) {
    return SocketAddress{address.ip, address.port}.to_string();
}

std::string frontend_text(const FrontendText& frontend) {
    const auto address = frontend.node_port ? "*:" + std::to_string(frontend.address.port.number())
                                            : endpoint_text(frontend.address);
    return address + " " + std::string(to_string(frontend.protocol)) +
           (frontend.node_port ? " NodePort" : "");
}

/// Lines of one map, in the order of their keys.
template <class Key>
class Section {
  public:
    explicit Section(std::string_view map) : map_(map) {}

    void add(Key key, std::string key_text, const std::string& value,
             const std::string& service = {}) {
        auto line = "  key: " + std::move(key_text) + "  value: " + value;
        line += service.empty() ? "\n" : "  # " + service + "\n";
        lines_.emplace(std::move(key), std::move(line));
    }
    std::string text() const {
        if (lines_.empty()) {
            return {};
        }
        std::string text = "map " + map_ + "\n";
        for (const auto& [key, line] : lines_) {
            text += line;
        }
        return text;
    }

  private:
    std::string map_;
    std::multimap<Key, std::string> lines_;
};

/// All maps while they are filled.
class Dump {
  public:
    explicit Dump(const Pools& pools) : pools_(pools) {}

    void add(const Programmed& programmed) {
        std::map<uint32_t, std::string> names;
        for (const auto& entry : programmed.fragment.own) {
            if (entry.kind() == Kind::name) {
                const auto record = name_record(
                    programmed.service, pools_.port_name(entry.label().port), entry.label());
                names[entry.index()] = printable(name_text(record));
                add_name(entry, names[entry.index()]);
            }
        }
        for (const auto& entry : programmed.fragment.own) {
            add_own(entry, names);
        }
        for (const auto& entry : programmed.fragment.shared) {
            add_endpoint(entry);
        }
    }

    std::string text() const {
        return frontends4_.text() + frontends6_.text() + services_.text() + affinity_.text() +
               names_.text() + slots_.text() + endpoints4_.text() + endpoints6_.text();
    }

  private:
    void add_name(const Entry& entry, const std::string& name) {
        const auto label = entry.label();
        const std::string list = label.list == ListId::cluster ? "cluster" : "local";
        names_.add(entry.index(), std::to_string(entry.index()),
                   name + " " + std::string(to_string(label.family)) + " " +
                       std::string(to_string(label.protocol)) + " list " + list);
    }

    void add_own(const Entry& entry, const std::map<uint32_t, std::string>& names) {
        const auto name = [&](uint32_t id) {
            const auto found = names.find(id);
            return found == names.end() ? std::string() : found->second;
        };
        if (entry.is_frontend()) {
            const bool ipv4 = entry.family() == Family::ipv4;
            const auto key = ipv4 ? describe(entry.key4()) : describe(entry.key6());
            (ipv4 ? frontends4_ : frontends6_)
                .add(key, frontend_text(key), "id " + std::to_string(entry.id()), name(entry.id()));
            return;
        }
        const auto index = entry.index();
        const auto word = entry.word();
        if (entry.kind() == Kind::service) {
            services_.add(index, std::to_string(index),
                          "base " + std::to_string(sy_service_base(word)) + " count " +
                              std::to_string(sy_service_count(word)) + " flags " +
                              flags_text(sy_service_flags(word)),
                          name(index));
        } else if (entry.kind() == Kind::slot) {
            slots_.add(index, std::to_string(index),
                       "endpoint " + std::to_string(sy_slot_endpoint(word)) + " owner " +
                           std::to_string(sy_slot_owner(word)),
                       name(sy_slot_owner(word)));
        } else if (entry.kind() == Kind::affinity) {
            affinity_.add(index, std::to_string(index),
                          "seconds " + std::to_string(sy_affinity_seconds(word)) + " group " +
                              std::to_string(sy_affinity_group(word)),
                          name(index));
        }
    }

    void add_endpoint(const Entry& entry) {
        const bool ipv4 = entry.kind() == Kind::endpoint4;
        auto& seen = seen_[ipv4 ? 0 : 1];
        if (seen.insert(entry.index()).second) {
            (ipv4 ? endpoints4_ : endpoints6_)
                .add(entry.index(), std::to_string(entry.index()), endpoint_text(entry.endpoint()));
        }
    }

    const Pools& pools_;
    Section<FrontendText> frontends4_{"frontends4"};
    Section<FrontendText> frontends6_{"frontends6"};
    Section<uint32_t> services_{"services"};
    Section<uint32_t> affinity_{"affinity"};
    Section<uint32_t> names_{"names"};
    Section<uint32_t> slots_{"slots"};
    Section<uint32_t> endpoints4_{"endpoints4"};
    Section<uint32_t> endpoints6_{"endpoints6"};
    /// Endpoints are shared, but are shown once.
    std::array<std::set<uint32_t>, 2> seen_;
};

std::string node_text(const NodeFacts& facts) {
    Section<IpAddr> addresses4("node_addresses4");
    Section<IpAddr> addresses6("node_addresses6");
    for (const auto& address : facts.nodeport_addresses) {
        (address.family() == Family::ipv4 ? addresses4 : addresses6)
            .add(address, address.to_string(), "1");
    }
    Section<int> settings("settings");
    settings.add(0, "0", "flags " + settings_text(fact_flags(facts)));
    return settings.text() + addresses4.text() + addresses6.text();
}

}  // namespace

std::string maps_text(std::span<const Programmed> services, const NodeFacts& facts,
                      const Pools& pools) {
    Dump dump(pools);
    for (const auto& programmed : services) {
        dump.add(programmed);
    }
    return node_text(facts) + dump.text();
}

}  // namespace sy::ebpf
