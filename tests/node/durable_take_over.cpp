// Boost Software License 1.0, see LICENSE

#include "cluster.hpp"

using namespace node_test;
using namespace stompchat;
using std::chrono::milliseconds;

// Durable subscriptions with more than one holder, on one node and between nodes, and a state store that goes away.

namespace {

void fill(stomp_client& sender, int first, int last) {
    for (int i = first; i <= last; ++i) sender.send_and_wait("/topic/room", std::to_string(i));
}

received subscribe(stomp_client& client, std::string_view id, headers more = {}) {
    more.insert(more.end(), {{"ack", "client"}, {"durable", "inbox"}, {"receipt", "subscribed-" + std::string(id)}});
    client.subscribe(id, "/topic/room", more);
    return client.take_receipt("subscribed-" + std::string(id));
}

void expect(stomp_client& client, int first, int last) {
    for (int i = first; i <= last; ++i) client.expect_message(std::to_string(i));
}

void leave(stomp_client& client) {
    client.disconnect("bye");
    client.take_receipt("bye");
}

headers as(std::string_view user) { return {{"login", std::string(user)}}; }
headers softly(std::string_view user) { return {{"login", std::string(user)}, {"soft-errors", "true"}}; }

/// Intervals so long that a test would fail that depends on them.
setup slow() {
    setup how;
    how.options.durable_interval = std::chrono::minutes(10);
    how.options.durable_idle_interval = std::chrono::minutes(10);
    return how;
}

/// Intervals that a test can wait for.
setup quick() {
    setup how;
    how.options.durable_interval = milliseconds(50);
    how.options.durable_idle_interval = milliseconds(100);
    return how;
}

void check_told(stomp_client& loser) {
    const received told = loser.expect(command::message);
    CHECK(told["destination"] == "/session/queue/errors");
    CHECK(told["status"] == "refused");
    CHECK(told["for"] == "SUBSCRIBE");
    CHECK(told["code"] == "taken-over");
    CHECK(told["refused-destination"] == "/topic/room");
    CHECK(told["refused-subscription"] == "1");
    CHECK(told["durable"] == "inbox");
}

} // namespace

TEST_CASE("on one node the loser is told at once and gets nothing more; its late ACKs change nothing") {
    on_shards(slow(), [](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect(as("ann"));
        stomp_client first(node.ws);
        first.connect(softly("bob"));
        first.subscribe_and_wait("errors", "/session/queue/errors");
        subscribe(first, "1");
        fill(ann, 1, 3);
        std::string ack;
        for (int i = 1; i <= 3; ++i) ack = first.expect_message(std::to_string(i))["ack"];
        stomp_client second(node.ws);
        second.connect(as("bob"));
        CHECK(subscribe(second, "1")["durable"] == "resumed");
        check_told(first);
        first.ack(ack, {{"receipt", "late"}});
        first.take_receipt("late");
        fill(ann, 4, 4);
        first.expect_nothing();
        expect(second, 1, 4);
        leave(second);
        first.subscribe_and_wait("2", "/topic/room"); // the session goes on
        stomp_client third(node.ws);
        third.connect(as("bob"));
        CHECK(subscribe(third, "1")["recovered"] == "true");
        expect(third, 1, 4);
    });
}

TEST_CASE("without soft errors, or when nobody listens for errors, the loser's session ends") {
    running_node node(slow());
    for (const headers& how : {as("bob"), softly("bob")}) {
        over_both(node, [&](stomp_client& first) {
            first.connect(how);
            subscribe(first, "1");
            stomp_client second(node.ws);
            second.connect(as("bob"));
            subscribe(second, "1");
            first.expect_error("taken over");
            first.expect_close(1008);
            leave(second);
        });
    }
}

TEST_CASE("a session can take over from itself") {
    running_node node(slow());
    stomp_client bob(node.ws);
    bob.connect(softly("bob"));
    bob.subscribe_and_wait("errors", "/session/queue/errors");
    subscribe(bob, "1");
    bob.send_and_wait("/topic/room", "1");
    const std::string ack = bob.expect_message("1")["ack"];
    CHECK(subscribe(bob, "2")["durable"] == "resumed");
    bool told = false;
    std::string again;
    for (int i = 0; i != 2; ++i) {
        const received one = bob.expect(command::message);
        if (one["code"] == "taken-over") told = true;
        if (one["subscription"] == "2") again = one["ack"];
    }
    CHECK(told);
    CHECK(again == ack + "_3");
    bob.ack(ack);
    bob.ack(again);
    leave(bob);
    stomp_client back(node.ws);
    back.connect(as("bob"));
    subscribe(back, "1");
    back.expect_nothing();
}

