#include "backends/ebpf/kernel/loader_words.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <ranges>
#include <vector>

#include "base/text.h"

namespace sy::ebpf {
namespace {

constexpr std::string_view kBegin = "-- BEGIN PROG LOAD LOG --";
constexpr std::string_view kEnd = "-- END PROG LOAD LOG --";
constexpr std::string_view kPrefix = "libbpf: ";

thread_local LoaderWords* listener = nullptr;

int hear(libbpf_print_level level, const char* format, va_list arguments) {
    if (listener == nullptr || level == LIBBPF_DEBUG) {
        return 0;
    }
    va_list again;
    va_copy(again, arguments);
    const int size = std::vsnprintf(nullptr, 0, format, arguments);
    if (size > 0) {
        std::string text(static_cast<std::size_t>(size), '\0');
        std::vsnprintf(text.data(), text.size() + 1, format, again);
        listener->add(text);
    }
    va_end(again);
    return 0;
}

}  // namespace

LoaderWords::LoaderWords() {
    static std::once_flag done;  // it is the process's
    std::call_once(done, [] { libbpf_set_print(hear); });
    listener = this;
}

LoaderWords::~LoaderWords() {
    listener = nullptr;
}

std::unexpected<Error> LoaderWords::failed(std::string what, int code, Log& log) const {
    for (const auto line : std::views::split(text_, '\n')) {
        if (!line.empty()) {
            log.debug(std::string_view(line.begin(), line.end()));
        }
    }
    if (const std::string reason = gist(text_); !reason.empty()) {
        what += " (" + reason + ")";
    }
    return fail(std::move(what), {}, code);
}

std::string gist(std::string_view words) {
    constexpr std::size_t kLines = 3;
    if (const auto begin = words.rfind(kBegin); begin != std::string_view::npos) {
        words.remove_prefix(begin + kBegin.size());
        words = words.substr(0, words.find(kEnd));
    }
    std::vector<std::string_view> lines;
    for (const auto part : std::views::split(words, '\n')) {
        std::string_view line(part.begin(), part.end());
        if (line.starts_with(kPrefix)) {
            line.remove_prefix(kPrefix.size());
        }
        // The verifier's last line is statistics.
        if (!line.empty() && !line.starts_with("processed ")) {
            lines.push_back(line);
        }
    }
    std::string text;
    const std::size_t first = lines.size() > kLines ? lines.size() - kLines : 0;
    for (const auto line : lines | std::views::drop(first)) {
        text += (text.empty() ? "" : " / ") + printable(line);
    }
    return text;
}

}  // namespace sy::ebpf
