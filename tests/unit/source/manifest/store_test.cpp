#include "source/manifest/store.h"

#include <gmock/gmock.h>

#include "recorder.h"

namespace sy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// A store and the files it is told of, with the loop that a source runs around it.
class StoreTest : public testing::Test {
  protected:
    std::vector<std::string> load(const std::string& path, const std::string& text) {
        files_[path] = text;
        follow(store_.load(path, text, emit_));
        return seen_.take();
    }
    std::vector<std::string> remove(const std::string& path) {
        files_.erase(path);
        follow(store_.remove(path, emit_));
        return seen_.take();
    }
    void follow(const ManifestStore::Reread& paths) {
        for (const auto& path : paths) {
            follow(store_.load(path, files_.at(path), emit_));
        }
    }

    RecordingLog log_;
    Symbols symbols_;
    ManifestStore store_{symbols_, log_};
    Recorder seen_;
    ManifestStore::Emit emit_ = [this](Event event) { seen_.apply(std::move(event)); };
    std::map<std::string, std::string> files_;
};

const std::string kNext = "---\n";

TEST_F(StoreTest, SaysWhatChanged) {
    const auto both = service_yaml("a", 1) + kNext + service_yaml("b", 1);
    EXPECT_THAT(load("f.yaml", both), ElementsAre("+Service default/a", "+Service default/b"));
    EXPECT_THAT(load("f.yaml", both), IsEmpty());
    EXPECT_THAT(load("f.yaml", "# a comment\n" + both), IsEmpty());
    EXPECT_THAT(load("f.yaml", service_yaml("a", 1) + kNext + service_yaml("b", 2)),
                ElementsAre("+Service default/b"));
    EXPECT_THAT(load("f.yaml", service_yaml("c", 1) + kNext + service_yaml("b", 2)),
                ElementsAre("+Service default/c", "-Service default/a"));
    EXPECT_THAT(load("f.yaml", ""),
                UnorderedElementsAre("-Service default/b", "-Service default/c"));
    EXPECT_EQ(store_.object_count(), 0U);
    EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(StoreTest, ANodeThatIsLeavingHasChanged) {
    const auto node = [](const std::string& metadata, const std::string& spec) {
        return "{apiVersion: v1, kind: Node, metadata: {name: n1" + metadata + "}, spec: {" + spec +
               "}}\n";
    };
    const auto changed = ElementsAre("+Node n1");
    EXPECT_THAT(load("n.yaml", node("", "")), changed);
    EXPECT_THAT(load("n.yaml", node("", "taints: [{key: ToBeDeletedByClusterAutoscaler}]")),
                changed);
    EXPECT_THAT(load("n.yaml", node("", "taints: [{key: other}]")), changed);
    EXPECT_THAT(load("n.yaml", node("", "")), IsEmpty());
    EXPECT_THAT(load("n.yaml", node(", deletionTimestamp: '2026-03-01T12:00:00Z'", "")), changed);
}

TEST_F(StoreTest, ReadsEveryKindAndList) {
    EXPECT_THAT(
        load("f.yaml", R"(
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {clusterIP: None}}
- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e}, addressType: IPv4}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}}
---
apiVersion: networking.k8s.io/v1
kind: ServiceCIDR
metadata: {name: c}
spec: {cidrs: [10.0.0.0/16]}
)"),
        ElementsAre("+Service shop/s", "+EndpointSlice default/e", "+Node n1", "+ServiceCIDR c"));
}

TEST_F(StoreTest, ReadsJsonFilesWithOneValueOrSeveral) {
    const std::string service =
        R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"NAME"},"spec":{"clusterIP":"None"}})";
    const auto named = [&](const char* name) {
        auto text = service;
        return text.replace(text.find("NAME"), 4, name);
    };
    EXPECT_THAT(load("f.json", named("a")), ElementsAre("+Service default/a"));
    EXPECT_THAT(load("f.json", named("a") + "\n" + named("b") + named("c") + "\n"),
                ElementsAre("+Service default/b", "+Service default/c"));
    EXPECT_THAT(log_.lines, IsEmpty());
    EXPECT_THAT(load("f.json", named("a") + "\n" + named("b") + "\n garbage"), IsEmpty());
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("error: f.json:3: a value belongs here")));
    EXPECT_THAT(load("f.json", named("a") + "}"), IsEmpty());
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("error: f.json:1: ")));
    EXPECT_THAT(load("f.json", " \n"), SizeIs(3));
}