TEST_CASE("another node goes on where this one was, and the loser is told after a while even if nothing happens") {
    cluster nodes(quick());
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    stomp_client first(nodes[0].ws);
    first.connect(softly("bob"));
    first.subscribe_and_wait("errors", "/session/queue/errors");
    CHECK(subscribe(first, "1")["durable"] == "new");
    fill(ann, 1, 3);
    expect(first, 1, 1);
    first.ack(first.expect_message("2")["ack"]);
    expect(first, 3, 3);
    leave(first);
    stomp_client second(nodes[1].ws);
    second.connect(softly("bob"));
    second.subscribe_and_wait("errors", "/session/queue/errors");
    CHECK(subscribe(second, "1")["durable"] == "resumed");
    second.ack(second.expect_message("3")["ack"], {{"receipt", "r"}});
    second.take_receipt("r");
    stomp_client third(nodes[0].ws);
    third.connect(as("bob"));
    CHECK(subscribe(third, "1")["durable"] == "resumed");
    check_told(second);
    fill(ann, 4, 4);
    second.expect_nothing();
}

TEST_CASE("an acknowledgement is written within the interval, also when its session never ends") {
    setup how = quick();
    how.options.durable_idle_interval = std::chrono::minutes(10);
    cluster nodes(how);
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    stomp_client first(nodes[0].ws);
    first.connect(as("bob"));
    subscribe(first, "1");
    fill(ann, 1, 2);
    const std::string ack = first.expect_message("1")["ack"];
    expect(first, 2, 2);
    // The deliveries bring one more write at most; the next one is the acknowledgement's.
    auto before = nodes[0].store.writes();
    eventually([&] { return nodes[0].store.writes() > before; }, milliseconds(300));
    before = nodes[0].store.writes();
    first.ack(ack, {{"receipt", "r"}});
    first.take_receipt("r");
    REQUIRE(eventually([&] { return nodes[0].store.writes() > before; }));
    nodes[0].store.set_available(false); // as if it were killed: nothing of it is written any more
    stomp_client second(nodes[1].ws);
    second.connect(as("bob"));
    subscribe(second, "1");
    expect(second, 2, 2);
    second.expect_nothing();
}

TEST_CASE("the default interval is one second, and an idle subscription costs the store no more than one write in five") {
    const chat_node_options defaults;
    CHECK(defaults.durable_interval == milliseconds(1000));
    CHECK(defaults.durable_idle_interval == milliseconds(5000));
    CHECK(defaults.durable_lifetime == std::chrono::hours(30 * 24));
    CHECK(defaults.prefetch_count == 1024);
    CHECK(defaults.max_prefetch_count == 65535);
}

TEST_CASE("a node that was frozen cannot move the position back, and learns that it lost") {
    cluster nodes(quick());
    stomp_client ann(nodes[1].ws);
    ann.connect(as("ann"));
    stomp_client first(nodes[0].ws);
    first.connect(as("bob"));
    subscribe(first, "1");
    fill(ann, 1, 4);
    std::string ack = first.expect_message("1")["ack"];
    nodes[0].store.hold_back(true);
    first.ack(ack);
    stomp_client second(nodes[1].ws);
    second.connect(as("bob"));
    subscribe(second, "1");
    for (int i = 1; i <= 3; ++i) ack = second.expect_message(std::to_string(i))["ack"];
    second.ack(ack);
    expect(second, 4, 4);
    nodes[0].store.hold_back(false);
    expect(first, 2, 4);
    first.expect_error("taken over");
    first.expect_close(1008);
    leave(second);
    stomp_client third(nodes[0].ws);
    third.connect(as("bob"));
    subscribe(third, "1");
    expect(third, 4, 4);
    third.expect_nothing();
}

