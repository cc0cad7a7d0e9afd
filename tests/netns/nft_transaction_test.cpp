// What a transaction does to tables that exist, and that it does nothing when it fails.
#include <gmock/gmock.h>

#include <algorithm>

#include "backends/nftables/layout.h"
#include "backends/nftables/word.h"
#include "nft_lab.h"

namespace sy::nft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class NftTransaction : public NftLab, public ::testing::WithParamInterface<Family> {
  protected:
    void SetUp() override {
        NftLab::SetUp();
        ASSERT_NO_FATAL_FAILURE(create(config_));
    }

    Family family() const { return GetParam(); }
    const char* nft_family() const { return family() == Family::ipv4 ? "ip" : "ip6"; }
    IpAddr ip(std::string_view four, std::string_view six) const {
        return address(family() == Family::ipv4 ? four : six);
    }

    void create(const TableConfig& config) {
        Transaction transaction;
        transaction.create = {config};
        transaction.add = ops(samples_);
        commit(transaction);
    }

    // The only table is `config`'s, unedited, with `elements`.
    void expect_table(const TableConfig& config, const std::vector<Element>& elements) {
        const auto tables = dump();
        ASSERT_EQ(tables.size(), 1U);
        EXPECT_TRUE(tables[0].same_layout);
        EXPECT_EQ(tables[0].sizes, config.sizes);
        EXPECT_EQ(tables[0].classes, config.classes);
        EXPECT_EQ(tables[0].rules, rules_fingerprint(config));
        EXPECT_EQ(sorted(tables[0].elements), sorted(elements));
    }

    std::vector<Element> without(SetId set) const {
        auto rest = samples_;
        std::erase_if(rest, [set](const Element& e) { return e.set() == set; });
        return rest;
    }

    CommitError refused(const Transaction& transaction) {
        const auto before = listing();
        const auto done = kernel_->commit(transaction);
        EXPECT_FALSE(done);
        EXPECT_EQ(listing(), before);
        return done ? CommitError{} : done.error();
    }

    // As the packet path would.
    void remember_client() {
        const auto client = ip("192.0.2.7", "fd00:7::7").to_string();
        const auto done =
            run(std::string("nft add element ") + nft_family() +
                " switchyard affinity '{ 0:3400 . " + client + " timeout 1h : 0:3401 }'");
        ASSERT_EQ(done.status, 0) << done.output;
    }
    bool remembers_client() {
        return listing().find(ip("192.0.2.7", "fd00:7::7").to_string()) != std::string::npos;
    }

