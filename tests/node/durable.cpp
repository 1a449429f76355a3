// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace stompchat;

// Durable subscriptions on one node: where they begin, what comes again, what is refused. Between nodes: durable_take_over.cpp.

namespace {

std::vector<std::string> fill(stomp_client& sender, std::string_view room, int first, int last) {
    std::vector<std::string> ids;
    for (int i = first; i <= last; ++i) ids.push_back(sender.send_and_wait(room, std::to_string(i))["message-id"]);
    return ids;
}

received subscribe(stomp_client& client, std::string_view id, std::string_view room, headers more = {}) {
    if (std::none_of(more.begin(), more.end(), [](const auto& one) { return one.first == "ack"; })) more.emplace_back("ack", "client");
    more.emplace_back("durable", "inbox");
    more.emplace_back("receipt", "subscribed-" + std::string(id));
    client.subscribe(id, room, more);
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

} // namespace

TEST_CASE("a durable subscription begins now, and goes on behind what was acknowledged; what was not comes again") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect(as("ann"));
        fill(ann, "/topic/room", 1, 3);
        {
            stomp_client bob(node.ws);
            bob.connect(as("bob"));
            const received receipt = subscribe(bob, "1", "/topic/room");
            CHECK(receipt["durable"] == "new");
            CHECK(receipt["recovered"] == "(absent)");
            fill(ann, "/topic/room", 4, 8);
            expect(bob, 4, 5);
            bob.ack(bob.expect_message("6")["ack"]);
            expect(bob, 7, 8);
            leave(bob);
        }
        fill(ann, "/topic/room", 9, 10);
        stomp_client bob(node.tcp, over_tcp());
        bob.connect(as("bob"));
        const received receipt = subscribe(bob, "1", "/topic/room");
        CHECK(receipt["durable"] == "resumed");
        CHECK(receipt["recovered"] == "true");
        expect(bob, 7, 9);
        bob.ack(bob.expect_message("10")["ack"]);
        leave(bob);
        stomp_client again(node.ws);
        again.connect(as("bob"));
        CHECK(subscribe(again, "1", "/topic/room")["recovered"] == "true");
        again.expect_nothing();
        fill(ann, "/topic/room", 11, 11);
        expect(again, 11, 11);
    });
}

TEST_CASE("one acknowledged behind the oldest that is not comes again too") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    subscribe(bob, "1", "/topic/room", {{"ack", "client-individual"}});
    fill(ann, "/topic/room", 1, 4);
    std::vector<std::string> acks;
    for (int i = 1; i <= 4; ++i) acks.push_back(bob.expect_message(std::to_string(i))["ack"]);
    bob.ack(acks[0]);
    bob.ack(acks[2]);
    leave(bob);
    stomp_client back(node.ws);
    back.connect(as("bob"));
    subscribe(back, "1", "/topic/room", {{"ack", "client-individual"}});
    expect(back, 2, 4);
    back.expect_nothing();
}

TEST_CASE("users, destinations and names are kept apart") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    const auto kind = [&](std::string_view user, std::string_view room, std::string_view name) {
        stomp_client one(node.ws);
        one.connect(as(user));
        one.subscribe("1", room, {{"ack", "client"}, {"durable", std::string(name)}, {"receipt", "r"}});
        const std::string result = one.take_receipt("r")["durable"];
        leave(one);
        return result;
    };
    CHECK(kind("bob", "/topic/room", "a") == "new");
    CHECK(kind("bob", "/topic/room", "b") == "new");
    CHECK(kind("bob", "/topic/other", "a") == "new");
    CHECK(kind("cem", "/topic/room", "a") == "new");
    for (const char* const name : {"a", "b"}) CHECK(kind("bob", "/topic/room", name) == "resumed");
    CHECK(kind("cem", "/topic/room", "a") == "resumed");
    CHECK(kind("cem", "/topic/room", "b") == "new");
}

TEST_CASE("a connection that is cut loses nothing: the position is written when the session ends") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect(as("ann"));
        int acknowledged = 0;
        int sent = 0;
        for (int round = 0; round != 5; ++round) {
            stomp_client bob(node.ws);
            bob.connect(as("bob"));
            subscribe(bob, "1", "/topic/room");
            fill(ann, "/topic/room", sent + 1, sent + 5);
            sent += 5;
            std::string ack;
            for (int i = acknowledged + 1; i <= acknowledged + 3; ++i) ack = bob.expect_message(std::to_string(i))["ack"];
            bob.ack(ack, {{"receipt", "acknowledged"}});
            bob.take_receipt("acknowledged");
            acknowledged += 3;
            const auto gone = node.watcher.gone().size();
            bob.vanish();
            REQUIRE(eventually([&] { return node.watcher.gone().size() > gone; }));
        }
        stomp_client bob(node.ws);
        bob.connect(as("bob"));
        CHECK(subscribe(bob, "1", "/topic/room")["durable"] == "resumed");
        expect(bob, acknowledged + 1, sent);
        bob.expect_nothing();
    });
}

