// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace std::string_literals;

TEST_CASE("what one client sends reaches every subscriber, the sender included, with what the server knows about it") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        stomp_client bob(node.tcp, over_tcp());
        ann.connect({{"login", "ann"}});
        bob.connect({{"login", "bob"}});
        ann.subscribe_and_wait("1", "/topic/room");
        bob.subscribe_and_wait("x", "/topic/room");
        const received receipt = ann.send_and_wait("/topic/room", "hello", {{"content-type", "text/plain"}, {"my", "header"}});
        for (stomp_client* const client : {&ann, &bob}) {
            const received message = client->expect_message("hello");
            CHECK(message["destination"] == "/topic/room");
            CHECK(message["subscription"] == (client == &ann ? "1" : "x"));
            CHECK(message["user"] == "ann");
            CHECK(message["message-id"] == receipt["message-id"]);
            CHECK(message["timestamp"].size() == 13);
            CHECK(message["content-type"] == "text/plain");
            CHECK(message["my"] == "header");
            CHECK(message["ack"] == "(absent)");
            CHECK(message["receipt"] == "(absent)");
        }
    });
}

TEST_CASE("no client can forge what only the server writes") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe_and_wait("1", "/topic/room");
    headers forged;
    for (const char* name : {"user", "timestamp", "message-id", "subscription", "ack", "gap", "recovered", "position", "durable", "status"})
        forged.emplace_back(name, "forged");
    forged.emplace_back("kept", "1");
    ann.send_and_wait("/topic/room", "x", forged);
    const received message = ann.expect_message("x");
    CHECK(message["kept"] == "1");
    for (const auto& [name, value] : message.fields) CHECK(value != "forged");
    CHECK(message["user"] == "ann");
    CHECK(message.count("user") == 1);
}

