#include "cli/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "base/text.h"
#include "config/read_config.h"
#include "config/set_field.h"
#include "config/values.h"

namespace sy {
namespace {

std::string dashed(std::string_view name) {
    return fmt::format("--{}", name);
}

/// Joins names for a message; nothing to say: "".
std::string sentence(std::string_view begin, const std::vector<std::string>& names) {
    return names.empty() ? "" : fmt::format("{}{}", begin, fmt::join(names, ", "));
}

/// Sets fields from flags, and remembers which flag set which.
class FlagWriter {
  public:
    FlagWriter(const Flags& flags, ProxyConfig& config) : flags_(flags), config_(config) {}

    void set(const FlagSpec& spec) {
        auto values = flags_.values(spec.name);
        std::ranges::transform(values, values.begin(),
                               [&](const std::string& value) { return value_of(spec, value); });
        for (const std::string_view path : spec.fields) {
            if (path.empty()) {
                continue;
            }
            by_flag.insert_or_assign(std::string(path), dashed(spec.name));
            if (auto fault = set_field(config_, path, values)) {
                errors.push_back(printable(fmt::format("{}: {}", dashed(spec.name), *fault)));
                return;
            }
        }
    }

    /// A logging flag of kube-proxy wins over a field of ours, too.
    void let_kube_proxys_logging_flags_win() {
        if (flags_.given("v") && !flags_.given("log-level")) {
            config_.switchyard.log_level.reset();
        }
        if (flags_.given("logging-format") && !flags_.given("log-format")) {
            config_.switchyard.log_format.clear();
        }
    }

    /// --healthz-port and --metrics-port: 0 disables; otherwise the port of an address without one.
    void apply_old_port(std::string_view flag, std::string_view address_flag, Port usual,
                        std::optional<SocketAddress>& address) {
        const auto text = flags_.value(flag);
        if (text.empty()) {
            return;
        }
        int64_t number = 0;
        if (const auto fault = parse_text(text, number, Whole{0, UINT16_MAX})) {
            errors.push_back(printable(fmt::format("{}: {}", dashed(flag), *fault)));
            return;
        }
        const Port port{static_cast<uint16_t>(number)};
        const auto given = flags_.value(address_flag);
        if (port == Port{} || (address && IpAddr::parse(trim(given)))) {
            address = SocketAddress{address ? address->ip : IpAddr{}, port};
        } else if (!address) {
            auto defaults = complete(config_, {});
            address = usual == kHealthzPort ? defaults.healthz_bind_address
                                            : defaults.metrics_bind_address;
            address->port = port;
        }
    }

    std::map<std::string, std::string, std::less<>> by_flag;
    std::vector<std::string> errors;

  private:
    /// "" as an address to serve on means in a flag: none; in a file: the default.
    static std::string value_of(const FlagSpec& spec, const std::string& value) {
        const bool address =
            spec.name == "healthz-bind-address" || spec.name == "metrics-bind-address";
        return address && value.empty() ? "0.0.0.0:0" : value;
    }

    const Flags& flags_;
    ProxyConfig& config_;
};

class Loader {
  public:
    Loader(const Flags& flags, const Surroundings& surroundings)
        : flags_(flags), surroundings_(surroundings), writer_(flags, given_) {}

    Loading load(const ReadFile& read_file) {
        file_name_ = flags_.value("config");
        if (!file_name_.empty() && !read(read_file)) {
            return std::move(out_);
        }
        apply_flags();
        choose_source();
        auto interpretation =
            interpret(given_, surroundings_, [this](std::string_view path) { return place(path); });
        take(std::move(interpretation));
        return std::move(out_);
    }

  private:
    bool read(const ReadFile& read_file) {
        const auto text = read_file(file_name_);
        if (!text) {
            out_.errors.push_back(text.error().message());
            return false;
        }
        ConfigFile file = read_config(*text, file_name_);
        out_.errors = std::move(file.errors);
        given_ = std::move(file.config);
        lines_ = std::move(file.lines);
        warnings_ = std::move(file.warnings);
        return true;
    }

