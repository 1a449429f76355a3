// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace std::string_literals;

namespace {

// Numbers 0 to count - 1.
void send_numbers(stomp_client& from, int count) {
    for (int i = 0; i + 1 < count; ++i) from.send("/topic/room", std::to_string(i));
    from.send_and_wait("/topic/room", std::to_string(count - 1));
}

} // namespace

TEST_CASE("a full window holds messages back, and each ACK brings the next; nothing is lost") {
    on_shards([](running_node& node) {
        stomp_client sender(node.ws);
        stomp_client reader(node.ws);
        stomp_client other(node.ws);
        for (stomp_client* const one : {&sender, &reader, &other}) one->connect();
        reader.subscribe_and_wait("1", "/topic/room", {{"ack", "client-individual"}, {"prefetch-count", "3"}});
        other.subscribe_and_wait("1", "/topic/room");
        send_numbers(sender, 50);
        for (int i = 0; i != 50; ++i) other.expect_message(std::to_string(i));

        std::vector<std::string> acks;
        for (int i = 0; i != 3; ++i) acks.push_back(reader.expect_message(std::to_string(i))["ack"]);
        reader.expect_nothing();
        // Acknowledged in any order, one place each.
        reader.ack(acks[2]);
        acks.push_back(reader.expect_message("3")["ack"]);
        reader.expect_nothing();
        reader.ack(acks[0]);
        reader.ack(acks[1]);
        reader.ack(acks[3]);
        for (int i = 4; i != 50; ++i) reader.ack(reader.expect_message(std::to_string(i))["ack"]);
        reader.expect_nothing();
        sender.send("/topic/room", "live again");
        reader.expect_message("live again");
    });
}

TEST_CASE("in client mode an ACK covers all before it, and a repeated one is harmless") {
    running_node node;
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("1", "/topic/room", {{"ack", "client"}, {"prefetch-count", "5"}});
    for (int i = 0; i != 20; ++i) client.send("/topic/room", std::to_string(i));
    std::string last;
    for (int i = 0; i != 20; ++i) {
        last = client.expect_message(std::to_string(i))["ack"];
        if (i % 5 == 4) client.ack(last, {{"receipt", "acked"}});
        if (i % 5 == 4) client.take_receipt("acked");
    }
    client.ack(last);
    client.expect_nothing();
}

TEST_CASE("NACK frees the place too") {
    running_node node;
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("1", "/topic/room", {{"ack", "client-individual"}, {"prefetch-count", "1"}});
    for (int i = 0; i != 5; ++i) client.send("/topic/room", std::to_string(i));
    for (int i = 0; i != 5; ++i)
        client.send_frame(command::nack, {{"id", client.expect_message(std::to_string(i))["ack"]}, {"receipt", "n"}}),
            client.take_receipt("n");
}

TEST_CASE("before 1.2 the message-id is what is acknowledged, and it is unique in the session") {
    running_node node;
    for (const char* const version : {"1.0", "1.1"}) {
        CAPTURE(version);
        stomp_client client(node.ws);
        client.connect({}, version);
        const headers mode{{"ack", "client"}, {"prefetch-count", "1"}};
        client.subscribe_and_wait("a", "/topic/room", mode);
        client.subscribe_and_wait("b", "/topic/room", mode);
        client.send("/topic/room", "1");
        client.send("/topic/room", "2");
        const received first = client.expect_message("1");
        const received second = client.expect_message("1");
        CHECK(first["message-id"] != second["message-id"]);
        CHECK(first["subscription"] != second["subscription"]);
        client.expect_nothing();
        client.ack(second["message-id"], {{"subscription", second["subscription"]}});
        CHECK(client.expect_message("2")["subscription"] == second["subscription"]);
        client.ack(first["message-id"], {{"subscription", first["subscription"]}});
        CHECK(client.expect_message("2")["subscription"] == first["subscription"]);
        client.disconnect("bye");
        client.expect_receipt("bye");
        client.expect_close(1000);
    }
}

TEST_CASE("an ACK of what was never delivered is an ERROR that names it") {
    running_node node;
    for (const std::string id : {"0-0-0-0", "s-1", "nonsense", "", "1_2", "_", "s-18446744073709551616"}) {
        CAPTURE(id);
        over_both(node, [&](stomp_client& client) {
            client.connect();
            client.subscribe_and_wait("1", "/topic/room", {{"ack", "client"}});
            client.ack(id, {{"receipt", "a"}});
            const received error = client.expect(command::error);
            CHECK(error["receipt-id"] == "a");
            client.expect_close(1002);
        });
    }
}

TEST_CASE("an ACK of a message that another session got is an ERROR") {
    running_node node;
    stomp_client ann(node.ws);
    stomp_client bob(node.ws);
    ann.connect();
    bob.connect();
    ann.subscribe_and_wait("1", "/topic/room", {{"ack", "client"}});
    ann.send("/topic/room", "x");
    bob.subscribe_and_wait("1", "/topic/other", {{"ack", "client"}});
    bob.ack(ann.expect_message("x")["ack"]);
    bob.expect_error("no such message");
}

