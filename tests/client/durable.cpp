// Boost Software License 1.0, see LICENSE

#include "driving.hpp"

#include <node/running_node.hpp>

using namespace client_test;
using namespace node_test;
using stompchat::error;

namespace {

client::subscribe_options durable() {
    client::subscribe_options how(stompchat::stomp::ack_mode::client_individual);
    how.durable = "worker";
    return how;
}

} // namespace

TEST_CASE("a durable subscription goes on in another life at the oldest message that was not acknowledged") {
    running_node node;
    const std::string url = "ws://127.0.0.1:" + std::to_string(node.ws.port()) + "/ws";
    {
        driven ann(quick(url));
        ann.connect();
        const auto where = ann.subscribe("/topic/orders", durable());
        CHECK(where.durable == "new");
        for (const char* const body : {"1", "2", "3"}) ann.send("/topic/orders", body);
        ann.expect({"1", "2", "3"});
        CHECK_FALSE(ann.link.ack(where.id, ann.ids[0]));
        CHECK_FALSE(ann.disconnect());
    }
    driven again(quick(url));
    again.connect();
    const auto where = again.subscribe("/topic/orders", durable());
    CHECK(where.durable == "resumed");
    again.expect({"2", "3"});
}

TEST_CASE("who is taken over is told, and does not fight for it") {
    for (const bool soft : {true, false}) {
        CAPTURE(soft);
        running_node node;
        client::connection_options options = quick("ws://127.0.0.1:" + std::to_string(node.ws.port()) + "/ws");
        options.soft_errors = soft;
        driven first(options);
        driven second(options);
        first.connect();
        second.connect();
        first.subscribe("/topic/orders", durable());
        CHECK(second.subscribe("/topic/orders", durable()).durable == "resumed");
        REQUIRE(first.run_until([&] { return !first.ended.empty(); }));
        CHECK(first.ended[0].first == error::taken_over);
        // It goes on with what it has else, and leaves the other one alone.
        first.send("/topic/orders", "1");
        second.expect({"1"});
        CHECK(second.ended.empty());
        CHECK(first.bodies.empty());
        CHECK(first.losses() == (soft ? 0u : 1u));
    }
}