TEST_CASE("what is sent to a user who is away waits for the durable subscription to the user's queue") {
    running_node node;
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    {
        stomp_client ann(node.ws);
        ann.connect(as("ann"));
        CHECK(subscribe(ann, "1", "/user/queue/inbox")["durable"] == "new");
        leave(ann);
    }
    bob.send_and_wait("/user/ann/queue/inbox", "one");
    bob.send_and_wait("/user/ann/queue/elsewhere", "not here");
    bob.send_and_wait("/user/ann/queue/inbox", "two");
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    CHECK(subscribe(ann, "1", "/user/queue/inbox")["recovered"] == "true");
    CHECK(ann.expect_message("one")["destination"] == "/user/queue/inbox");
    ann.expect_message("two");
    ann.expect_nothing();
}

TEST_CASE("NACK frees the place in the window, and the message comes again in the next session") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    subscribe(bob, "1", "/topic/room", {{"ack", "client-individual"}, {"prefetch-count", "1"}});
    fill(ann, "/topic/room", 1, 4);
    bob.ack(bob.expect_message("1")["ack"]);
    const std::string refused = bob.expect_message("2")["ack"];
    bob.send_frame(command::nack, {{"id", refused}});
    bob.ack(bob.expect_message("3")["ack"]);
    bob.ack(bob.expect_message("4")["ack"]);
    // It is refused for this session, whatever is said of it later.
    bob.ack(refused);
    leave(bob);
    stomp_client back(node.ws);
    back.connect(as("bob"));
    subscribe(back, "1", "/topic/room", {{"ack", "client"}});
    expect(back, 2, 3);
    // In client mode a NACK covers all before it.
    back.send_frame(command::nack, {{"id", back.expect_message("4")["ack"]}});
    leave(back);
    stomp_client third(node.ws);
    third.connect(as("bob"));
    subscribe(third, "1", "/topic/room");
    expect(third, 2, 3);
    third.ack(third.expect_message("4")["ack"]);
    leave(third);
    stomp_client last(node.ws);
    last.connect(as("bob"));
    subscribe(last, "1", "/topic/room");
    last.expect_nothing();
}

TEST_CASE("a NACK in a transaction holds the position at COMMIT") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    subscribe(bob, "1", "/topic/room", {{"ack", "client-individual"}});
    fill(ann, "/topic/room", 1, 2);
    const std::string first = bob.expect_message("1")["ack"];
    const std::string second = bob.expect_message("2")["ack"];
    bob.send_frame(command::begin, {{"transaction", "t"}});
    bob.send_frame(command::nack, {{"id", first}, {"transaction", "t"}});
    bob.ack(second, {{"transaction", "t"}});
    bob.send_frame(command::commit, {{"transaction", "t"}});
    leave(bob);
    stomp_client back(node.ws);
    back.connect(as("bob"));
    subscribe(back, "1", "/topic/room");
    expect(back, 1, 2);
}

TEST_CASE("redelivery within a session has an ack of its own, in every version") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    for (const char* const version : {"1.0", "1.1", "1.2"}) {
        CAPTURE(version);
        const std::string user = std::string("bob") + version;
        stomp_client bob(node.ws);
        bob.connect(as(user), version);
        const std::string_view named = std::string_view(version) == "1.2" ? "ack" : "message-id";
        subscribe(bob, "1", "/topic/room");
        const std::string id = fill(ann, "/topic/room", 1, 1).front();
        const std::string before = bob.expect_message("1")[named];
        CHECK(before == id);
        bob.unsubscribe("1", {{"receipt", "u"}});
        bob.expect_receipt("u");
        CHECK(subscribe(bob, "2", "/topic/room")["durable"] == "resumed");
        const received again = bob.expect_message("1");
        CHECK(again[named] != before);
        CHECK(again[named].substr(0, id.size() + 1) == id + "_");
        // The one of before proves nothing any more, the new one does.
        bob.ack(before, {{"subscription", "2"}});
        leave(bob);
        stomp_client back(node.ws);
        back.connect(as(user), version);
        CHECK(subscribe(back, "3", "/topic/room")["durable"] == "resumed");
        const std::string last = back.expect_message("1")[named];
        back.ack(last, {{"subscription", "3"}});
        leave(back);
        stomp_client third(node.ws);
        third.connect(as(user), version);
        subscribe(third, "4", "/topic/room");
        third.expect_nothing();
    }
}

