#include "cli/commands/entry.h"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <variant>

#include "backends/registry.h"
#include "cli/commands/commands.h"
#include "cli/commands/config_file.h"
#include "cli/parser.h"

namespace sy {
namespace {

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

struct CarryOut {
    int operator()(const RunCommand& command) const { return run(command); }
    int operator()(const RenderCommand& command) const { return render(command.options); }
    int operator()(const CleanupCommand& command) const { return cleanup(command.options); }
    int operator()(const ObserveCommand& command) const { return observe(command.options); }
    int operator()(const VersionCommand&) const { return version(); }
    int operator()(const WriteConfigCommand& command) const {
        return write_config(command.path, command.text, command.log);
    }
    int operator()(const Exit& exit) const {
        if (!exit.out.empty()) {
            fmt::print("{}", exit.out);
        }
        if (!exit.error.empty()) {
            fmt::print(stderr, "{}\n", exit.error);
        }
        return exit.code;
    }
};

}  // namespace

int switchyard(std::span<const char* const> arguments) {
    Surroundings surroundings{.proxy_modes = {}, .hostname = host_name()};
    for (const BackendEntry& entry : backends()) {
        surroundings.proxy_modes.push_back(entry.name);
    }
    return std::visit(CarryOut{}, parse_command_line(arguments, surroundings, read_config_file));
}

}  // namespace sy
