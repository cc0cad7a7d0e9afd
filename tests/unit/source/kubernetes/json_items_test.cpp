#include "source/kubernetes/json_items.h"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Shape = JsonItems::Shape;

/// All that a splitter says of a body.
struct Told {
    std::vector<std::string> items;  // "TYPE object"
    std::string fault;
    std::string kind;
    std::string metadata;
    bool has_items = false;

    friend bool operator==(const Told&, const Told&) = default;
};

void collect(JsonItems& items, Told& told) {
    while (const auto item = items.next()) {
        told.items.push_back((item->type.empty() ? "" : std::string(item->type) + " ") +
                             (item->too_large ? "too large" : std::string(item->object)));
    }
}

/// `piece()` gives the size of the next piece.
template <class Piece>
Told split(Shape shape, std::string_view body, Piece piece,
           std::size_t max = JsonItems::kMaxObject) {
    JsonItems items(shape, max);
    Told told;
    while (!body.empty()) {
        // A copy on the heap, gone afterwards, so that sanitizers see what is used too late.
        const std::string bytes(body.substr(0, piece()));
        items.feed(bytes);
        collect(items, told);
        body.remove_prefix(bytes.size());
    }
    const auto done = items.finish();
    told.fault = done ? "" : done.error().message();
    told.kind = items.list().kind;
    told.metadata = items.list().metadata;
    told.has_items = items.list().has_items;
    return told;
}

Told split(Shape shape, std::string_view body, std::size_t max = JsonItems::kMaxObject) {
    return split(shape, body, [&] { return body.size(); }, max);
}

TEST(JsonItems, ListGivesItemsAndFields) {
    const auto told = split(Shape::list, R"({"kind":"ServiceList","apiVersion":"v1",
        "metadata":{"resourceVersion":"7"},"items":[{"a":1}, {"b":[{}]}
        ]})");
    EXPECT_THAT(told.items, ElementsAre(R"({"a":1})", R"({"b":[{}]})"));
    EXPECT_EQ(told.kind, "ServiceList");
    EXPECT_EQ(told.metadata, R"({"resourceVersion":"7"})");
    EXPECT_TRUE(told.has_items);
    EXPECT_EQ(told.fault, "");
}

TEST(JsonItems, MetadataMayComeLast) {
    const auto told =
        split(Shape::list, R"({"items":[{}],"metadata":{"continue":"x"},"kind":"NodeList"})");
    EXPECT_THAT(told.items, ElementsAre("{}"));
    EXPECT_EQ(told.metadata, R"({"continue":"x"})");
    EXPECT_EQ(told.kind, "NodeList");
}

TEST(JsonItems, ListsMayBeEmptyNullOrMissing) {
    EXPECT_TRUE(split(Shape::list, R"({"items":[]})").has_items);
    EXPECT_TRUE(split(Shape::list, R"({"items":null})").has_items);
    EXPECT_FALSE(split(Shape::list, R"({})").has_items);
    EXPECT_THAT(split(Shape::list, R"({"items":[ ]})").fault, IsEmpty());
    EXPECT_THAT(split(Shape::list, R"({"items":"null"})").fault, HasSubstr("a list of items"));
    EXPECT_THAT(split(Shape::list, R"({"items":{}})").fault, HasSubstr("byte 9"));
}

TEST(JsonItems, WatchGivesEventsInAnyFraming) {
    const auto told = split(Shape::watch,
                            "{\"type\":\"ADDED\",\"object\":{\"x\":\"}\"}}\n"
                            "{\"object\":{},\"type\":\"DELETED\",\"more\":[1,{}]}"
                            "{ \"type\" : \"BOOKMARK\" , \"object\" : { } }");
    EXPECT_THAT(told.items, ElementsAre(R"(ADDED {"x":"}"})", "DELETED {}", "BOOKMARK { }"));
    EXPECT_EQ(told.fault, "");
}

TEST(JsonItems, BracketsAndQuotesInsideTextMeanNothing) {
    const std::string odd = R"({"a":"{[","b":"\"}\\","c\\":"\\\"]","d":{"e":"\\"}})";
    EXPECT_THAT(
        split(Shape::list, R"({"x":)" + odd + R"(,"items":[)" + odd + "," + odd + "]}").items,
        ElementsAre(odd, odd));
}

TEST(JsonItems, BrokenBodiesEndWithAnError) {
    for (const auto* body :
         {"", "{", "[]", "null", R"({"items":[{})", R"({"items":[{}})", R"({"items":[{}]]})",
          R"({"items":[{}{}]})", R"({"items":[{},]})", R"({"items":[1]})", R"({"items":["x"]})",
          R"({"items":[{}],})", R"({"items":[{}]} x)", R"({items:[]})", R"({"items" []})",
          R"({"kind":})", R"({"kind":{}})", "<html>"}) {
        EXPECT_NE(split(Shape::list, body).fault, "") << body;
    }
    for (const auto* body :
         {R"({"type":"ADDED"})", R"({"object":{}})", R"({"type":"ADDED","object":{}}])",
          R"({"type":"ADDED","object":{})", R"({"type":"ADDED","object":{},"object":{}})",
          R"({"type":"ADDED","object":[]})", R"({"type":"ADDED","object":"x"})"}) {
        EXPECT_NE(split(Shape::watch, body).fault, "") << body;
    }
}