TEST_F(StoreTest, ABadDocumentIsReportedWithFileLineFieldAndReason) {
    load("f.yaml", service_yaml("a", 1) + kNext + service_yaml("b", 2));
    EXPECT_THAT(load("f.yaml", service_yaml("a", 3) + kNext + service_yaml("b", 70000)),
                ElementsAre("+Service default/a"));
    EXPECT_THAT(log_.take(),
                ElementsAre("error: f.yaml:17: Service default/b: spec.ports[0].port: 70000 is out "
                            "of range: a port is a whole number from 1 to 65535 (its last good "
                            "version stays in force)"));
    EXPECT_EQ(seen_.port("b"), 2);
    EXPECT_EQ(store_.standing_errors(), 1U);

    EXPECT_THAT(load("f.yaml", service_yaml("a", 3) + kNext + service_yaml("b", 70000)), IsEmpty());
    EXPECT_THAT(log_.take(), IsEmpty());

    EXPECT_THAT(load("f.yaml", service_yaml("a", 3) + kNext + service_yaml("b", 4)),
                ElementsAre("+Service default/b"));
    EXPECT_THAT(log_.take(), ElementsAre("info: f.yaml: good again"));
    EXPECT_EQ(store_.standing_errors(), 0U);
}

TEST_F(StoreTest, ABadObjectThatNeverWasGoodIsLeftOut) {
    EXPECT_THAT(load("f.yaml", service_yaml("a", 0)), IsEmpty());
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("Service default/a: spec.ports[0].port: 0")));
    EXPECT_THAT(load("f.yaml", ""), IsEmpty());
    EXPECT_EQ(store_.standing_errors(), 0U);
}

TEST_F(StoreTest, ADocumentThatLostItsIdentityTakesNothingAway) {
    load("f.yaml",
         service_yaml("a", 1) + kNext + service_yaml("b", 1) + kNext + service_yaml("c", 1));
    // The second document is broken; the first is still followed, and b and c stay.
    EXPECT_THAT(load("f.yaml", service_yaml("a", 2) + kNext + "kind: [Service\n"),
                ElementsAre("+Service default/a"));
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("what this file said before stays in force")));
    EXPECT_THAT(load("f.yaml", "}"), IsEmpty());
    EXPECT_THAT(load("f.yaml", service_yaml("a", 2)),
                UnorderedElementsAre("-Service default/b", "-Service default/c"));
}

TEST_F(StoreTest, TheFirstFileCounts) {
    load("b.yaml", service_yaml("a", 2));
    EXPECT_THAT(load("c.yaml", service_yaml("a", 3)), IsEmpty());
    EXPECT_THAT(log_.take(), ElementsAre("warning: c.yaml: Service default/a is in several files: "
                                         "b.yaml counts, c.yaml does not"));
    EXPECT_THAT(load("c.yaml", service_yaml("a", 4)), IsEmpty());
    EXPECT_THAT(log_.take(), IsEmpty());
    EXPECT_THAT(load("a.yaml", service_yaml("a", 1)), ElementsAre("+Service default/a"));
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("a.yaml counts, b.yaml does not")));
    EXPECT_EQ(seen_.port("a"), 1);

    EXPECT_THAT(remove("a.yaml"), ElementsAre("+Service default/a"));
    EXPECT_EQ(seen_.port("a"), 2);
    EXPECT_THAT(load("b.yaml", "---\n"), ElementsAre("+Service default/a"));
    EXPECT_EQ(seen_.port("a"), 4);
    EXPECT_THAT(remove("c.yaml"), ElementsAre("-Service default/a"));
    EXPECT_EQ(store_.object_count(), 0U);
}

