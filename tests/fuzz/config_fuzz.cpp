// Any text as a configuration file: read, completed, judged, written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/options.h"
#include "config/read_config.h"
#include "config/reload.h"
#include "config/write_config.h"

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_lines(const std::vector<std::string>& lines) {
    require(lines.size() < 100);
    for (const std::string& line : lines) {
        require(!line.empty() && line.size() < 5000 && line.find('\n') == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto file = sy::read_config(text, "f");
    check_lines(file.errors);
    check_lines(file.warnings);
    for (const auto& [path, line] : file.lines) {
        require(line >= 1 && !path.empty());
    }

    const sy::Surroundings here{.proxy_modes = {"nftables", "iptables", "ipvs", "ebpf"},
                                .hostname = "n1"};
    const auto place = [](std::string_view path) { return std::string(path); };
    const auto meaning = sy::interpret(file.config, here, place);
    check_lines(meaning.errors);

    if (!file.errors.empty()) {
        return 0;
    }
    // What is in force survives being written, and means the same.
    const auto config = sy::complete(file.config, "nftables");
    const auto again = sy::read_config(sy::to_yaml(config), "again");
    require(again.errors.empty() && again.warnings.empty());
    require(sy::field_texts(again.config) == sy::field_texts(config));
    require(sy::read_config(sy::to_json(config), "json").errors.empty());
    const auto meaning_again = sy::interpret(again.config, here, place);
    require(meaning.errors.empty() == meaning_again.errors.empty());
    if (meaning.errors.empty()) {
        require(sy::compare(meaning.options, meaning_again.options).nothing());
    }
    return 0;
}