TEST_CASE("binary bodies come octet by octet, over WebSocket as binary; text as text") {
    running_node node;
    std::string binary;
    for (int i = 0; i != 1000; ++i) binary += static_cast<char>(i);
    over_both(node, [&](stomp_client& client) {
        client.connect();
        client.subscribe_and_wait("1", "/topic/room");
        client.send("/topic/room", binary);
        client.send("/topic/room", "gr\xC3\xBC\xC3\x9F dich");
        client.send("/topic/room", "");
        client.send("/topic/room", std::string(200'000, 'x'));
        CHECK_FALSE(client.expect_message(binary).text);
        const received text = client.expect_message("gr\xC3\xBC\xC3\x9F dich");
        CHECK((text.text || node.watcher.connected().size() == 2));
        CHECK(client.expect_message("")["content-length"] == "0");
        client.expect_message(std::string(200'000, 'x'));
        client.unsubscribe("1");
        client.expect_nothing();
    });
}

TEST_CASE("each version reads the same message in its own words") {
    on_shards([](running_node& node) {
        stomp_client v12(node.ws);
        stomp_client v11(node.ws);
        stomp_client v10(node.tcp, over_tcp());
        stomp_client sender(node.ws);
        v12.connect({{"login", "new"}}, "1.2");
        v11.connect({{"login", "middle"}}, "1.0,1.1");
        v10.connect({{"login", "old"}}, "");
        CHECK(v11.version == stompchat::stomp::version::v1_1);
        CHECK(v10.version == stompchat::stomp::version::v1_0);
        sender.connect({{"login", "a:b"}});
        v12.subscribe_and_wait("1", "/topic/r:1");
        v11.subscribe_and_wait("1", "/topic/r:1");
        v10.subscribe_and_wait("", "/topic/r:1");
        sender.send_and_wait("/topic/r:1", "x", {{"cr", "a\rb"}, {"lf", "a\nb"}, {"colon", "a:b"}, {"back", "a\\b"}});

        const received in_12 = v12.expect_message("x");
        CHECK(in_12["destination"] == "/topic/r:1");
        CHECK(in_12["user"] == "a:b");
        CHECK(in_12["cr"] == "a\rb");
        CHECK(in_12["lf"] == "a\nb");
        CHECK(in_12["colon"] == "a:b");
        CHECK(in_12["back"] == "a\\b");
        const received in_11 = v11.expect_message("x");
        CHECK(in_11["cr"] == "(absent)");
        CHECK(in_11["lf"] == "a\nb");
        CHECK(in_11["colon"] == "a:b");
        CHECK(in_11["back"] == "a\\b");
        const received in_10 = v10.expect_message("x");
        CHECK(in_10["destination"] == "/topic/r:1");
        CHECK(in_10["user"] == "a:b");
        CHECK(in_10["cr"] == "(absent)");
        CHECK(in_10["lf"] == "(absent)");
        CHECK(in_10["colon"] == "a:b");
        CHECK(in_10["back"] == "a\\b");
        CHECK(in_10["subscription"] == "(absent)");
        CHECK(in_10["message-id"] == in_12["message-id"]);
        const auto seen = node.watcher.connected();
        REQUIRE(seen.size() == 4);
        CHECK(seen[0] == "new ws 1.2");
        CHECK(seen[1] == "middle ws 1.1");
        CHECK(seen[2] == "old tcp 1.0");
    });
}

TEST_CASE("two subscriptions of one session get each message once each, also of one destination") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect();
    ann.subscribe_and_wait("a", "/topic/room");
    ann.subscribe_and_wait("b", "/topic/room");
    ann.subscribe_and_wait("c", "/topic/other");
    ann.send_and_wait("/topic/room", "x");
    std::string who = ann.expect_message("x")["subscription"] + ann.expect_message("x")["subscription"];
    CHECK((who == "ab" || who == "ba"));
    ann.unsubscribe("a", {{"receipt", "gone"}});
    ann.expect_receipt("gone");
    ann.send_and_wait("/topic/room", "y");
    CHECK(ann.expect_message("y")["subscription"] == "b");
    ann.expect_nothing();
}

TEST_CASE("behind the RECEIPT of an UNSUBSCRIBE nothing more comes, and the id can be used again") {
    on_shards([](running_node& node) {
        stomp_client sender(node.ws);
        stomp_client reader(node.ws);
        sender.connect();
        reader.connect();
        for (int round = 0; round != 20; ++round) {
            reader.subscribe_and_wait("1", "/topic/room");
            for (int i = 0; i != 20; ++i) sender.send("/topic/room", "x");
            reader.unsubscribe("1", {{"receipt", "gone"}});
            while (reader.next()->cmd != command::receipt) {
            }
            sender.send_and_wait("/topic/room", "late");
            reader.expect_nothing();
        }
    });
}

TEST_CASE("an UNSUBSCRIBE or DISCONNECT right behind a SUBSCRIBE leaves no RECEIPT out") {
    on_shards([](running_node& node) {
        stomp_client client(node.ws);
        client.connect();
        client.send_octets("SUBSCRIBE\nid:1\ndestination:/topic/new\nreceipt:a\n\n\0UNSUBSCRIBE\nid:1\nreceipt:b\n\n\0"
                           "SUBSCRIBE\nid:1\ndestination:/topic/newer\nreceipt:c\n\n\0DISCONNECT\nreceipt:d\n\n\0"s);
        for (const char* id : {"a", "b", "c", "d"}) client.expect_receipt(id);
        client.expect_close(1000);
    });
}

TEST_CASE("a client without a name gets one that nobody else has") {
    running_node node;
    stomp_client first(node.ws);
    stomp_client second(node.ws);
    const received a = first.connect();
    const received b = second.connect();
    CHECK(a["user-name"] == "anonymous-" + a["session"]);
    CHECK(b["user-name"] == "anonymous-" + b["session"]);
    CHECK(a["session"] != b["session"]);
    second.subscribe_and_wait("1", "/topic/room");
    first.send_and_wait("/topic/room", "x");
    CHECK(second.expect_message("x")["user"] == a["user-name"]);
}

TEST_CASE("a frame before CONNECTED waits for the authenticator, however long that thinks") {
    running_node node;
    std::mutex mutex;
    std::vector<std::pair<std::string, login_done>> waiting;
    node.authentication.script = [&](stompchat::credentials shown, login_done done) {
        const std::lock_guard lock(mutex);
        waiting.emplace_back(shown.login.value_or(""), std::move(done));
    };
    over_both(node, [&](stomp_client& client) {
        client.send_octets("CONNECT\naccept-version:1.2\nhost:x\nlogin:ann\npasscode:secret\n\n\0"
                           "SUBSCRIBE\nid:1\ndestination:/topic/room\nreceipt:s\n\n\0SEND\ndestination:/topic/room\n\nhi\0"s);
        const auto asked = [&] {
            const std::lock_guard lock(mutex);
            return !waiting.empty();
        };
        REQUIRE(client.wait_until(asked));
        CHECK(client.arrived().empty());
        {
            const std::lock_guard lock(mutex);
            stompchat::identity who("ann");
            waiting.front().second({}, std::move(who));
            waiting.clear();
        }
        CHECK(client.expect(command::connected)["user-name"] == "ann");
        client.expect_receipt("s");
        client.expect_message("hi");
    });
}

TEST_CASE("who subscribes and sends without waiting hears itself, however busy the node is") {
    on_shards([](running_node& node) {
        stomp_client noise(node.ws);
        noise.connect();
        for (int i = 0; i != 100; ++i) {
            CAPTURE(i);
            const std::string room = "/topic/fresh-" + std::to_string(i);
            stomp_client one(node.tcp, over_tcp());
            one.connect();
            for (int n = 0; n != 20; ++n) noise.send("/topic/noise", "x");
            noise.wait_until([&] { return noise.unsent() == 0; });
            one.subscribe("1", room);
            one.send(room, "echo");
            one.expect_message("echo");
        }
    });
}
