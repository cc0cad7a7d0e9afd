// The body of a list or watch, cut anywhere, through the splitter and the whole reflector.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "source/kubernetes/json_items.h"
#include "source/kubernetes/reflector.h"

namespace {

using sy::JsonItems;

constexpr std::size_t kMaxObject = 4096;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

class Silence : public sy::Log {
  public:
    void write(sy::LogLevel, std::string_view message) override {
        require(message.size() < 100'000);
    }
};

class Nobody : public sy::WatchObserver {
  public:
    void on_connected(std::string_view, bool) override {}
    void on_watch_restarted(std::string_view, std::string_view) override {}
    void on_listed(std::string_view) override {}
    void on_malformed(std::string_view) override {}
};

/// Everything the splitter says, as one text.
std::string split(JsonItems::Shape shape, std::string_view body, std::size_t piece) {
    JsonItems items(shape, kMaxObject);
    std::string told;
    while (!body.empty()) {
        const std::string bytes(body.substr(0, piece));
        body.remove_prefix(bytes.size());
        items.feed(bytes);
        while (const auto item = items.next()) {
            require(item->too_large == item->object.empty());
            told += std::string(item->type) + ' ' + std::string(item->object) + '\n';
        }
    }
    const auto done = items.finish();
    return told + (done ? items.list().kind + items.list().metadata : done.error().message());
}

/// Gives the body to a reflector that has asked for it; whatever it does, it stops when told.
void reflect(JsonItems::Shape shape, std::string_view body, std::size_t piece) {
    Silence log;
    Nobody observer;
    sy::Symbols symbols;
    sy::Reflector reflector(sy::slices_resource(), symbols, log, observer);
    const sy::Moment at{std::chrono::steady_clock::time_point(std::chrono::seconds(1)), 0.5};
    const auto follow = [&](sy::ReflectorStep step) {
        // Whether the request is over.
        bool over = false;
        for (;;) {
            require(step.events.size() <= sy::Reflector::kBatch);
            over = over || step.cancel;
            if (!step.more) {
                return over;
            }
            step = reflector.more(at);
        }
    };
    follow(reflector.start(at));
    if (shape == JsonItems::Shape::list) {
        follow(reflector.on_head({422, {}, ""}, at));
        follow(reflector.on_end({}, at));
    }
    follow(reflector.on_head({200, {}, "application/json"}, at));
    bool over = false;
    while (!body.empty() && !over) {
        const std::string bytes(body.substr(0, piece));
        body.remove_prefix(bytes.size());
        over = follow(reflector.on_body(bytes, at));
    }
    if (!over) {
        follow(reflector.on_end({}, at));
    }
    follow(reflector.stop());
    require(!reflector.on_timer(at).send);
}

}  // namespace

/// The first byte chooses the shape and how the rest is cut.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto shape = (data[0] & 1) != 0 ? JsonItems::Shape::list : JsonItems::Shape::watch;
    const std::size_t piece = 1 + data[0] / 2;
    const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto whole = split(shape, body, body.size());
    require(split(shape, body, piece) == whole);
    require(split(shape, body, 1) == whole);
    reflect(shape, body, piece);
    return 0;
}
