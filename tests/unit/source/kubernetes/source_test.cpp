#include "source/kubernetes/source.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <map>

#include "harness.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;

/// Requests that the test answers by hand.
class FakeClient : public ApiClient {
  public:
    struct Request {
        ApiRequest request;
        ApiHandler* handler = nullptr;
    };

    std::unique_ptr<ApiCall> send(ApiRequest request, ApiHandler& handler) override {
        EXPECT_FALSE(calling);
        const auto path = request.target.substr(0, request.target.find('?'));
        const auto resource = path.substr(path.rfind('/') + 1);
        EXPECT_THAT(open, testing::Not(Contains(Key(resource))));
        open[resource] = {std::move(request), &handler};
        ++sent;
        return std::make_unique<Call>(*this, resource);
    }

    ApiHandler& handler(const std::string& resource) { return *open.at(resource).handler; }
    void accept(const std::string& resource) {
        handler(resource).on_head({200, std::nullopt, "application/json"});
    }
    void refuse(const std::string& resource, int code) {
        handler(resource).on_head({static_cast<unsigned>(code), std::nullopt, "application/json"});
        handler(resource).on_body(status_json(code, "", "no"));
        handler(resource).on_end({});
    }
    /// On heap memory that is gone afterwards.
    void body(const std::string& resource, std::string_view bytes) {
        const auto copy = std::make_unique<std::string>(bytes);
        handler(resource).on_body(*copy);
    }

    std::map<std::string, Request> open;
    int sent = 0;
    bool calling = false;

  private:
    struct Call : ApiCall {
        Call(FakeClient& owner, std::string which) : client(owner), resource(std::move(which)) {}
        ~Call() override { client.open.erase(resource); }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

        FakeClient& client;
        std::string resource;
    };
};

class KubernetesSourceTest : public testing::Test {
  protected:
    KubernetesSourceTest()
        : source_(std::make_unique<KubernetesSource>(io_, client_, symbols_, log_, observer_,
                                                     KubernetesOptions{"node-1", 7})) {}

    void start() {
        ASSERT_TRUE(source_->start([this](std::vector<Event> events) {
            batches_.push_back(events.size());
            seen_.apply(std::move(events));
            if (on_events_) {
                on_events_();
            }
        }));
        EXPECT_THAT(batches_, IsEmpty());
    }
    void list(const std::string& resource) {
        client_.accept(resource);
        client_.body(resource, bookmark_json(10, true));
    }
    // Lets timers run until `done`.
    template <class Done>
    void until(Done done) {
        while (!done() && io_.run_one() > 0) {
        }
        EXPECT_TRUE(done());
    }

    boost::asio::io_context io_;
    FakeClient client_;
    Symbols symbols_;
    RecordingLog log_;
    RecordingObserver observer_;
    Recorder seen_;
    std::vector<std::size_t> batches_;
    std::function<void()> on_events_;
    std::unique_ptr<KubernetesSource> source_;
};

TEST_F(KubernetesSourceTest, WatchesFourResources) {
    start();
    EXPECT_THAT(client_.open, SizeIs(4));
    EXPECT_THAT(client_.open.at("services").request.target,
                HasSubstr("%21service.kubernetes.io%2Fservice-proxy-name"));
    EXPECT_THAT(client_.open.at("endpointslices").request.target,
                HasSubstr("/apis/discovery.k8s.io/v1/endpointslices?labelSelector="
                          "%21service.kubernetes.io%2Fheadless&"));
    EXPECT_THAT(client_.open.at("nodes").request.target,
                HasSubstr("/api/v1/nodes?fieldSelector=metadata.name%3Dnode-1&"));
    EXPECT_THAT(client_.open.at("servicecidrs").request.target,
                HasSubstr("/apis/networking.k8s.io/v1/servicecidrs?watch=true"));
    for (const auto* resource : {"services", "endpointslices", "nodes", "servicecidrs"}) {
        list(resource);
    }
    EXPECT_THAT(seen_.listed, SizeIs(4));
    for (const auto& status : source_->status()) {
        EXPECT_TRUE(status.listed && status.last_contact) << status.resource;
    }
}

TEST_F(KubernetesSourceTest, ServicesAreCompleteWhenTheNodeIsKnown) {
    start();
    list("services");
    list("endpointslices");
    EXPECT_THAT(seen_.listed, ElementsAre(Kind::endpoint_slice));
    list("nodes");
    EXPECT_THAT(seen_.listed, ElementsAre(Kind::service, Kind::endpoint_slice, Kind::node));
}

