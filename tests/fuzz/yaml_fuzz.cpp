// Any text as a manifest: through YAML into the store, twice, as a file that changes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "source/manifest/store.h"
#include "source/yaml.h"

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

class NoLog : public sy::Log {
  public:
    void write(sy::LogLevel /*level*/, std::string_view message) override {
        require(!message.empty() && message.size() < 4000);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    sy::yaml_to_json(text, [&](const sy::YamlDocument& document) {
        require(document.error.empty() != document.json.empty());
        require(document.json.empty() || !sy::json_fault(document.json));
        require(document.first_line >= 1);
        require(document.json.size() < 12 * size + (8U << 20U));
    });

    sy::Symbols symbols;
    NoLog log;
    sy::ManifestStore store(symbols, log);
    const auto emit = [](const sy::Event& event) {
        require(!std::holds_alternative<sy::Listed>(event));
    };
    const auto half = text.substr(0, size / 2);
    store.load("a.yaml", text, emit);
    store.load("b.yaml", half, emit);
    store.load("a.yaml", half, emit);
    store.load("a.yaml", text, emit);
    store.load("c.json", text, emit);
    store.remove("b.yaml", emit);
    store.remove("a.yaml", emit);
    store.remove("c.json", emit);
    require(store.object_count() == 0);
    require(store.standing_errors() == 0);
    return 0;
}
