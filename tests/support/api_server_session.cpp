#include "tests/support/api_server_session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

namespace sy::lab {
namespace {

std::string chunk_size(std::size_t size) {
    std::array<char, 20> text{};
    char* end = std::to_chars(text.data(), text.data() + text.size(), size, 16).ptr;
    return std::string(text.data(), end) + "\r\n";
}

bool applies(const ApiFault& fault, const SeenRequest& seen) {
    return fault.times != 0 && (fault.verb.empty() || fault.verb == seen.verb) &&
           (fault.resource.empty() || fault.resource == seen.resource) &&
           seen.target.find(fault.target) != std::string::npos;
}

std::string forbidden_text(const std::string& user, const std::string& verb, const ApiPath& path) {
    return std::string(path.resource->plural) + " is forbidden: User \"" + user + "\" cannot " +
           verb + " resource \"" + std::string(path.resource->plural) + "\" in API group \"" +
           std::string(path.resource->group) + "\"" +
           (path.ns.empty() ? " at the cluster scope" : " in the namespace \"" + path.ns + "\"");
}

}  // namespace

bool ApiAnswer::body(std::string_view bytes) {
    if (fault_.cut_after && written_ + bytes.size() >= *fault_.cut_after) {
        const bool there = stream_.write(bytes.substr(0, *fault_.cut_after - written_));
        // What is on its way should arrive, or a reset would cut somewhere else.
        if (there && fault_.cut == Cut::rst) {
            stream_.pause(std::chrono::milliseconds(20));
        }
        stream_.cut(fault_.cut);
        return false;
    }
    written_ += bytes.size();
    if (fault_.drip == 0) {
        return stream_.write(bytes);
    }
    for (std::size_t at = 0; at < bytes.size(); at += fault_.drip) {
        if (!stream_.write(bytes.substr(at, fault_.drip)) || !stream_.pause(fault_.drip_pause)) {
            return false;
        }
    }
    return true;
}

bool ApiAnswer::whole(const ApiReply& reply, bool close) {
    HttpHead head;
    head.status = reply.status;
    head.content_type = reply.content_type;
    head.length = reply.body.size();
    head.retry_after = reply.retry_after;
    head.close = close;
    return stream_.write(head.text()) && body(reply.body);
}

bool ApiAnswer::begin(bool close) {
    HttpHead head;
    head.close = close;
    return stream_.write(head.text());
}

bool ApiAnswer::chunk(std::string_view bytes, std::size_t size) {
    std::string wire;
    size = size == 0 ? bytes.size() : size;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
        const std::string_view piece = bytes.substr(at, size);
        wire += chunk_size(piece.size());
        wire += piece;
        wire += "\r\n";
    }
    return body(wire);
}

bool ApiAnswer::half_chunk(std::string_view bytes) {
    return body(chunk_size(bytes.size()) + std::string(bytes.substr(0, bytes.size() / 2)));
}

bool ApiAnswer::finish() {
    return body("0\r\n\r\n");
}

ApiSession::ApiSession(ApiState& state, Fd socket, std::shared_ptr<const TlsContext> tls,
                       std::function<void()> changed)
    : state_(state),
      tls_(std::move(tls)),
      changed_(std::move(changed)),
      stream_(std::move(socket), tls_.get(), state.switches) {}

void ApiSession::run() {
    // A peer that is gone is an error of write(), not a signal.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    std::string buffer;
    bool good = stream_.handshake();
    client_name_ = good ? stream_.client_name() : std::string();
    while (good) {
        if (std::optional<HttpRequest> request = take_request(buffer)) {
            good = serve(*request) && request->keep_alive();
        } else {
            good = stream_.read(buffer);
        }
    }
    stream_.close();
    finished_ = true;
}

void ApiSession::cut(Cut how, bool mid_event) {
    if (mid_event && watching_ != nullptr) {
        half_event_ = 1 + static_cast<int>(how);
        stream_.wake();
    } else {
        stream_.end(how);
    }
}

bool ApiSession::stay_silent() {
    for (;;) {
        const ApiStream::Woken woken = stream_.wait(std::chrono::seconds(60));
        if (woken == ApiStream::Woken::gone || woken == ApiStream::Woken::by_peer) {
            return false;
        }
    }
}

ApiFault ApiSession::take_fault(const SeenRequest& seen) {
    const std::scoped_lock lock(state_.mutex);
    const auto found = std::find_if(state_.faults.begin(), state_.faults.end(),
                                    [&](const ApiFault& each) { return applies(each, seen); });
    if (found == state_.faults.end()) {
        return {};
    }
    ApiFault fault = *found;
    if (found->times > 0 && --found->times == 0) {
        state_.faults.erase(found);
    }
    return fault;
}

void ApiSession::note(SeenRequest& seen, unsigned status) {
    const std::scoped_lock lock(state_.mutex);
    seen.status = status;
}