TEST_F(StoreTest, ALoserMayLeaveAndComeBack) {
    load("a.yaml", service_yaml("a", 1));
    load("b.yaml", service_yaml("a", 2));
    EXPECT_THAT(remove("b.yaml"), IsEmpty());
    EXPECT_THAT(load("b.yaml", service_yaml("a", 3)), IsEmpty());
    EXPECT_THAT(remove("a.yaml"), ElementsAre("+Service default/a"));
    EXPECT_EQ(seen_.port("a"), 3);
}

TEST_F(StoreTest, TheHeirMayBeBroken) {
    load("a.yaml", service_yaml("a", 1));
    load("b.yaml", service_yaml("a", 2));
    load("b.yaml", service_yaml("a", 0));
    EXPECT_THAT(remove("a.yaml"), IsEmpty());  // the version in force stays
    EXPECT_EQ(seen_.port("a"), 1);
    EXPECT_THAT(load("b.yaml", service_yaml("a", 2)), ElementsAre("+Service default/a"));
}

TEST_F(StoreTest, TwiceInOneFileTheFirstCounts) {
    EXPECT_THAT(load("f.yaml", service_yaml("a", 1) + kNext + service_yaml("a", 2)),
                ElementsAre("+Service default/a"));
    EXPECT_EQ(seen_.port("a"), 1);
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("twice: the first one counts")));
    load("g.yaml", service_yaml("a", 3) + kNext + service_yaml("a", 4));
    EXPECT_THAT(remove("f.yaml"), ElementsAre("+Service default/a"));
    EXPECT_EQ(seen_.port("a"), 3);
    EXPECT_THAT(remove("g.yaml"), ElementsAre("-Service default/a"));
}

TEST_F(StoreTest, OtherKindsAreMentionedOnce) {
    load("f.yaml",
         "apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: apps/v1\nkind: "
         "Deployment\n");
    load("g.yaml", "apiVersion: apps/v1\nkind: Deployment\n");
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("info: f.yaml: Deployment (apps/v1)")));
    EXPECT_EQ(store_.standing_errors(), 0U);
}

TEST_F(StoreTest, WarningsNameTheLine) {
    load("f.yaml", service_yaml("a", 1) + "  externalIPs:\n  - nonsense\n");
    EXPECT_THAT(log_.take(), ElementsAre("warning: f.yaml:10: Service default/a: "
                                         "spec.externalIPs[0]: \"nonsense\" is not an IP address "
                                         "and is skipped"));
}

TEST_F(StoreTest, ManyErrorsDoNotFloodTheLog) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += kNext + service_yaml("s" + std::to_string(i), 0);
    }
    load("f.yaml", text);
    EXPECT_THAT(log_.lines, SizeIs(21));
    EXPECT_EQ(log_.lines.back(), "error: f.yaml: 80 more remarks left out");
    EXPECT_EQ(store_.standing_errors(), 100U);
}

TEST_F(StoreTest, AnUnreadableFileStaysInForce) {
    load("f.yaml", service_yaml("a", 1));
    const Error denied{"cannot be read", "f.yaml", EACCES};
    store_.unreadable("f.yaml", denied);
    store_.unreadable("f.yaml", denied);
    EXPECT_THAT(log_.take(), SizeIs(1));
    EXPECT_EQ(store_.standing_errors(), 1U);
    EXPECT_THAT(load("f.yaml", service_yaml("a", 1)), IsEmpty());
    EXPECT_EQ(store_.standing_errors(), 0U);
    EXPECT_THAT(remove("f.yaml"), ElementsAre("-Service default/a"));
}

TEST_F(StoreTest, TextThatIsNotUtf8) {
    load("f.yaml", "kind: \"\xff\"\n");
    load("f.json", "{\"kind\": \"\xff\"}\n");
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("f.yaml:1:"), HasSubstr("f.json:1:")));
}

TEST(ManifestNameTest, Extensions) {
    for (const auto* name : {"a.yaml", "a.yml", "a.json", "a.b.yaml"}) {
        EXPECT_TRUE(is_manifest_name(name)) << name;
    }
    for (const auto* name : {".a.yaml", "a", "a.yaml~", "a.YAML", "yaml", "..data", ".yaml"}) {
        EXPECT_FALSE(is_manifest_name(name)) << name;
    }
}

}  // namespace
}  // namespace sy
