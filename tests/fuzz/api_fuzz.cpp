// What comes from outside into the API client: answers, kubeconfigs, the output of exec plugins.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kube/exec_credential.h"
#include "kube/http_answer.h"
#include "kube/kubeconfig.h"

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

struct Outcome {
    bool failed = false;
    bool done = false;
    unsigned status = 0;
    std::string body;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Feeds the answer `step` bytes at a time.
Outcome feed(std::string_view text, std::size_t step) {
    sy::HttpAnswer answer;
    Outcome outcome;
    std::size_t begin = 0;
    for (std::size_t end = 0; end < text.size() && !outcome.failed && !outcome.done;) {
        end = std::min(text.size(), end + step);
        if (!answer.head_done()) {
            const auto used = answer.put_head(text.substr(begin, end - begin));
            outcome.failed = !used;
            begin += used.value_or(0);
        }
        if (answer.head_done() && !outcome.failed) {
            const auto sink = [&outcome](std::string_view piece) {
                outcome.body += piece;
                return true;
            };
            const auto used = answer.put_body(text.substr(begin, end - begin), sink);
            outcome.failed = !used;
            begin += used.value_or(0);
            outcome.done = answer.done();
        }
        require(begin <= end);
    }
    outcome.status = answer.head_done() ? answer.head().status : 0;
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = feed(text, std::max<std::size_t>(size, 1));
    // How it was cut into pieces on the way must not matter.
    for (const std::size_t step : {1U, 7U}) {
        const auto pieces = feed(text, step);
        // What is wrong with a head may be noticed late, when all of it should be there.
        require(whole.failed ? !pieces.done : pieces == whole);
    }
    if (const auto access = sy::parse_kubeconfig(text, "config"); !access) {
        require(!access.error().what.empty() && access.error().message().size() < 4000);
    } else {
        require(!access->server.host.empty());
    }
    if (const auto credential =
            sy::parse_exec_credential(text, "client.authentication.k8s.io/v1")) {
        require(!credential->token.empty() || !credential->key.empty());
    }
    return 0;
}
