#include "cli/log_sink.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <atomic>
#include <string>

#include "cli/log_text.h"

namespace sy {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

class StderrLog : public ConfigurableLog {
  public:
    explicit StderrLog(const LogOptions& options)
        : logger_("switchyard", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()) {
        logger_.flush_on(spdlog::level::debug);
        configure(options);
    }

    void configure(const LogOptions& options) final {
        json_ = options.json;
        logger_.set_level(level_of(options.level));
        const char* pattern =
            options.json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":"%v"})"
                         : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v";
        logger_.set_formatter(
            std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    }

    void write(LogLevel level, std::string_view message) override {
        const auto at = level_of(level);
        if (logger_.should_log(at)) {
            const std::string text = json_ ? json_escaped(message) : printable(message);
            logger_.log(at, spdlog::string_view_t(text));
        }
    }

  private:
    spdlog::logger logger_;
    std::atomic<bool> json_{false};
};

}  // namespace

std::unique_ptr<ConfigurableLog> make_log(const LogOptions& options) {
    return std::make_unique<StderrLog>(options);
}

}  // namespace sy
