// The flags: kube-proxy's and ours. One table says of each what it sets, and how it is explained.
#pragma once

#include <array>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sy {

enum class FlagKind : unsigned char { text, boolean };

/// What --config does to a flag: kube-proxy ignores those that the file has a field for, but those
/// of logging and the host name. Ours always count.
enum class WithConfig : unsigned char { ignored, counts };

struct FlagSpec {
    /// Without the dashes.
    std::string_view name;
    /// What stands for the value in the help; empty: a boolean, which needs none.
    std::string_view type;
    /// Heading in the help; empty: accepted, but not shown.
    std::string_view group;
    /// May have several lines.
    std::string_view help;
    /// Fields it sets (see set_field.h); none: read by name where it is needed.
    std::array<std::string_view, 3> fields{};
    WithConfig with_config = WithConfig::ignored;
    /// A letter that stands for it after a single dash; 0: none.
    char letter = 0;

    FlagKind kind() const { return type.empty() ? FlagKind::boolean : FlagKind::text; }
};

/// In the order of the help.
std::span<const FlagSpec> flag_specs();
/// Those of the smaller commands: of logging, and where a backend keeps things.
std::span<const FlagSpec> cleanup_flag_specs();
/// Heading of the flags that every command takes.
inline constexpr std::string_view kLogGroup = "Log";

/// The flags as they were typed.
class Flags {
  public:
    void add(const FlagSpec& spec, std::string value);

    bool given(std::string_view name) const;
    /// Of a flag that may be given once; the last counts, as with kube-proxy. Empty if not given.
    std::string value(std::string_view name) const;
    /// Of a flag that may be repeated.
    std::vector<std::string> values(std::string_view name) const;
    /// Those that are among `specs` alone.
    Flags among(std::span<const FlagSpec> specs) const;
    /// True if a boolean flag is given, and not as "=false".
    bool on(std::string_view name) const;

  private:
    std::vector<std::pair<const FlagSpec*, std::string>> given_;
};

/// What cannot be understood, as one line; or a wish for help.
struct FlagFault {
    bool help = false;
    std::string what;
};

/// Reads `words` as Go's pflag does: "--name value", "--name=value", "-v4", "-v=4", underscores for
/// dashes; a boolean takes a value only after "=". `specs` are those the command takes.
std::expected<Flags, FlagFault> parse_flags(std::span<const char* const> words,
                                            std::span<const FlagSpec> specs);

/// What `switchyard COMMAND --help` prints.
std::string flags_help(std::string_view summary, std::string_view command,
                       std::span<const FlagSpec> specs, std::string_view footer);

}  // namespace sy