TEST_F(KubernetesSourceTest, TellsEventsOncePerPiece) {
    start();
    list("services");
    batches_.clear();
    client_.body("services", event_json("ADDED", service_json("a", 11)) +
                                 event_json("ADDED", service_json("b", 12)));
    client_.body("services", event_json("DELETED", service_json("a", 13)));
    EXPECT_THAT(batches_, ElementsAre(2, 1));
    EXPECT_THAT(seen_.events,
                ElementsAre("+Service default/a", "+Service default/b", "-Service default/a"));
}

TEST_F(KubernetesSourceTest, BoundsTheEventsInMemory) {
    start();
    list("nodes");
    batches_.clear();
    client_.accept("services");
    std::string body;
    for (int i = 0; i < 2500; ++i) {
        body += event_json("ADDED", service_json("s" + std::to_string(i), i + 1));
    }
    client_.body("services", body + bookmark_json(9999, true));
    EXPECT_THAT(batches_, ElementsAre(1024, 1024, 453));
    EXPECT_THAT(seen_.objects, SizeIs(2500));
    EXPECT_THAT(seen_.listed, ElementsAre(Kind::service, Kind::node));
}

TEST_F(KubernetesSourceTest, StatusTellsWhatWasListed) {
    start();
    EXPECT_FALSE(source_->status()[0].last_contact);
    client_.accept("services");
    EXPECT_TRUE(source_->status()[0].last_contact);
    EXPECT_FALSE(source_->status()[0].listed);
    EXPECT_EQ(source_->status()[1].resource, "endpointslices");
}

TEST_F(KubernetesSourceTest, AsksForTheNextPageAndThenWatches) {
    start();
    list("nodes");
    client_.refuse("services", 422);
    EXPECT_THAT(client_.open.at("services").request.target, HasSubstr("limit=500"));
    client_.accept("services");
    client_.body("services", list_json(20, {service_json("a", 1)}, "more"));
    client_.handler("services").on_end({});
    EXPECT_THAT(client_.open.at("services").request.target, HasSubstr("continue=more"));
    client_.accept("services");
    client_.body("services", list_json(20, {service_json("b", 2)}));
    client_.handler("services").on_end({});
    EXPECT_THAT(client_.open.at("services").request.target, HasSubstr("resourceVersion=20"));
    EXPECT_THAT(seen_.objects, SizeIs(2));
    EXPECT_THAT(seen_.listed, SizeIs(2));
}

TEST_F(KubernetesSourceTest, ComesBackAfterAFailure) {
    start();
    client_.handler("services").on_end(fail("connection refused"));
    EXPECT_THAT(client_.open, testing::Not(Contains(Key("services"))));
    until([&] { return client_.open.contains("services"); });
    list("services");
    list("nodes");
    EXPECT_THAT(seen_.listed, SizeIs(2));
    EXPECT_THAT(log_.lines, SizeIs(2));
}

TEST_F(KubernetesSourceTest, ABrokenStreamEndsTheRequest) {
    start();
    client_.accept("services");
    client_.body("services", event_json("ADDED", service_json("a", 1)) + "]");
    EXPECT_THAT(client_.open, testing::Not(Contains(Key("services"))));
    EXPECT_THAT(seen_.objects, SizeIs(1));
    EXPECT_THAT(seen_.listed, IsEmpty());
}

TEST_F(KubernetesSourceTest, NothingFollowsStop) {
    start();
    list("services");
    client_.refuse("nodes", 500);
    source_->stop();
    EXPECT_THAT(client_.open, IsEmpty());
    const auto sent = client_.sent;
    io_.run();  // no timer is left to wait for
    EXPECT_EQ(client_.sent, sent);
}

TEST_F(KubernetesSourceTest, TheSinkMayStopTheSource) {
    start();
    client_.accept("services");
    on_events_ = [this] { source_->stop(); };
    std::string body;
    for (int i = 0; i < 3000; ++i) {
        body += event_json("ADDED", service_json("s" + std::to_string(i), i + 1));
    }
    client_.body("services", body);
    EXPECT_THAT(batches_, ElementsAre(1024));
    EXPECT_THAT(client_.open, IsEmpty());
}

TEST_F(KubernetesSourceTest, TheSinkMayDestroyTheSource) {
    start();
    client_.accept("services");
    on_events_ = [this] { source_.reset(); };
    client_.body("services", event_json("ADDED", service_json("a", 1)) + bookmark_json(2, true));
    EXPECT_THAT(client_.open, IsEmpty());
    io_.run();
}

}  // namespace
}  // namespace sy