TEST_CASE("an ACK finds its delivery beside a subscription of the same room that needs none") {
    running_node node;
    for (const char* const version : {"1.0", "1.2"}) {
        CAPTURE(version);
        stomp_client client(node.ws);
        client.connect({}, version);
        client.subscribe_and_wait("a", "/topic/room");
        client.subscribe_and_wait("b", "/topic/room", {{"ack", "client"}, {"prefetch-count", "1"}});
        client.send("/topic/room", "1");
        client.send("/topic/room", "2");
        std::string id;
        for (int i = 0; i != 3; ++i) {
            const received one = client.expect(command::message);
            if (one["subscription"] == "b") id = one[std::string_view(version) == "1.0" ? "message-id" : "ack"];
        }
        client.ack(id, {{"receipt", "r"}});
        client.take_receipt("r");
        CHECK(client.expect_message("2")["subscription"] == "b");
    }
}

TEST_CASE("with a position resume-after and history do not count, without one they do") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    const auto ids = fill(ann, "/topic/room", 1, 6);
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    received receipt = subscribe(bob, "1", "/topic/room", {{"resume-after", ids[2]}, {"history", "1"}});
    CHECK(receipt["durable"] == "new");
    CHECK(receipt["recovered"] == "true");
    expect(bob, 4, 5);
    bob.ack(bob.expect_message("6")["ack"]);
    leave(bob);

    stomp_client cem(node.ws);
    cem.connect(as("cem"));
    receipt = subscribe(cem, "1", "/topic/room", {{"resume-after", "lost"}, {"history", "2"}});
    CHECK(receipt["durable"] == "new");
    CHECK(receipt["recovered"] == "false");
    CHECK(receipt["history"] == "2");
    expect(cem, 5, 6);
    leave(cem);

    stomp_client back(node.ws);
    back.connect(as("bob"));
    receipt = subscribe(back, "1", "/topic/room", {{"resume-after", ids[0]}, {"history", "5"}});
    CHECK(receipt["durable"] == "resumed");
    CHECK(receipt["recovered"] == "true");
    CHECK(receipt["history"] == "(absent)");
    back.expect_nothing();
    // What came by history waited for its ACK like everything else.
    stomp_client cem_again(node.ws);
    cem_again.connect(as("cem"));
    CHECK(subscribe(cem_again, "1", "/topic/room", {{"history", "1"}})["durable"] == "resumed");
    expect(cem_again, 5, 6);
}

TEST_CASE("a position that the log no longer reaches is not recovered, and the subscription is live from now") {
    setup how;
    how.log.partitions = 1;
    how.options.recent_octets = 0;
    how.options.topic_linger = std::chrono::milliseconds(0);
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    subscribe(bob, "1", "/topic/room");
    leave(bob);
    const auto ids = fill(ann, "/topic/room", 1, 3);
    node.log.inject_loss(0, parse_token(ids[1])->at.offset);
    stomp_client back(node.ws);
    back.connect(as("bob"));
    received receipt = subscribe(back, "1", "/topic/room", {{"history", "3"}});
    CHECK(receipt["durable"] == "resumed");
    CHECK(receipt["recovered"] == "false");
    CHECK(receipt["history"] == "(absent)");
    back.expect_nothing();
    fill(ann, "/topic/room", 4, 4);
    back.ack(back.expect_message("4")["ack"]);
    leave(back);
    node.log.inject_new_log();
    stomp_client third(node.ws);
    third.connect(as("bob"));
    receipt = subscribe(third, "1", "/topic/room");
    CHECK(receipt["durable"] == "resumed");
    CHECK(receipt["recovered"] == "false");
}

TEST_CASE("a durable subscription is told of a gap, and goes on behind it in the new log") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect(as("ann"));
        stomp_client bob(node.ws);
        bob.connect(as("bob"));
        subscribe(bob, "1", "/topic/room", {{"ack", "client-individual"}});
        fill(ann, "/topic/room", 1, 2);
        const std::string old = bob.expect_message("1")["ack"];
        bob.expect_message("2");
        node.log.inject_new_log();
        fill(ann, "/topic/room", 3, 4);
        const received gap = bob.expect(command::message);
        CHECK(gap["gap"] == "true");
        CHECK(gap["ack"] == "(absent)");
        bob.ack(old); // of a log that is no more
        bob.ack(bob.expect_message("3")["ack"]);
        bob.expect_message("4");
        leave(bob);
        stomp_client back(node.ws);
        back.connect(as("bob"));
        CHECK(subscribe(back, "1", "/topic/room")["recovered"] == "true");
        expect(back, 4, 4);
        back.expect_nothing();
    });
}

