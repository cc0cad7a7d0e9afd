// What libbpf and the verifier say while something is loaded.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace sy::ebpf {

/// While it lives, what libbpf says on this thread comes here; otherwise it is dropped, never
/// printed. One at a time per thread.
class LoaderWords {
  public:
    LoaderWords();
    LoaderWords(const LoaderWords&) = delete;
    LoaderWords& operator=(const LoaderWords&) = delete;
    ~LoaderWords();

    void add(std::string_view words) { text_ += words; }
    const std::string& text() const { return text_; }

    /// Everything goes to the log (level debug), and what matters most into the error.
    std::unexpected<Error> failed(std::string what, int code, Log& log) const;

  private:
    std::string text_;
};

/// The end of what was said, on one line: of the verifier's log if there is one.
std::string gist(std::string_view words);

}  // namespace sy::ebpf
