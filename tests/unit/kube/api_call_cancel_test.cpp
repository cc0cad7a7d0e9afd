// Calls that are destroyed before they end: nothing may follow.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "client_fixture.h"
#include "script_server.h"

namespace sy {
namespace {

class CancelTest : public ClientFixture {
  protected:
    void connect_to(const ScriptServer& server) { connect(access_to("127.0.0.1", server.port())); }
};

TEST_F(CancelTest, BeforeItBegan) {
    const ScriptServer server([](Peer& peer) { peer.wait_for_end(); });
    connect_to(server);
    client->send({.target = "/x"}, recorder).reset();
    io.run();
    EXPECT_FALSE(recorder.end);
    EXPECT_EQ(server.connections(), 0U);
}

TEST_F(CancelTest, WhileTheNameIsLookedUp) {
    std::atomic<int> stage = 0;
    options.resolve = [&stage](const std::string&) -> Result<std::vector<IpAddr>> {
        stage = 1;
        stage.wait(1);
        stage = 3;
        return fail("too late");
    };
    connect(access_to("api.test", 1));
    auto call = client->send({.target = "/x"}, recorder);
    run_until([&stage] { return stage == 1; });
    call.reset();
    io.restart();
    io.run();
    stage = 2;
    stage.notify_all();
    run_until([&stage] { return stage == 3; });
    EXPECT_FALSE(recorder.end);
}

TEST_F(CancelTest, AfterEveryStep) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
        peer.write("2\r\ncd\r\n0\r\n\r\n");
    });
    connect_to(server);
    for (int steps = 0; steps < 12; ++steps) {
        recorder = {};
        auto call = client->send({.target = "/x"}, recorder);
        io.restart();
        for (int i = 0; i < steps && !recorder.end; ++i) {
            io.run_one();
        }
        const bool ended = recorder.end.has_value();
        call.reset();
        io.restart();
        io.run();
        EXPECT_EQ(recorder.end.has_value(), ended);
    }
}

TEST_F(CancelTest, FromWithinEveryCall) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
    });
    connect_to(server);
    std::unique_ptr<ApiCall> call;
    int calls = 0;
    const auto cancel = [&call, &calls] {
        ++calls;
        call.reset();
    };
    for (auto Recorder::* const where :
         {&Recorder::at_head, &Recorder::at_body, &Recorder::at_end}) {
        recorder = {};
        recorder.*where = cancel;
        calls = 0;
        call = client->send({.target = "/x"}, recorder);
        run_until([&call] { return call == nullptr; });
        io.restart();
        io.run();
        EXPECT_EQ(calls, 1);
        EXPECT_EQ(recorder.end.has_value(), where == &Recorder::at_end);
    }
}

}  // namespace
}  // namespace sy