TEST_CASE("one that was ended for good does not come back through a node that was frozen meanwhile") {
    cluster nodes(quick());
    stomp_client first(nodes[0].ws);
    first.connect(as("bob"));
    subscribe(first, "1");
    nodes[0].store.hold_back(true);
    stomp_client second(nodes[1].ws);
    second.connect(as("bob"));
    subscribe(second, "1");
    second.unsubscribe("1", {{"durable", "inbox"}, {"receipt", "u"}});
    second.expect_receipt("u");
    nodes[0].store.hold_back(false);
    first.expect_error("taken over");
    first.expect_close(1008);
    CHECK(subscribe(second, "2")["durable"] == "new");
}

TEST_CASE("while the state store is away a durable subscription is refused, others are not") {
    on_shards([](running_node& node) {
        stomp_client bob(node.ws);
        bob.connect(softly("bob"));
        node.store.inject_available(false);
        received answer = subscribe(bob, "1");
        CHECK(answer["status"] == "refused");
        CHECK(answer["code"] == "unavailable");
        bob.subscribe_and_wait("1", "/topic/room");
        stomp_client hard(node.ws);
        hard.connect(as("bob"));
        hard.subscribe("1", "/topic/room", {{"ack", "client"}, {"durable", "inbox"}, {"receipt", "r"}});
        CHECK(hard.expect_error("try again")["receipt-id"] == "r");
        hard.expect_close(1012);
        node.store.inject_available(true);
        answer = subscribe(bob, "2");
        CHECK(answer["durable"] == "new");
    });
}

TEST_CASE("a store that goes away stops no delivery, and the position is written when it is back") {
    cluster nodes(quick(), 1);
    scripted_store& store = nodes[0].store;
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    stomp_client bob(nodes[0].ws);
    bob.connect(softly("bob"));
    subscribe(bob, "1");
    store.set_available(false);
    fill(ann, 1, 2);
    bob.ack(bob.expect_message("1")["ack"]);
    bob.expect_message("2");
    // What cannot be forgotten is not, and the client hears of it.
    bob.unsubscribe("1", {{"durable", "inbox"}, {"receipt", "u"}});
    const received refused = bob.take_receipt("u");
    CHECK(refused["status"] == "refused");
    CHECK(refused["code"] == "unavailable");
    leave(bob);
    const auto before = store.writes();
    store.set_available(true);
    REQUIRE(eventually([&] { return store.writes() > before; }));
    stomp_client back(nodes[0].ws);
    back.connect(as("bob"));
    CHECK(subscribe(back, "1")["durable"] == "resumed");
    expect(back, 2, 2);
    back.expect_nothing();
}

TEST_CASE("the RECEIPT of UNSUBSCRIBE and of DISCONNECT comes when the position is written") {
    cluster nodes(slow(), 1);
    stomp_client bob(nodes[0].ws);
    bob.connect(as("bob"));
    for (const char* const id : {"1", "2"}) {
        subscribe(bob, id);
        bob.send_and_wait("/topic/room", id);
        bob.ack(bob.expect_message(id)["ack"]);
        bob.expect_nothing();
        nodes[0].store.hold_back(true);
        if (*id == '1') {
            bob.unsubscribe(id, {{"receipt", "end"}});
            bob.expect_nothing();
        } else {
            bob.disconnect("end");
            CHECK_FALSE(bob.next(milliseconds(200)).has_value());
        }
        nodes[0].store.hold_back(false);
        bob.expect_receipt("end");
    }
    bob.expect_close(1000);
}

TEST_CASE("DISCONNECT does not wait for a store that is away") {
    running_node node(quick());
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    subscribe(bob, "1");
    bob.send_and_wait("/topic/room", "1");
    bob.ack(bob.expect_message("1")["ack"]);
    node.store.inject_available(false);
    bob.disconnect("bye");
    bob.expect_receipt("bye");
    bob.expect_close(1000);
}

TEST_CASE("a node that stops writes its positions before its sessions end") {
    cluster nodes(slow());
    stomp_client ann(nodes[1].ws);
    ann.connect(as("ann"));
    stomp_client bob(nodes[0].ws);
    bob.connect(as("bob"));
    subscribe(bob, "1");
    fill(ann, 1, 3);
    expect(bob, 1, 1);
    bob.ack(bob.expect_message("2")["ack"], {{"receipt", "r"}});
    bob.take_receipt("r");
    nodes[0].stop(milliseconds(5000));
    bob.expect_message("3");
    bob.expect_close(1012);
    stomp_client back(nodes[1].ws);
    back.connect(as("bob"));
    subscribe(back, "1");
    expect(back, 3, 3);
    back.expect_nothing();
}
