// `--write-config-to`: the configuration in force, as a file.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/log_sink.h"

namespace sy {

int write_config(const std::string& path, const std::string& text, const LogOptions& options) {
    const auto log = make_log(options);
    const auto refuse = [&] {
        log->error(Error{.what = "cannot be written", .on = path, .code = errno}.message());
        return 1;
    };
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"),
                                                         &std::fclose);
    if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size()) {
        return refuse();
    }
    if (std::fclose(file.release()) != 0) {
        return refuse();
    }
    log->info(fmt::format("{}: the configuration in force is written", path));
    return 0;
}

}  // namespace sy
