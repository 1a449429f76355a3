// Boost Software License 1.0, see LICENSE

#include "future.hpp"
#include "running_node.hpp"

using namespace node_test;

TEST_CASE("the service can ask who is in a room, from any thread") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        stomp_client twice(node.tcp, over_tcp());
        stomp_client bob(node.ws);
        ann.connect({{"login", "ann"}});
        twice.connect({{"login", "ann"}});
        bob.connect({{"login", "bob"}});
        for (stomp_client* const one : {&ann, &twice, &bob}) one->subscribe_and_wait("1", "/topic/room");
        const auto in_room = [&](std::size_t most) {
            const auto [ec, users] = wait_for(node.node->async_participants("/topic/room", most, in_future));
            CHECK(!ec);
            std::string all;
            for (const auto& one : users) all += one.user + '=' + std::to_string(one.sessions) + ' ';
            return all;
        };
        CHECK(in_room(10) == "ann=2 bob=1 ");
        CHECK(in_room(1) == "ann=2 ");
        bob.unsubscribe("1", {{"receipt", "r"}});
        bob.expect_receipt("r");
        CHECK(in_room(10) == "ann=2 ");
    });
}

TEST_CASE("the service can ask for the sessions of a user, which are those that CONNECTED told") {
    running_node node;
    stomp_client one(node.ws);
    stomp_client two(node.ws);
    std::vector<std::string> told{one.connect({{"login", "ann"}})["session"], two.connect({{"login", "ann"}})["session"]};
    const auto [ec, sessions] = wait_for(node.node->async_sessions_of("ann", in_future));
    CHECK(!ec);
    REQUIRE(sessions.size() == 2);
    std::vector<std::string> found{sessions[0].session, sessions[1].session};
    std::sort(found.begin(), found.end());
    std::sort(told.begin(), told.end());
    CHECK(found == told);
    CHECK(std::get<1>(wait_for(node.node->async_sessions_of("nobody", in_future))).empty());
    node.registry.inject_available(false);
    CHECK(std::get<0>(wait_for(node.node->async_sessions_of("ann", in_future))) == stompchat::error::registry_unavailable);
}
