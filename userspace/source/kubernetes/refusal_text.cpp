#include "source/kubernetes/refusal_text.h"

#include "base/text.h"

namespace sy {
namespace {

constexpr std::size_t kMaxMessage = 300;
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kForbidden = 403;
constexpr unsigned kNotFound = 404;
constexpr unsigned kTooManyRequests = 429;
constexpr unsigned kUnavailable = 503;

// The words of the server in brackets.
std::string answer(const Refusal& refusal) {
    auto text = " (it answers " + std::to_string(refusal.code);
    if (!refusal.message.empty()) {
        text += ": " + printable(refusal.message, kMaxMessage);
    }
    return text + ")";
}

}  // namespace

std::string refusal_text(const Refusal& refusal, std::string_view verb, const Resource& resource) {
    switch (refusal.code) {
        case kUnauthorized:
            return "the API server does not accept the credentials" + answer(refusal) +
                   ": renew the token or client certificate";
        case kForbidden:
            return "the API server does not allow \"" + std::string(verb) + "\" on \"" +
                   resource.plural + "\" in API group \"" + resource.group + "\"" +
                   answer(refusal) +
                   ": bind the ClusterRole of deploy/kubernetes, which allows list and watch, to "
                   "this user";
        case kNotFound:
            return "the API server does not know " + resource.plural + answer(refusal) +
                   ": check that the server address leads to a Kubernetes API server";
        case kTooManyRequests:
        case kUnavailable:
            return "the API server is busy" + answer(refusal);
        default:
            return "the API server refuses" + answer(refusal);
    }
}

}  // namespace sy