TEST_CASE("an ACK for a subscription without acknowledgement, and one that crosses an UNSUBSCRIBE, are harmless") {
    running_node node;
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("a", "/topic/a");
    client.subscribe_and_wait("b", "/topic/b", {{"ack", "client"}});
    client.send("/topic/a", "x");
    client.ack(client.expect_message("x")["message-id"]);
    client.send("/topic/b", "y");
    const std::string ack = client.expect_message("y")["ack"];
    client.unsubscribe("b");
    client.ack(ack);
    client.expect_nothing();
}

TEST_CASE("prefetch-count is a number of at least one, clipped at the maximum") {
    setup how;
    how.options.max_prefetch_count = 2;
    how.options.prefetch_count = 1;
    running_node node(how);
    const auto window_of = [&](const headers& more) {
        stomp_client client(node.ws);
        client.connect();
        headers all{{"ack", "client"}};
        all.insert(all.end(), more.begin(), more.end());
        client.subscribe_and_wait("1", "/topic/room", all);
        for (int i = 0; i != 5; ++i) client.send_and_wait("/topic/room", "x");
        client.send_frame(command::begin, {{"transaction", "t"}, {"receipt", "end"}});
        client.take_receipt("end");
        return client.arrived().size();
    };
    CHECK(window_of({}) == 1);
    CHECK(window_of({{"prefetch-count", "2"}}) == 2);
    CHECK(window_of({{"prefetch-count", "3"}}) == 2);
    CHECK(window_of({{"prefetch-count", "99999999999999999999999"}}) == 2);
    for (const char* const bad : {"0", "-1", "", "x", "1x", " 1", "+1", "1.5"}) {
        CAPTURE(bad);
        stomp_client client(node.ws);
        client.connect();
        client.subscribe("1", "/topic/room", {{"ack", "client"}, {"prefetch-count", bad}, {"receipt", "s"}});
        CHECK(client.expect_error("prefetch-count")["receipt-id"] == "s");
        client.expect_close(1002);
    }
}

TEST_CASE("a transaction takes effect at COMMIT, whole and in order; its RECEIPT comes when all is in the log") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        stomp_client bob(node.ws);
        ann.connect();
        bob.connect();
        bob.subscribe_and_wait("1", "/topic/room");
        ann.send_frame(command::begin, {{"transaction", "t"}});
        for (int i = 0; i != 50; ++i) ann.send("/topic/room", std::to_string(i), {{"transaction", "t"}});
        ann.send("/topic/room", "enrolled", {{"transaction", "t"}, {"receipt", "e"}});
        CHECK(ann.expect(command::receipt)["message-id"] == "(absent)");
        bob.expect_nothing();
        ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
        const received receipt = ann.expect(command::receipt);
        CHECK(receipt["receipt-id"] == "c");
        CHECK(receipt["message-id"] == "(absent)");
        for (int i = 0; i != 50; ++i) CHECK(bob.expect_message(std::to_string(i))["transaction"] == "(absent)");
        bob.expect_message("enrolled");
    });
}

TEST_CASE("an aborted transaction does nothing, and neither does one that holds a refused frame") {
    running_node node;
    node.authorization.script = [](const auto&, stompchat::action, std::string_view destination) { return destination != "/topic/secret"; };
    stomp_client bob(node.ws);
    bob.connect();
    bob.subscribe_and_wait("1", "/topic/room");
    stomp_client ann(node.ws);
    ann.connect();
    ann.send_frame(command::begin, {{"transaction", "t"}});
    ann.send("/topic/room", "x", {{"transaction", "t"}});
    ann.send_frame(command::abort, {{"transaction", "t"}, {"receipt", "a"}});
    ann.expect_receipt("a");
    ann.send_frame(command::begin, {{"transaction", "t"}});
    ann.send("/topic/room", "y", {{"transaction", "t"}});
    ann.send("/topic/secret", "y", {{"transaction", "t"}});
    ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    CHECK(ann.expect_error("/topic/secret")["receipt-id"] == "c");
    ann.expect_close(1008);
    bob.expect_nothing();
}

TEST_CASE("an ACK in a transaction counts at COMMIT") {
    running_node node;
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("1", "/topic/room", {{"ack", "client-individual"}, {"prefetch-count", "1"}});
    client.send("/topic/room", "1");
    client.send("/topic/room", "2");
    const std::string ack = client.expect_message("1")["ack"];
    client.send_frame(command::begin, {{"transaction", "t"}});
    client.ack(ack, {{"transaction", "t"}});
    client.expect_nothing();
    client.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    client.take_receipt("c");
    client.expect_message("2");
}

TEST_CASE("an empty transaction is committed") {
    running_node node;
    stomp_client client(node.ws);
    client.connect();
    client.send_frame(command::begin, {{"transaction", "t"}});
    client.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    client.expect_receipt("c");
}
