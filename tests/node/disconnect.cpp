// Boost Software License 1.0, see LICENSE

#include "future.hpp"
#include "running_node.hpp"

using namespace node_test;
using stompchat::error;
using stompchat::farewell;
using stompchat::session_record;

TEST_CASE("a session that the service ends is told why, and its user's other sessions stay") {
    on_shards([](running_node& node) {
        stomp_client phone(node.ws);
        stomp_client laptop(node.ws);
        const std::string id = phone.connect({{"login", "ann"}})["session"];
        laptop.connect({{"login", "ann"}});
        const auto [ec, result] = wait_for(node.node->async_disconnect_session(id, farewell("signed out elsewhere"), in_future));
        CHECK(!ec);
        CHECK(result.here == 1);
        CHECK(result.elsewhere.empty());
        const received error = phone.expect_error("signed out elsewhere");
        CHECK(error["message"] == "disconnected by the service");
        phone.expect_close(1008);
        laptop.expect_nothing();
        CHECK(eventually([&] { return node.watcher.gone().size() == 1; }));
        CHECK(node.watcher.gone().front().reason == error::disconnected);
        const auto again = wait_for(node.node->async_disconnect_session(id, farewell(), in_future));
        CHECK(!std::get<0>(again));
        CHECK(std::get<1>(again).here == 0);
    });
}

TEST_CASE("all sessions of a user are ended on all shards, over both transports, and can be asked to come back") {
    on_shards([](running_node& node) {
        std::vector<std::unique_ptr<stomp_client>> clients;
        for (int i = 0; i != 12; ++i) {
            const bool websocket = i % 2 == 0;
            clients.push_back(websocket ? std::make_unique<stomp_client>(node.ws) : std::make_unique<stomp_client>(node.tcp, over_tcp()));
            clients.back()->connect({{"login", i < 8 ? "ann" : "bob"}});
        }
        const farewell later("we move you", std::chrono::seconds(7));
        const auto [ec, result] = wait_for(node.node->async_disconnect_user("ann", later, in_future));
        CHECK(!ec);
        CHECK(result.here == 8);
        CHECK(result.elsewhere.empty());
        for (int i = 0; i != 8; ++i) {
            clients[static_cast<std::size_t>(i)]->expect_error("we move you");
            const std::string reason = clients[static_cast<std::size_t>(i)]->expect_close(1012);
            if (i % 2 == 0) CHECK(reason == "retry-after=7");
        }
        for (std::size_t i = 8; i != 12; ++i) clients[i]->expect_nothing();
    });
}

TEST_CASE("what a session sent before it was ended is published, what it sends after that is not") {
    running_node node;
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    bob.subscribe_and_wait("1", "/topic/room");
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    node.log.inject_available(false);
    ann.send("/topic/room", "before", {{"receipt", "r"}});
    ann.expect_nothing();
    CHECK(std::get<1>(wait_for(node.node->async_disconnect_user("ann", farewell("go"), in_future))).here == 1);
    ann.send("/topic/room", "after");
    node.log.inject_available(true);
    bob.expect_message("before");
    ann.expect_error("go");
    ann.expect_close(1008);
    bob.expect_nothing();
}

TEST_CASE("sessions of other nodes are named, so that those nodes can be asked") {
    running_node node;
    stomp_client here(node.ws);
    here.connect({{"login", "ann"}});
    const stompchat::node_incarnation other("other", 7);
    const session_record there("there-1", "ann", other);
    CHECK(!std::get<0>(wait_for(node.registry.async_hold_lease(other, stompchat::node_status(), std::chrono::hours(1), in_future))));
    CHECK(!std::get<0>(wait_for(node.registry.async_add_session(there, in_future))));

    const auto user = wait_for(node.node->async_disconnect_user("ann", farewell(), in_future));
    CHECK(!std::get<0>(user));
    CHECK(std::get<1>(user).here == 1);
    REQUIRE(std::get<1>(user).elsewhere.size() == 1);
    CHECK(std::get<1>(user).elsewhere.front() == there);
    here.expect_error("disconnected");

    const auto session = wait_for(node.node->async_disconnect_session("there-1", farewell(), in_future));
    CHECK(std::get<1>(session).here == 0);
    REQUIRE(std::get<1>(session).elsewhere.size() == 1);
    CHECK(std::get<1>(session).elsewhere.front().where == other);
}

TEST_CASE("a registry that is down keeps nobody connected here") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    node.registry.inject_available(false);
    const auto [ec, result] = wait_for(node.node->async_disconnect_user("ann", farewell("go"), in_future));
    CHECK(ec == error::registry_unavailable);
    CHECK(result.here == 1);
    ann.expect_error("go");
    ann.expect_close(1008);
}

TEST_CASE("sessions are ended from several threads while others come and go, and nobody is ended twice") {
    setup how;
    how.shards = 4;
    running_node node(how);
    std::vector<std::unique_ptr<stomp_client>> clients;
    for (int i = 0; i != 16; ++i) {
        clients.push_back(std::make_unique<stomp_client>(node.ws));
        clients.back()->connect({{"login", "ann"}});
    }
    std::atomic<std::size_t> ended{0};
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round != 20; ++round)
                ended += std::get<1>(node.node->async_disconnect_user("ann", farewell("go"), in_future).get()).here;
        });
    }
    for (int i = 0; i != 50; ++i) {
        stomp_client passer(node.ws);
        passer.connect({{"login", "bob"}});
    }
    for (std::thread& one : threads) one.join();
    CHECK(ended == 16);
    for (const auto& one : clients) one->expect_error("go");
}

TEST_CASE("a stopped node has nobody to disconnect, and says so") {
    running_node node;
    node.stop(std::chrono::milliseconds(100));
    CHECK(std::get<0>(wait_for(node.node->async_disconnect_user("ann", farewell(), in_future))) == error::stopped);
    CHECK(std::get<0>(wait_for(node.node->async_disconnect_session("x", farewell(), in_future))) == error::stopped);
}
