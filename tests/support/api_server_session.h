// One client of the test API server: its requests, one after the other, on one thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/api_server_state.h"
#include "tests/support/api_server_stream.h"

namespace sy::lab {

/// Writes one answer, with the fault that was ordered for it. False: the connection is over.
class ApiAnswer {
  public:
    ApiAnswer(ApiStream& stream, ApiFault fault) : stream_(stream), fault_(std::move(fault)) {}

    bool whole(const ApiReply& reply, bool close);
    /// Then chunk() and finish().
    bool begin(bool close);
    /// `size` bytes of each chunk at most; 0: all in one.
    bool chunk(std::string_view bytes, std::size_t size = 0);
    bool finish();
    /// The beginning of a chunk, and no more.
    bool half_chunk(std::string_view bytes);

  private:
    bool body(std::string_view bytes);

    ApiStream& stream_;
    ApiFault fault_;
    std::size_t written_ = 0;
};

class ApiSession {
  public:
    /// `changed` is called after each write to the store, without the mutex.
    ApiSession(ApiState& state, Fd socket, std::shared_ptr<const TlsContext> tls,
               std::function<void()> changed);

    /// Until the connection ends.
    void run();

    // From any thread:
    void wake() { stream_.wake(); }
    /// Cuts the connection; a watch writes half an event before if that is wanted.
    void cut(Cut how, bool mid_event);
    /// What it watches, or null.
    const ApiResource* watching() const { return watching_; }
    bool finished() const { return finished_; }

  private:
    bool serve(const HttpRequest& request);
    bool dispatch(const HttpRequest& request, const std::optional<ApiPath>& path, SeenRequest& seen,
                  ApiAnswer& answer);
    bool list(const HttpRequest& request, const ApiPath& path, SeenRequest& seen,
              ApiAnswer& answer);
    bool watch(const HttpRequest& request, const ApiPath& path, SeenRequest& seen,
               ApiAnswer& answer);
    bool reply(const HttpRequest& request, const ApiReply& reply, SeenRequest& seen,
               ApiAnswer& answer);
    /// The user, or why there is none.
    std::optional<std::string> authenticate(const HttpRequest& request);
    std::optional<ApiReply> refuse(const HttpRequest& request, const std::optional<ApiPath>& path,
                                   const std::string& verb, SeenRequest& seen);
    ApiFault take_fault(const SeenRequest& seen);
    void note(SeenRequest& seen, unsigned status);
    bool stay_silent();

    ApiState& state_;
    std::shared_ptr<const TlsContext> tls_;
    std::function<void()> changed_;
    ApiStream stream_;
    std::string client_name_;
    std::atomic<const ApiResource*> watching_ = nullptr;
    /// Ordered by cut(): none, or 1 + Cut.
    std::atomic<int> half_event_ = 0;
    std::atomic<bool> finished_ = false;
};

}  // namespace sy::lab
