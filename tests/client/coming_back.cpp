// Boost Software License 1.0, see LICENSE

#include "cluster_node.hpp"
#include "driving.hpp"

using namespace client_test;

TEST_CASE("a client comes back after its node was restarted, and goes on where it was") {
    cluster whole;
    cluster_node first(whole);
    cluster_node second(whole);
    driven ann(quick(first.ws()));
    driven bob(quick(second.ws(), "bob"));
    ann.connect();
    bob.connect();
    ann.subscribe("/topic/room");
    for (const std::string& one : numbers(1, 3)) bob.send("/topic/room", one);
    ann.expect(numbers(1, 3));

    first.stop();
    for (const std::string& one : numbers(4, 6)) bob.send("/topic/room", one);
    REQUIRE(ann.run_until([&] { return ann.losses() >= 2; })); // told of the loss, and that the node is not there
    CHECK_FALSE(ann.link.online());
    first.start();
    REQUIRE(ann.run_until([&] { return ann.bodies.size() >= 6; }));
    CHECK(ann.bodies == numbers(1, 6));
    REQUIRE(ann.resumed.size() == 1);
    CHECK(ann.resumed[0].recovered == true);
    // The node said when to come again.
    CHECK(ann.states[1].delay >= std::chrono::seconds(1));
}

TEST_CASE("a client goes to another node when its own is gone") {
    cluster whole;
    cluster_node first(whole);
    cluster_node second(whole);
    driven ann(quick(texts{first.stomp(), second.ws()}));
    driven bob(quick(second.ws(), "bob"));
    CHECK(ann.connect().url == first.stomp());
    bob.connect();
    ann.subscribe("/topic/room");
    bob.send("/topic/room", "1");
    ann.expect({"1"});
    first.stop();
    bob.send("/topic/room", "2");
    REQUIRE(ann.run_until([&] { return ann.bodies.size() >= 2; }));
    CHECK(ann.states.back().server.url == second.ws());
    CHECK(ann.resumed.at(0).recovered == true);
    CHECK(ann.bodies == numbers(1, 2));
}

TEST_CASE("what is sent while there is no connection goes out in order when there is one") {
    cluster whole;
    cluster_node node(whole);
    driven bob(quick(node.ws(), "bob"));
    bob.connect();
    bob.subscribe("/topic/room");
    driven ann(quick(node.ws()));
    int answered = 0;
    for (const std::string& one : numbers(1, 20)) {
        ann.link.async_send(client::outgoing_message("/topic/room", one), [&](error_code ec, const client::sent& result) {
            CHECK_FALSE(ec);
            CHECK_FALSE(result.message_id.empty());
            ++answered;
        });
    }
    CHECK(ann.link.outbox_messages() == 20);
    ann.connect();
    REQUIRE(ann.run_until([&] { return answered == 20; }));
    CHECK(ann.link.outbox_messages() == 0);
    CHECK(ann.link.outbox_octets() == 0);
    bob.expect(numbers(1, 20));
}