    TableConfig config_ = config_for(GetParam());
    std::vector<Element> samples_ = sample_elements(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Families, NftTransaction, ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(NftTransaction, CreationReplacesWhatIsThere) {
    samples_.resize(3);
    config_.masquerade_all = true;
    config_.classes.clear();
    create(config_);
    expect_table(config_, samples_);
}

TEST_P(NftTransaction, CreationReplacesAForeignTable) {
    ASSERT_TRUE(kernel_->remove_tables());
    load(std::string("table ") + nft_family() +
         " switchyard { set frontends { type inet_service; } \n chain a { drop\n }\n }");
    const auto found = dump();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_FALSE(found[0].same_layout);
    create(config_);
    expect_table(config_, samples_);
}

TEST_P(NftTransaction, BothFamiliesLiveSideBySide) {
    const auto other = family() == Family::ipv4 ? Family::ipv6 : Family::ipv4;
    Transaction transaction;
    transaction.create = {config_for(other)};
    transaction.add = ops(sample_elements(other));
    commit(transaction);
    const auto tables = dump();
    ASSERT_EQ(tables.size(), 2U);
    for (const auto& table : tables) {
        EXPECT_EQ(sorted(table.elements), sorted(sample_elements(table.family)));
    }
    EXPECT_EQ(run("nft -j list ruleset > /dev/null").status, 0);
    load("flush ruleset\n" + table_text(config_for(Family::ipv4), {}) +
         table_text(config_for(Family::ipv6), {}));
}

TEST_P(NftTransaction, RemovesAndAddsElements) {
    for (const auto& element : samples_) {
        Transaction remove;
        remove.remove = ops({element});
        commit(remove);
        auto rest = samples_;
        std::erase(rest, element);
        expect_table(config_, rest);
        Transaction add;
        add.add = ops({element});
        commit(add);
    }
    expect_table(config_, samples_);
    Transaction all;
    all.remove = ops(samples_);
    commit(all);
    expect_table(config_, {});
}

TEST_P(NftTransaction, ReplacesAnElementOfAFullSet) {
    config_.sizes[static_cast<std::size_t>(SetId::endpoints)] = 2;
    create(config_);  // the samples have two endpoints
    const auto old_one =
        *std::ranges::find(samples_, SetId::endpoints, [](const Element& e) { return e.set(); });
    const auto new_one = endpoint(family(), id_word(1), 0, ip("10.244.9.9", "fd00:244::9:9"), 9);
    ASSERT_TRUE(old_one.same_key(new_one));
    Transaction replace;
    replace.remove = ops({old_one});
    replace.add = ops({new_one});
    commit(replace);
    std::ranges::replace(samples_, old_one, new_one);
    expect_table(config_, samples_);

    Transaction overflow;
    overflow.add = ops({endpoint(family(), id_word(2), 0, ip("10.0.0.1", "fd00::1"), 1)}, 77);
    const auto error = refused(overflow);
    EXPECT_EQ(error.reason, CommitError::Reason::full);
    EXPECT_THAT(error.error.on, HasSubstr("endpoints"));
    EXPECT_THAT(error.suspects, ElementsAre(77));
}

TEST_P(NftTransaction, ReplacesIntervalsByOverlappingOnes) {
    const bool v4 = family() == Family::ipv4;
    const auto cidrs = without(SetId::pod_cidrs);
    const auto wide = network_element(family(), SetId::pod_cidrs,
                                      network(v4 ? "10.244.0.0/14" : "fd00:244::/40"));
    const auto narrow = network_element(family(), SetId::pod_cidrs,
                                        network(v4 ? "10.244.0.0/24" : "fd00:244::/64"));
    auto current = samples_.front();
    for (const auto& next : {wide, narrow, wide}) {
        Transaction replace;
        replace.remove = ops({current});
        replace.add = ops({next});
        commit(replace);
        auto expected = cidrs;
        expected.push_back(next);
        expect_table(config_, expected);
        current = next;
    }
}

TEST_P(NftTransaction, Flushes) {
    Transaction flush;
    for (const auto set : words_layout().sets) {
        if (set != SetId::classes && set != SetId::frontends) {
            flush.flush.push_back({family(), set});
        }
    }
    flush.add = ops({samples_.front()});
    commit(flush);
    std::vector<Element> expected{samples_.front()};
    std::ranges::copy_if(samples_, std::back_inserter(expected),
                         [](const Element& e) { return e.set() == SetId::frontends; });
    expect_table(config_, expected);
}

TEST_P(NftTransaction, RewritesRulesAndKeepsElements) {
    remember_client();
    config_.detector = InterfaceDetector{"cali", true};
    config_.masquerade_all = true;
    config_.classes.push_back({0x202, 5, 60});
    Transaction transaction;
    transaction.rewrite = {{config_, {}}};
    commit(transaction);
    expect_table(config_, samples_);
    EXPECT_TRUE(remembers_client());
    EXPECT_THAT(listing(), HasSubstr("iifname \"cali*\" goto etp_shortcut"));
}

TEST_P(NftTransaction, RewritesWithLargerSets) {
    remember_client();
    config_.sizes[static_cast<std::size_t>(SetId::endpoints)] *= 2;
    config_.sizes[static_cast<std::size_t>(SetId::frontends)] *= 2;
    Transaction transaction;
    transaction.rewrite = {{config_, {SetId::endpoints, SetId::frontends, SetId::ranges}}};
    for (const auto& element : samples_) {
        if (element.set() == SetId::endpoints || element.set() == SetId::frontends) {
            transaction.add.push_back({element, 0});
        }
    }
    commit(transaction);
    expect_table(config_, without(SetId::ranges));
    EXPECT_TRUE(remembers_client());
    EXPECT_EQ(normal_lines(listing()).size() - 1,  // the remembered client
              normal_lines(table_text(config_, without(SetId::ranges))).size());

    for (const auto set : words_layout().sets) {
        transaction.rewrite[0].resized.push_back(set);
    }
    transaction.rewrite[0].resized.erase(transaction.rewrite[0].resized.begin(),
                                         transaction.rewrite[0].resized.begin() + 3);
    transaction.add = ops(samples_);
    commit(transaction);
    expect_table(config_, samples_);
    EXPECT_FALSE(remembers_client());
}

TEST_P(NftTransaction, RewriteUndoesForeignEdits) {
    const std::string table = std::string(nft_family()) + " switchyard";
    const std::vector<std::string> edits{
        "add rule " + table + " services accept",
        "insert rule " + table + " output accept",
        "flush chain " + table + " source",
        "add chain " + table + " intruder; add rule " + table + " intruder drop",
        "add chain " + table + " intruder2; insert rule " + table + " output jump intruder2",
        "delete element " + table + " classes { 0:3 }",
        "add element " + table + " classes { 0:7 : accept }",
        "delete element " + table + " classes { 0:3 }; add element " + table +
            " classes { 0:3 : goto pick_1 }",
    };
    for (const auto& edit : edits) {
        load(edit);
        const auto found = dump();
        ASSERT_EQ(found.size(), 1U);
        EXPECT_TRUE(found[0].same_layout) << edit;
        auto config = config_;
        config.classes = found[0].classes;
        EXPECT_NE(found[0].rules, rules_fingerprint(config)) << edit;
        Transaction transaction;
        transaction.rewrite = {{config_, {}}};
        commit(transaction);
        expect_table(config_, samples_);
    }
}

TEST_P(NftTransaction, SeesForeignLayouts) {
    const std::string table = std::string(nft_family()) + " switchyard";
    for (const auto& edit : {
             "add table " + table + " { flags dormant; }",
             "add chain " + table + " prerouting { policy drop; }",
             "add chain " + table + " mine { type filter hook input priority 0; }",
             "add set " + table + " mine { type inet_service; }",
             "delete chain " + table + " stray",
         }) {
        load(edit);
        const auto found = dump();
        ASSERT_EQ(found.size(), 1U);
        EXPECT_FALSE(found[0].same_layout) << edit;
        create(config_);
        expect_table(config_, samples_);
    }
}

TEST_P(NftTransaction, AddsAndRemovesClasses) {
    const ClassDef first{0x210, 4, 60};
    const ClassDef second{0x211, 5, 60};
    const ClassDef pick{4, 4, 0};
    const auto before = listing();
    const auto change = [&](std::vector<ClassDef> removed, std::vector<ClassDef> added) {
        Transaction transaction;
        for (const auto& def : removed) {
            transaction.remove_classes.push_back({family(), def});
            std::erase(config_.classes, def);
        }
        for (const auto& def : added) {
            transaction.add_classes.push_back({family(), def});
            config_.classes.push_back(def);
        }
        std::ranges::sort(config_.classes);
        commit(transaction);
        expect_table(config_, samples_);
    };
    change({}, {first, pick});
    EXPECT_THAT(listing(), HasSubstr("chain known_60"));
    change({}, {second});
    change({first}, {});
    EXPECT_THAT(listing(), HasSubstr("chain known_60"));
    change({second}, {first});
    change({first, pick}, {});
    EXPECT_THAT(listing(), Not(HasSubstr("known_60")));
    EXPECT_EQ(listing(), before);
    change({config_.classes[3]}, {});
    EXPECT_THAT(listing(), Not(HasSubstr("known_10800")));
}

TEST_P(NftTransaction, NamesTheOwnersOfRefusedElements) {
    Transaction transaction;
    // Two thousand good ones make more than one message.
    for (uint32_t i = 0; i < 2000; ++i) {
        transaction.add.push_back(
            {endpoint(family(), id_word(100), i, ip("10.0.0.1", "fd00::1"), 1), i});
    }
    const auto shortcut =
        *std::ranges::find(samples_, SetId::shortcut, [](const Element& e) { return e.set(); });
    transaction.add.push_back({shortcut, 5000});
    const auto error = refused(transaction);
    EXPECT_EQ(error.reason, CommitError::Reason::element);
    EXPECT_EQ(error.error.code, EEXIST);
    EXPECT_THAT(error.error.on, HasSubstr("shortcut"));
    EXPECT_THAT(error.suspects, ElementsAre(5000));

    // Two faults in different messages.
    transaction.remove =
        ops({endpoint(family(), id_word(200), 0, ip("10.0.0.1", "fd00::1"), 1)}, 6000);
    EXPECT_THAT(refused(transaction).suspects, ElementsAre(5000, 6000));
}

TEST_P(NftTransaction, AMissingElementIsTheElementsFault) {
    Transaction transaction;
    for (const auto set : {SetId::hairpin, SetId::cluster_ips}) {
        transaction.remove = ops({address_element(family(), set, ip("10.9.9.9", "fd00:9::9"))}, 3);
        const auto error = refused(transaction);
        EXPECT_EQ(error.reason, CommitError::Reason::element);
        EXPECT_EQ(error.error.code, ENOENT);
        EXPECT_THAT(error.suspects, ElementsAre(3));
    }
}

TEST_P(NftTransaction, AMissingTableOrSetIsDrift) {
    Transaction transaction;
    transaction.add =
        ops({address_element(family(), SetId::cluster_ips, ip("10.9.9.9", "fd00::9"))});
    load(std::string("table ") + nft_family() + " switchyard { chain services { }; }; " +
         "flush table " + nft_family() + " switchyard; delete set " + nft_family() +
         " switchyard cluster_ips");
    EXPECT_EQ(refused(transaction).reason, CommitError::Reason::drift);
    ASSERT_TRUE(kernel_->remove_tables());
    EXPECT_EQ(refused(transaction).reason, CommitError::Reason::drift);
    Transaction classes;
    classes.add_classes = {{family(), {9, 9, 0}}};
    EXPECT_EQ(refused(classes).reason, CommitError::Reason::drift);
    Transaction rewrite;
    rewrite.rewrite = {{config_, {}}};
    EXPECT_EQ(refused(rewrite).reason, CommitError::Reason::drift);
    Transaction flush;
    flush.flush = {{family(), SetId::frontends}};
    EXPECT_EQ(refused(flush).reason, CommitError::Reason::drift);
}

TEST_P(NftTransaction, RefusesAnInterfaceNameThatIsNone) {
    config_.detector = InterfaceDetector{"a\" drop", false};
    Transaction transaction;
    transaction.create = {config_};
    EXPECT_EQ(refused(transaction).reason, CommitError::Reason::other);
}

TEST_P(NftTransaction, RemovesTables) {
    load("table inet switchyard { }; table ip other { }");
    ASSERT_TRUE(kernel_->remove_tables());
    EXPECT_TRUE(dump().empty());
    ASSERT_TRUE(kernel_->remove_tables());
    EXPECT_EQ(listing(), "table inet switchyard {\n}\ntable ip other {\n}\n");
}

TEST_P(NftTransaction, AnEmptyTransactionIsDone) {
    commit({});
    expect_table(config_, samples_);
}

}  // namespace
}  // namespace sy::nft
