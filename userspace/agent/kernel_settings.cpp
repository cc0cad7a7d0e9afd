#include "agent/kernel_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sy {
namespace {

constexpr std::string_view kMax = "net/netfilter/nf_conntrack_max";
constexpr std::string_view kBuckets = "net/netfilter/nf_conntrack_buckets";
constexpr std::string_view kEstablished = "net/netfilter/nf_conntrack_tcp_timeout_established";
constexpr std::string_view kCloseWait = "net/netfilter/nf_conntrack_tcp_timeout_close_wait";
constexpr std::string_view kUdp = "net/netfilter/nf_conntrack_udp_timeout";
constexpr std::string_view kUdpStream = "net/netfilter/nf_conntrack_udp_timeout_stream";
constexpr std::string_view kLiberal = "net/netfilter/nf_conntrack_tcp_be_liberal";

class Writer {
  public:
    Writer(const Sysctl& sysctl, Log& log) : sysctl_(sysctl), log_(log) {}

    /// Writes `value` unless the setting has it already; with `only_raise` also unless it is
    /// larger. True if it was written.
    bool set(std::string_view name, uint64_t value, bool only_raise) {
        const auto before = sysctl_.read(name);
        if (!before) {
            failures_.push_back(before.error().message());
            return false;
        }
        if (*before == value || (only_raise && *before > value)) {
            return false;
        }
        if (const auto written = sysctl_.write(name, value); !written) {
            failures_.push_back(written.error().message());
            return false;
        }
        log_.info(fmt::format("kernel setting {} {} from {} to {}", name,
                              value > *before ? "raised" : "lowered", *before, value));
        return true;
    }

    void report() const {
        if (!failures_.empty()) {
            log_.warning(
                fmt::format("kernel settings left as they are: {}", fmt::join(failures_, "; ")));
        }
    }

  private:
    const Sysctl& sysctl_;
    Log& log_;
    std::vector<std::string> failures_;
};

}  // namespace

void apply_kernel_settings(const KernelSettings& settings, unsigned cores, const Sysctl& sysctl,
                           Log& log) {
    Writer writer(sysctl, log);
    if (settings.max_per_core > 0) {
        const uint64_t wanted = std::max(settings.max_per_core * cores, settings.min);
        if (writer.set(kMax, wanted, true)) {
            writer.set(kBuckets, wanted / 4, true);
        }
    }
    const auto timeout = [&writer](std::string_view name, std::chrono::seconds value) {
        if (value.count() > 0) {
            writer.set(name, static_cast<uint64_t>(value.count()), false);
        }
    };
    timeout(kEstablished, settings.tcp_established);
    timeout(kCloseWait, settings.tcp_close_wait);
    timeout(kUdp, settings.udp);
    timeout(kUdpStream, settings.udp_stream);
    if (settings.tcp_be_liberal) {
        writer.set(kLiberal, 1, true);
    }
    writer.report();
}

}  // namespace sy