    void apply_flags() {
        std::vector<std::string> ignored;
        for (const FlagSpec& spec : flag_specs()) {
            if (!flags_.given(spec.name)) {
                continue;
            }
            if (!file_name_.empty() && spec.with_config == WithConfig::ignored) {
                ignored.push_back(dashed(spec.name));
            } else if (spec.fields.front().empty() && spec.group.empty()) {
                note_old_flag(spec);
            } else {
                writer_.set(spec);
            }
        }
        writer_.let_kube_proxys_logging_flags_win();
        if (file_name_.empty()) {
            writer_.apply_old_port("healthz-port", "healthz-bind-address", kHealthzPort,
                                   given_.healthz_bind_address);
            writer_.apply_old_port("metrics-port", "metrics-bind-address", kMetricsPort,
                                   given_.metrics_bind_address);
        }
        out_.errors.insert(out_.errors.end(), writer_.errors.begin(), writer_.errors.end());
        if (auto text = sentence("ignored, because --config is given: ", ignored); !text.empty()) {
            warnings_.push_back(std::move(text));
        }
        if (flags_.given("hostname-override") && !flags_.value("hostname-override").empty() &&
            trim(flags_.value("hostname-override")).empty()) {
            out_.errors.emplace_back(
                "--hostname-override: is blank; give the name of the Node object");
        }
    }

    void note_old_flag(const FlagSpec& spec) {
        if (spec.name == "healthz-port" || spec.name == "metrics-port") {
            const auto instead = spec.name == "healthz-port" ? "healthz" : "metrics";
            warnings_.push_back(
                fmt::format("--{}: is deprecated; give --{}-bind-address", spec.name, instead));
        } else {
            inert_.push_back(dashed(spec.name));
        }
    }

    /// Manifests named by a flag replace the API server that the file names: so a node's own file
    /// serves for trying things out.
    void choose_source() {
        auto& kubeconfig = given_.client_connection.kubeconfig;
        if (flags_.given("manifests") && lines_.contains("clientConnection.kubeconfig") &&
            !kubeconfig.empty()) {
            warnings_.push_back(fmt::format("{}: not used, because --manifests is given",
                                            place("clientConnection.kubeconfig")));
            kubeconfig.clear();
        }
        if (flags_.given("master") && !given_.switchyard.manifests.empty()) {
            out_.errors.emplace_back(
                "--master: cannot go together with manifests; the cluster is read either from "
                "manifests or from an API server");
        }
    }

    void take(Interpretation&& interpretation) {
        add_errors(std::move(interpretation.errors));
        out_.options = std::move(interpretation.options);
        Options& options = out_.options;
        options.config_file = file_name_;
        options.init_only = flags_.on("init-only");
        if (options.api) {
            options.api->master = flags_.value("master");
        }
        inert_.insert(inert_.end(), interpretation.inert.begin(), interpretation.inert.end());
        if (auto text = sentence("set, but without effect here: ", inert_); !text.empty()) {
            warnings_.push_back(std::move(text));
        }
        options.warnings.insert(options.warnings.begin(), warnings_.begin(), warnings_.end());
        out_.config = complete(given_, surroundings_.proxy_modes.front());
    }

    /// What could not be read at all is not told a second time.
    void add_errors(std::vector<std::string> errors) {
        const auto told = out_.errors;
        for (std::string& error : errors) {
            const auto of_same_field = [&](const std::string& known) {
                const auto place = known.find(": ") + 2;
                return error.starts_with(known.substr(0, known.find(": ", place)));
            };
            if (std::ranges::none_of(told, of_same_field)) {
                out_.errors.push_back(std::move(error));
            }
        }
    }

    std::string place(std::string_view path) const {
        if (const auto flag = writer_.by_flag.find(path); flag != writer_.by_flag.end()) {
            return flag->second;
        }
        if (const auto line = lines_.find(path); line != lines_.end()) {
            return fmt::format("{}:{}: {}", file_name_, line->second, path);
        }
        if (!file_name_.empty()) {
            return fmt::format("{}: {}", file_name_, path);
        }
        for (const FlagSpec& spec : flag_specs()) {
            if (spec.fields.front() == path) {
                return dashed(spec.name);
            }
        }
        return std::string(path);
    }

    const Flags& flags_;
    const Surroundings& surroundings_;
    Loading out_;
    std::string file_name_;
    ProxyConfig given_;
    std::map<std::string, std::size_t, std::less<>> lines_;
    FlagWriter writer_;
    std::vector<std::string> warnings_;
    std::vector<std::string> inert_;
};

}  // namespace

Loading load_options(const Flags& flags, const Surroundings& surroundings,
                     const ReadFile& read_file) {
    return Loader(flags, surroundings).load(read_file);
}

Result<CleanupOptions> load_cleanup_options(const Flags& flags) {
    static constexpr std::array<std::string_view, 1> kModes{"any"};
    const Surroundings surroundings{.proxy_modes = {kModes.begin(), kModes.end()},
                                    .hostname = "any"};
    const Flags counting = flags.among(cleanup_flag_specs());
    auto loading = Loader(counting, surroundings).load({});
    if (!loading.errors.empty()) {
        return fail(loading.errors.front());
    }
    return CleanupOptions{.log = loading.options.log,
                          .backend = std::move(loading.options.backend)};
}

}  // namespace sy