TEST_CASE("UNSUBSCRIBE keeps the position, with the durable header it forgets it") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    stomp_client bob(node.ws);
    bob.connect(softly("bob"));
    subscribe(bob, "1", "/topic/room");
    bob.unsubscribe("1", {{"receipt", "u"}});
    bob.expect_receipt("u");
    fill(ann, "/topic/room", 1, 1);
    CHECK(subscribe(bob, "1", "/topic/room")["durable"] == "resumed");
    expect(bob, 1, 1);
    // Another name is a mistake, and nothing is forgotten.
    bob.unsubscribe("1", {{"durable", "other"}, {"receipt", "u"}});
    const received refused = bob.take_receipt("u");
    CHECK(refused["status"] == "refused");
    CHECK(refused["code"] == "bad-header");
    CHECK(subscribe(bob, "1", "/topic/room")["durable"] == "resumed");
    expect(bob, 1, 1);
    bob.unsubscribe("1", {{"durable", "inbox"}, {"receipt", "u"}});
    CHECK(bob.take_receipt("u")["status"] == "(absent)");
    CHECK(subscribe(bob, "1", "/topic/room")["durable"] == "new");
    bob.expect_nothing();
    // One that is not durable has no position to forget.
    bob.subscribe_and_wait("2", "/topic/room");
    bob.unsubscribe("2", {{"durable", "inbox"}, {"receipt", "u"}});
    CHECK(bob.take_receipt("u")["code"] == "bad-header");
}

TEST_CASE("what a durable subscription may not be is refused") {
    setup how;
    how.options.max_durable_name = 8;
    how.options.destinations.emplace_back("/topic/typing", destination_policy::ephemeral);
    running_node node(how);
    stomp_client bob(node.ws);
    bob.connect(softly("bob"));
    int n = 0;
    const auto refused = [&](stomp_client& client, std::string_view destination, headers more, std::string_view code) {
        const std::string receipt = "r" + std::to_string(++n);
        CAPTURE(receipt);
        more.emplace_back("receipt", receipt);
        client.subscribe("id", destination, more);
        const received answer = client.take_receipt(receipt);
        CHECK(answer["status"] == "refused");
        CHECK(answer["code"] == code);
    };
    refused(bob, "/topic/x", {{"durable", "a"}}, "bad-header");
    refused(bob, "/topic/x", {{"durable", "a"}, {"ack", "auto"}}, "bad-header");
    refused(bob, "/topic/x", {{"durable", ""}, {"ack", "client"}}, "bad-header");
    refused(bob, "/topic/x", {{"durable", "123456789"}, {"ack", "client"}}, "limit");
    refused(bob, "/topic/typing", {{"durable", "a"}, {"ack", "client"}}, "bad-header");
    refused(bob, "/session/queue/x", {{"durable", "a"}, {"ack", "client"}}, "bad-header");
    refused(bob, "/app/x", {{"durable", "a"}, {"ack", "client"}}, "bad-header");
    for (const char* const count : {"0", "-1", "", "many", "1.5", " 1"}) {
        refused(bob, "/topic/x", {{"ack", "client"}, {"prefetch-count", count}}, "bad-header");
        refused(bob, "/topic/x", {{"prefetch-count", count}}, "bad-header");
        refused(bob, "/topic/x", {{"durable", "a"}, {"ack", "client"}, {"prefetch-count", count}}, "bad-header");
    }
    subscribe(bob, "id", "/topic/x", {{"prefetch-count", "99999999999999999999"}});

    stomp_client nobody(node.ws);
    nobody.connect({{"soft-errors", "true"}});
    refused(nobody, "/topic/x", {{"durable", "a"}, {"ack", "client"}}, "forbidden");
    CHECK(node.store.size() == 2); // bob's one position, and the list with its name

    stomp_client hard(node.ws);
    hard.connect(as("cem"));
    hard.subscribe("1", "/topic/x", {{"durable", "a"}, {"receipt", "r"}});
    CHECK(hard.expect_error("durable")["receipt-id"] == "r");
    hard.expect_close(1002);
}

TEST_CASE("a user has a limited number of durable subscriptions, and ending one makes room") {
    setup how;
    how.options.max_durable_names = 2;
    running_node node(how);
    stomp_client bob(node.ws);
    bob.connect(softly("bob"));
    const auto answer = [&](std::string_view room) { return subscribe(bob, room, room); };
    CHECK(answer("/topic/1")["durable"] == "new");
    CHECK(answer("/topic/2")["durable"] == "new");
    CHECK(answer("/topic/3")["code"] == "limit");
    bob.unsubscribe("/topic/1", {{"receipt", "u"}});
    bob.expect_receipt("u");
    CHECK(answer("/topic/3")["code"] == "limit");
    CHECK(answer("/topic/1")["durable"] == "resumed");
    bob.unsubscribe("/topic/1", {{"durable", "inbox"}, {"receipt", "u"}});
    bob.expect_receipt("u");
    // The list of names is shortened behind the RECEIPT.
    REQUIRE(eventually([&] { return answer("/topic/3")["durable"] == "new"; }));
    stomp_client cem(node.ws);
    cem.connect(softly("cem"));
    CHECK(subscribe(cem, "1", "/topic/1")["durable"] == "new");
}
