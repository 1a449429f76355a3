// Boost Software License 1.0, see LICENSE

#include "cluster.hpp"

#include <string>

using namespace node_test;
using namespace stompchat;
using std::chrono::milliseconds;

// What the policies and the idempotency keys promise between nodes.

namespace {

void send_keyed(stomp_client& from, std::string_view body, std::string_view receipt) {
    from.send("/topic/x", body, {{"idempotency-key", "k"}, {"receipt", std::string(receipt)}});
}

headers as(std::string_view user) { return {{"login", std::string(user)}}; }

} // namespace

TEST_CASE("a SEND whose node died with it in the log is a repeat on another node") {
    cluster nodes;
    stomp_client bob(nodes[1].ws);
    bob.connect(as("bob"));
    bob.subscribe_and_wait("1", "/topic/x");
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    nodes.shared.lose_results(0);
    send_keyed(ann, "1", "r");
    const std::string first = bob.expect_message("1")["message-id"];
    REQUIRE(eventually([&] { return nodes.shared.lost(0) == 1; }));
    nodes[0].stop(milliseconds(100));
    stomp_client again(nodes[1].ws);
    again.connect(as("ann"));
    send_keyed(again, "1", "r");
    CHECK(again.take_receipt("r")["message-id"] == first);
    bob.subscribe("2", "/topic/x", {{"receipt", "h"}, {"history", "10"}});
    CHECK(bob.take_receipt("h")["history"] == "1");
    bob.expect_message("1");
    // What it is answered with now stands in the store.
    send_keyed(again, "1", "s");
    CHECK(again.take_receipt("s")["message-id"] == first);
    bob.expect_nothing();
}

TEST_CASE("a SEND whose node died between the reservation and the log is published by another node") {
    cluster nodes;
    stomp_client bob(nodes[1].ws);
    bob.connect(as("bob"));
    bob.subscribe_and_wait("1", "/topic/x");
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    nodes.shared.lose_messages(0);
    send_keyed(ann, "1", "r");
    REQUIRE(eventually([&] { return nodes.shared.lost(0) == 1; }));
    CHECK(nodes.store.size() == 1);
    CHECK(nodes.log.history_messages() == 0);
    nodes[0].stop(milliseconds(100));
    stomp_client again(nodes[1].ws);
    again.connect(as("ann"));
    send_keyed(again, "1", "r");
    const std::string id = again.take_receipt("r")["message-id"];
    CHECK(bob.expect_message("1")["message-id"] == id);
    send_keyed(again, "1", "s");
    CHECK(again.take_receipt("s")["message-id"] == id);
    bob.expect_nothing();
    CHECK(nodes.log.history_messages() == 1);
}

TEST_CASE("an ephemeral message reaches the subscribers of another node") {
    setup how;
    how.options.destinations = {destination_rule("/topic/typing", destination_policy::ephemeral)};
    cluster nodes(how);
    stomp_client bob(nodes[1].ws);
    bob.connect(as("bob"));
    bob.subscribe_and_wait("1", "/topic/typing");
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    ann.send_and_wait("/topic/typing", "...");
    CHECK(bob.expect_message("...")["user"] == "ann");
    CHECK(nodes.log.history_messages() == 0);
}
