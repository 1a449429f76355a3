// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace std::string_literals;

namespace {

setup one_partition() {
    setup how;
    how.log.partitions = 1;
    return how;
}

} // namespace

TEST_CASE("a broker that does not answer stops the senders' being read, and nothing they sent is lost") {
    setup how;
    how.options.max_in_flight = 20;
    how.log.history_octets_per_partition = 64 * 1024 * 1024;
    on_shards(how, [](running_node& node) {
        stomp_client sender(node.ws);
        stomp_client transaction(node.tcp, over_tcp());
        stomp_client reader(node.ws);
        for (stomp_client* const one : {&sender, &transaction, &reader}) one->connect();
        reader.subscribe_and_wait("1", "/topic/room");
        node.log.inject_available(false);
        REQUIRE(eventually([&] { return !node.node->ready(); }));
        constexpr int count = 500;
        const std::string large(20'000, 'x');
        for (int i = 0; i != count; ++i) sender.send("/topic/room", std::to_string(i) + large, {{"receipt", std::to_string(i)}});
        // The sender's octets stay with the sender.
        sender.wait_until([&] { return sender.unsent() == 0; }, std::chrono::milliseconds(300));
        CHECK(sender.unsent() > 0);
        CHECK(sender.arrived().empty());
        // Who does not send is not held up.
        reader.expect_nothing();
        node.log.inject_available(true);
        for (int i = 0; i != count; ++i) {
            const received receipt = sender.expect(command::receipt);
            REQUIRE(receipt["receipt-id"] == std::to_string(i));
            const received message = reader.expect_message(std::to_string(i) + large);
            REQUIRE(message["message-id"] == receipt["message-id"]);
        }
        sender.expect_nothing();
        REQUIRE(eventually([&] { return node.node->ready(); }));
    });
}

TEST_CASE("while a sender is not read for the broker's sake, its heart-beats are not missed") {
    setup how;
    how.options.max_in_flight = 1;
    how.options.session.heart_beat_receive = std::chrono::milliseconds(50);
    how.options.session.heart_beat_send = std::chrono::milliseconds(50);
    running_node node(how);
    stomp_client sender(node.ws);
    sender.connect({{"heart-beat", "50,50"}});
    node.log.inject_available(false);
    sender.send("/topic/room", "x", {{"receipt", "r"}});
    for (int i = 0; i != 10; ++i) sender.expect_heart_beat();
    CHECK(node.watcher.gone().empty());
    node.log.inject_available(true);
    sender.expect_receipt("r");
    // And from now on they are.
    sender.expect_error("heart-beat");
}

TEST_CASE("who is left unread for too long is told that the outcome is unknown") {
    setup how;
    how.options.max_in_flight = 1;
    how.options.max_unread = std::chrono::seconds(1);
    running_node node(how);
    over_both(node, [&](stomp_client& sender) {
        sender.connect();
        node.log.inject_available(false);
        sender.send("/topic/room", "x", {{"receipt", "r"}});
        sender.expect_error("outcome unknown");
        sender.expect_close(1012);
        node.log.inject_available(true);
    });
}

TEST_CASE("the RECEIPT of DISCONNECT waits for all SENDs before it, however long, also for a client with heart-beats") {
    setup how;
    how.options.session.heart_beat_receive = std::chrono::milliseconds(50);
    how.log.result_delay = std::chrono::milliseconds(400);
    running_node node(how);
    over_both(node, [&](stomp_client& client) {
        client.connect({{"heart-beat", "50,0"}});
        for (int i = 0; i != 10; ++i) client.send("/topic/room", "x", {{"receipt", std::to_string(i)}});
        client.disconnect("bye");
        for (int i = 0; i != 10; ++i) client.expect_receipt(std::to_string(i));
        client.expect_receipt("bye");
        client.expect_close(1000);
    });
}

TEST_CASE("over TCP a client that ends its side hears the answers to what it sent") {
    setup how;
    how.log.result_delay = std::chrono::milliseconds(200);
    running_node node(how);
    stomp_client client(node.tcp, over_tcp());
    client.connect();
    client.send("/topic/room", "x", {{"receipt", "r"}});
    REQUIRE(client.wait_until([&] { return client.unsent() == 0; }));
    client.shut();
    client.expect_receipt("r");
    client.expect_end();
}

TEST_CASE("what the broker repeats is not delivered twice") {
    setup how = one_partition();
    how.log.largest_offset_step = 4;
    on_shards(how, [](running_node& node) {
        stomp_client client(node.ws);
        client.connect();
        client.subscribe_and_wait("1", "/topic/room");
        for (int i = 0; i != 100; ++i) {
            client.send_and_wait("/topic/room", std::to_string(i));
            client.expect_message(std::to_string(i));
            if (i % 10 == 9) node.log.inject_repeat(0, i % 20 == 9 ? 0 : i);
        }
        client.send("/topic/room", "end");
        client.expect_message("end");
        client.expect_nothing();
    });
}

TEST_CASE("late results are RECEIPTs that come late, while the messages are there") {
    setup how;
    how.log.result_delay = std::chrono::milliseconds(100);
    on_shards(how, [](running_node& node) {
        stomp_client client(node.ws);
        client.connect();
        client.subscribe_and_wait("1", "/topic/room");
        client.send("/topic/room", "x", {{"receipt", "r"}});
        const received message = client.expect_message("x");
        CHECK(client.expect(command::receipt)["message-id"] == message["message-id"]);
    });
}

TEST_CASE("a message that is too large for the broker ends the session with an ERROR for its RECEIPT") {
    setup how;
    how.log.max_message_length = 1000;
    running_node node(how);
    over_both(node, [](stomp_client& client) {
        client.connect();
        client.send("/topic/room", std::string(2000, 'x'), {{"receipt", "r"}});
        CHECK(client.expect_error("too large")["receipt-id"] == "r");
        client.expect_close(1009);
    });
}

TEST_CASE("when the log was made anew, who had subscriptions is told and closed; who comes again goes on") {
    on_shards(one_partition(), [](running_node& node) {
        stomp_client client(node.ws);
        stomp_client twice(node.ws);
        stomp_client other(node.ws);
        for (stomp_client* const one : {&client, &twice, &other}) one->connect();
        client.subscribe_and_wait("1", "/topic/room");
        twice.subscribe_and_wait("1", "/topic/room");
        twice.subscribe_and_wait("2", "/topic/room");
        twice.subscribe_and_wait("3", "/topic/other");
        other.send("/topic/room", "old");
        client.expect_message("old");
        twice.expect_message("old");
        twice.expect_message("old");
        node.log.inject_new_log();
        other.send_and_wait("/topic/room", "new");
        for (stomp_client* const one : {&client, &twice}) {
            one->expect_error("messages were lost");
            one->expect_close(1012);
        }
        stomp_client again(node.ws);
        again.connect();
        again.subscribe_and_wait("1", "/topic/room");
        other.send("/topic/room", "newer");
        again.expect_message("newer");
    });
}

TEST_CASE("a subscription whose first read fails is fed when the broker is there again") {
    setup how = one_partition();
    how.options.recent_octets = 0;
    on_shards(how, [](running_node& node) {
        stomp_client reader(node.ws);
        stomp_client sender(node.ws);
        reader.connect();
        sender.connect();
        reader.subscribe_and_wait("1", "/topic/room", {{"ack", "client-individual"}, {"prefetch-count", "1"}});
        for (int i = 0; i != 10; ++i) sender.send_and_wait("/topic/room", std::to_string(i));
        const std::string ack = reader.expect_message("0")["ack"];
        node.log.inject_available(false);
        reader.ack(ack);
        reader.expect_nothing();
        node.log.inject_available(true);
        for (int i = 1; i != 10; ++i) reader.ack(reader.expect_message(std::to_string(i))["ack"]);
    });
}