TEST(JsonItems, EventsBeforeTheBreakAreTold) {
    const auto told =
        split(Shape::watch, R"({"type":"ADDED","object":{}}{"type":"ADDED","object":{}}])");
    EXPECT_THAT(told.items, ElementsAre("ADDED {}", "ADDED {}"));
    EXPECT_EQ(told.fault, "broken JSON at byte 56: an object belongs there");
}

TEST(JsonItems, ATypeDoesNotLastForTheNextEvent) {
    EXPECT_NE(split(Shape::watch, R"({"type":"ADDED","object":{}}{"object":{}})").fault, "");
}

TEST(JsonItems, LargeObjectsAreReportedAndSkipped) {
    const auto big = R"({"a":")" + std::string(100, 'x') + R"("})";
    const auto list = R"({"items":[{"a":1},)" + big + R"(,{"b":1}]})";
    const auto watch = R"({"type":"ADDED","object":)" + big + R"(}{"type":"DELETED","object":{}})";
    for (const std::size_t size : {1, 7, 50, 1000}) {
        const auto piece = [&] { return size; };
        EXPECT_THAT(split(Shape::list, list, piece, 50).items,
                    ElementsAre(R"({"a":1})", "too large", R"({"b":1})"));
        EXPECT_THAT(split(Shape::watch, watch, piece, 50).items,
                    ElementsAre("ADDED too large", "DELETED {}"));
    }
}

TEST(JsonItems, WhatIsCompleteInsideAPieceIsNotCopied) {
    const std::string body = R"({"items":[{"a":1},{"b":2}]})";
    JsonItems items(Shape::list);
    items.feed(body);
    while (const auto item = items.next()) {
        EXPECT_GE(item->object.data(), body.data());
        EXPECT_LT(item->object.data(), body.data() + body.size());
    }
}

/// Random JSON of the shape, or almost.
class Writer {
  public:
    explicit Writer(uint32_t seed) : random_(seed) {}

    std::string body(Shape shape) {
        std::string text;
        if (shape == Shape::list) {
            text = "{" + member("kind", string()) + "," + member("metadata", object(2)) + "," +
                   member(string_text(), value(3)) + "," + member("items", items()) + "}" + space();
        } else {
            for (auto n = pick(6); n > 0; --n) {
                const auto type = member("type", string());
                const auto body = member("object", object(4));
                text += "{" + (pick(2) == 0 ? type + "," + body : body + "," + type) +
                        (pick(3) == 0 ? "," + member("extra", value(2)) : "") +
                        (pick(20) == 0 ? "," + body : "") + "}" + space();
            }
        }
        if (!text.empty() && pick(3) == 0) {
            // Broken somewhere.
            text[pick(text.size())] = kOdd[pick(kOdd.size())];
        }
        return text;
    }
    std::size_t pick(std::size_t below) { return random_() % below; }

  private:
    static constexpr std::string_view kOdd = "{}[]\"\\,: x1";

    std::string space() { return std::string(pick(3) == 0 ? pick(70) : 0, ' '); }
    std::string string_text() {
        static constexpr std::string_view kParts[] = {
            "a", "\\\"", "\\\\", "{", "}", "[", "]", ",", "some longer text that fills a block"};
        std::string text;
        for (auto n = pick(8); n > 0; --n) {
            text += kParts[pick(std::size(kParts))];
        }
        return text;
    }
    std::string string() { return '"' + string_text() + '"'; }
    std::string member(const std::string& key, const std::string& value) {
        return '"' + key + '"' + space() + ':' + space() + value;
    }
    std::string object(std::size_t depth) {
        std::string text = "{";
        for (auto n = pick(4); n > 0; --n) {
            text += member(string_text(), value(depth - 1)) + (n > 1 ? "," : "");
        }
        return text + "}";
    }
    std::string items() {
        std::string text = "[";
        for (auto n = pick(6); n > 0; --n) {
            text += object(4) + space() + (n > 1 ? "," : "");
        }
        return text + "]";
    }
    std::string value(std::size_t depth) {
        switch (depth == 0 ? pick(2) : pick(4)) {
            case 0:
                return "-1.5e3";
            case 1:
                return string();
            case 2:
                return "[" + object(depth - 1) + "," + string() + "]";
            default:
                return object(depth);
        }
    }

    std::mt19937 random_;
};

TEST(JsonItems, AnyChunkingGivesTheSame) {
    for (uint32_t seed = 0; seed < 4000; ++seed) {
        Writer writer(seed);
        const auto shape = seed % 2 == 0 ? Shape::list : Shape::watch;
        const auto body = writer.body(shape);
        const std::size_t max = seed % 5 == 0 ? 60 : JsonItems::kMaxObject;
        const auto whole = split(shape, body, max);
        EXPECT_EQ(split(shape, body, [] { return 1; }, max), whole) << body;
        EXPECT_EQ(split(shape, body, [&] { return 1 + writer.pick(90); }, max), whole) << body;
    }
}

TEST(JsonScan, VectorsAndPlainCodeAgree) {
    std::mt19937 random(1);
    std::string bytes(64, ' ');
    for (int round = 0; round < 1000; ++round) {
        for (auto& c : bytes) {
            c = round % 2 == 0 ? static_cast<char>(random()) : "{}[]\"\\x"[random() % 7];
        }
        EXPECT_EQ(json_marks(bytes.data()), json_marks_plain(bytes.data()));
    }
}

}  // namespace
}  // namespace sy
