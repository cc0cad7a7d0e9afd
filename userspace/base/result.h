// One dialect for recoverable failure: Result<T> is either a value or an Error that says what was
// attempted, on what, and which errno the kernel gave.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace sy {

/// A failure as a value. `what` is the operation and the reason in words, `on` the object it
/// failed on (file, Service, table; may be empty), `code` an errno value or 0 if none applies.
struct Error {
    std::string what;
    std::string on;
    int code = 0;

    /// One line for a person: "<on>: <what>: <strerror(code)>".
    std::string message() const;

    friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for returning a failure from a function that yields Result<T>.
[[nodiscard]] inline std::unexpected<Error> fail(std::string what, std::string on = {},
                                                 int code = 0) {
    return std::unexpected(Error{std::move(what), std::move(on), code});
}

}  // namespace sy