bool ApiSession::reply(const HttpRequest& request, const ApiReply& reply, SeenRequest& seen,
                       ApiAnswer& answer) {
    note(seen, reply.status);
    return answer.whole(reply, !request.keep_alive());
}

std::optional<std::string> ApiSession::authenticate(const HttpRequest& request) {
    constexpr std::string_view kBearer = "Bearer ";
    const std::scoped_lock lock(state_.mutex);
    const ApiServerOptions& options = state_.options;
    const std::string_view given = request.header("authorization");
    if (given.starts_with(kBearer)) {
        const bool good = options.tokens.contains(given.substr(kBearer.size()));
        return good ? std::optional<std::string>("token") : std::nullopt;
    }
    if (!client_name_.empty()) {
        return client_name_;
    }
    const bool open = options.tokens.empty() && options.client_authority.empty();
    return open ? std::optional<std::string>("system:anonymous") : std::nullopt;
}

std::optional<ApiReply> ApiSession::refuse(const HttpRequest& request,
                                           const std::optional<ApiPath>& path,
                                           const std::string& verb, SeenRequest& seen) {
    const std::optional<std::string> user = authenticate(request);
    if (!user) {
        return refusal(401, "Unauthorized");
    }
    const std::scoped_lock lock(state_.mutex);
    seen.user = *user;
    if (!path) {
        return std::nullopt;
    }
    if (state_.options.absent_groups.contains(path->resource->group)) {
        return refusal(404, "the server could not find the requested resource");
    }
    if (state_.options.forbidden.contains({verb, std::string(path->resource->plural)})) {
        return refusal(403, forbidden_text(*user, verb, *path));
    }
    return std::nullopt;
}

bool ApiSession::serve(const HttpRequest& request) {
    const std::optional<ApiPath> path = parse_path(request.path);
    auto seen = std::make_shared<SeenRequest>();
    seen->method = request.method;
    seen->target = request.target;
    if (path) {
        seen->verb = verb_of(request, *path);
        seen->resource = path->resource->plural;
    }
    {
        const std::scoped_lock lock(state_.mutex);
        state_.seen.push_back(seen);
    }
    const ApiFault fault = take_fault(*seen);
    if (fault.silent) {
        return stay_silent();
    }
    if (fault.delay.count() > 0 && !stream_.pause(fault.delay)) {
        return false;
    }
    ApiAnswer answer(stream_, fault);
    if (fault.status != 0) {
        ApiReply scripted = refusal(fault.status, "ordered by the test");
        scripted.retry_after = fault.retry_after;
        return reply(request, scripted, *seen, answer);
    }
    if (const std::optional<ApiReply> refused = refuse(request, path, seen->verb, *seen)) {
        return reply(request, *refused, *seen, answer);
    }
    return dispatch(request, path, *seen, answer);
}

bool ApiSession::dispatch(const HttpRequest& request, const std::optional<ApiPath>& path,
                          SeenRequest& seen, ApiAnswer& answer) {
    if (!path) {
        std::optional<std::string> document;
        {
            const std::scoped_lock lock(state_.mutex);
            document =
                discovery(request.path, state_.options.absent_groups, state_.options.version);
        }
        ApiReply known;
        known.body = document.value_or("");
        known.content_type = known.body == "ok" ? "text/plain" : "application/json";
        return reply(
            request,
            document ? known : refusal(404, "the server could not find the requested resource"),
            seen, answer);
    }
    if (seen.verb == "watch") {
        return watch(request, *path, seen, answer);
    }
    if (seen.verb == "list") {
        return list(request, *path, seen, answer);
    }
    if (seen.verb == "get") {
        return reply(request, read_object(state_, *path), seen, answer);
    }
    const ApiReply done = write_object(state_, *path, request);
    changed_();
    return reply(request, done, seen, answer);
}

bool ApiSession::list(const HttpRequest& request, const ApiPath& path, SeenRequest& seen,
                      ApiAnswer& answer) {
    const std::variant<ApiReply, ApiPage> result = read_page(state_, path, request);
    if (const ApiReply* refused = std::get_if<ApiReply>(&result)) {
        return reply(request, *refused, seen, answer);
    }
    std::size_t piece = 0;
    {
        const std::scoped_lock lock(state_.mutex);
        piece = std::max<std::size_t>(state_.options.list_chunk, 1);
        seen.status = 200;
    }
    const ApiPage& page = std::get<ApiPage>(result);
    if (!answer.begin(!request.keep_alive())) {
        return false;
    }
    std::string text = page.opening();
    for (std::size_t i = 0; i < page.items.size(); ++i) {
        text += i == 0 ? "" : ",";
        page.items[i]->append_item(text);
        if (text.size() >= piece && text.size() >= 16384) {
            if (!answer.chunk(text, piece)) {
                return false;
            }
            text.clear();
        }
    }
    return answer.chunk(text + "]}\n", piece) && answer.finish();
}

}  // namespace sy::lab
