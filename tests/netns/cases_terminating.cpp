// Terminating and not-ready endpoints: cases 61 to 64 and 66; with topology hints (1 to 11) as far
// as packets can show them.
#include "tests/support/backend_fixture.h"

namespace sy::lab {
namespace {

class TerminatingCases : public PacketTest {
  protected:
    struct At {
        Place place;
        Pod pod;
    };
    SliceSpec with(std::vector<At> endpoints) const {
        SliceSpec spec = slice("shop/web", family()).port(kServerPort.number());
        for (const At& one : endpoints) {
            on(spec, family(), one.place, one.pod);
        }
        return spec;
    }
    ServiceSpec web() const { return service("shop/web").ip(vip(1)).port(80).node_port(30001); }
    Flow inside() const { return tcp(Place::ext, vip(1), Port(80)); }
    Flow outside() const { return tcp(Place::ext, node_ip(), Port(30001)); }
};
SY_EVERY_BACKEND(TerminatingCases);

TEST_P(TerminatingCases, UnusedWhileReadyOnesExist) {
    cluster.put(web());
    cluster.put(with({{Place::pod1, Pod::terminating}, {Place::podr, Pod::ready}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"podr masq"}));
    EXPECT_TRUE(reaches(outside(), {"podr masq"}));
    EXPECT_TRUE(reaches(tcp(Place::pod2, vip(1), Port(80)), {"podr kept"}));
}

TEST_P(TerminatingCases, UsedWhenNothingElseServes) {
    cluster.put(web());
    cluster.put(with({{Place::pod1, Pod::terminating}, {Place::podr, Pod::terminating}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq", "podr masq"}));
    EXPECT_TRUE(reaches(outside(), {"pod1 masq", "podr masq"}));
}

TEST_P(TerminatingCases, LocalPolicyPrefersLocalTerminatingOnes) {
    cluster.put(web().external_local());
    cluster.put(with({{Place::pod1, Pod::terminating}, {Place::podr, Pod::ready}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(outside(), {"pod1 kept"}));
    EXPECT_TRUE(reaches(inside(), {"podr masq"}));
    EXPECT_TRUE(reaches(tcp(Place::pod2, node_ip(), Port(30001)), {"podr kept"}));
    cluster.put(with(
        {{Place::pod1, Pod::terminating}, {Place::pod2, Pod::ready}, {Place::podr, Pod::ready}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(outside(), {"pod2 kept"}));
    EXPECT_TRUE(reaches(inside(), {"pod2 masq", "podr masq"}));
}

TEST_P(TerminatingCases, OnlyRemoteTerminatingOnes) {
    cluster.put(web());
    cluster.put(with({{Place::podr, Pod::terminating}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"podr masq"}));
    EXPECT_TRUE(reaches(outside(), {"podr masq"}));
    cluster.put(web().external_local().internal_local());
    cluster.must_sync();
    EXPECT_TRUE(silent({inside(), outside(), tcp(Place::pod1, vip(1), Port(80))}));
}

TEST_P(TerminatingCases, NothingUsableAnywhere) {
    for (bool local : {false, true}) {
        ServiceSpec spec = web();
        if (local) {
            spec.external_local().internal_local();
        }
        cluster.put(spec);
        cluster.put(with({{Place::pod1, Pod::gone}, {Place::podr, Pod::unready}}));
        cluster.must_sync();
        EXPECT_TRUE(refused({inside(), outside()}));
        cluster.remove_slice(with({}));
        cluster.must_sync();
        EXPECT_TRUE(refused({inside(), outside()}));
    }
}

TEST_P(TerminatingCases, WholeLifeOfAPod) {
    cluster.put(web());
    cluster.put(with({{Place::podr, Pod::ready}, {Place::pod1, Pod::unready}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"podr masq"}));
    cluster.put(with({{Place::podr, Pod::ready}, {Place::pod1, Pod::ready}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq", "podr masq"}));
    cluster.put(with({{Place::podr, Pod::terminating}, {Place::pod1, Pod::ready}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq"}));
    cluster.put(with({{Place::podr, Pod::terminating}, {Place::pod1, Pod::unready}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"podr masq"}));
    cluster.put(with({{Place::podr, Pod::gone}, {Place::pod1, Pod::unready}}));
    cluster.must_sync();
    EXPECT_TRUE(refused({inside()}));
}

TEST_P(TerminatingCases, PublishedNotReadyAddresses) {
    cluster.put(web());
    cluster.put(with({{Place::pod1, Pod::published}}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq"}, 4));
    cluster.put(with({{Place::pod1, Pod::unready}}));
    cluster.must_sync();
    EXPECT_TRUE(refused({inside()}));
}

TEST_P(TerminatingCases, RunningCopyOfATerminatingAddressWins) {
    cluster.put(web());
    cluster.put(with({{Place::pod1, Pod::terminating}}));
    SliceSpec copy = slice("shop/web", family(), "2").port(kServerPort.number());
    cluster.put(on(copy, family(), Place::pod1, Pod::ready));
    SliceSpec third = slice("shop/web", family(), "3").port(kServerPort.number());
    cluster.put(on(third, family(), Place::podr, Pod::terminating));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq"}));
}

TEST_P(TerminatingCases, ZoneAndNodeHints) {
    const auto hinted = [&](std::vector<std::string> pod1, std::vector<std::string> pod2,
                            std::vector<std::string> podr, Pod second = Pod::ready) {
        return slice("shop/web", family())
            .port(kServerPort.number())
            .endpoint(at(Place::pod1), std::string(kNodeName), Pod::ready, std::move(pod1))
            .endpoint(at(Place::pod2), std::string(kNodeName), second, std::move(pod2))
            .endpoint(at(Place::podr), std::string(kOtherNodeName), Pod::ready, std::move(podr));
    };
    Node node = node_object();
    node.zone = "a";
    cluster.put(node);
    cluster.put(web());
    cluster.put(hinted({"a"}, {"b"}, {"a"}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq", "podr masq"}));
    cluster.put(hinted({"b"}, {"b"}, {"c", "a"}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"podr masq"}));
    cluster.put(hinted({"a"}, {}, {"b"}));  // one endpoint without a hint: no filtering
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq", "pod2 masq", "podr masq"}));
    cluster.put(hinted({"a"}, {}, {"b"}, Pod::unready));  // unless it is not ready
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq"}));
    cluster.put(hinted({"b"}, {"c"}, {"b"}));  // nothing hinted for zone a
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq", "pod2 masq", "podr masq"}));
    node.zone = "c";  // the node moves
    cluster.put(node);
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod2 masq"}));
    cluster.put(web().external_local());  // the Local list ignores hints
    cluster.must_sync();
    EXPECT_TRUE(reaches(outside(), {"pod1 kept", "pod2 kept"}));
    cluster.put(slice("shop/web", family())
                    .port(kServerPort.number())
                    .endpoint(at(Place::pod1), std::string(kNodeName), Pod::ready, {"b"},
                              {std::string(kNodeName)})
                    .endpoint(at(Place::podr), std::string(kOtherNodeName), Pod::ready, {"c"},
                              {std::string(kOtherNodeName)}));
    cluster.must_sync();
    EXPECT_TRUE(reaches(inside(), {"pod1 masq"}));  // node hints come before zone hints
}

}  // namespace
}  // namespace sy::lab
