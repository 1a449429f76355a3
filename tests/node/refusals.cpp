// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace std::string_literals;

namespace {

struct refused {
    const char* what;
    std::string octets;
    const char* text;
    std::uint16_t code;
};

} // namespace

TEST_CASE("what breaks STOMP is answered by an ERROR that says what was wrong, then by the close code") {
    setup how;
    how.options.session.limits.header_line = 1000;
    how.options.session.limits.headers = 10;
    how.options.session.limits.body = 5000;
    how.options.session.max_subscriptions = 2;
    how.options.session.max_transactions = 1;
    how.options.session.max_transaction_frames = 2;
    running_node node(how);
    const auto subscribe = [](const std::string& id) { return "SUBSCRIBE\nid:" + id + "\ndestination:/topic/" + id + "\n\n\0"s; };
    const refused samples[] = {
        {"an unknown command", "HELLO\n\n\0"s, "HELLO", 1002},
        {"a second CONNECT", "CONNECT\naccept-version:1.2\nhost:x\n\n\0"s, "already connected", 1002},
        {"a header without colon", "SEND\ndestination\n\n\0"s, "destination", 1002},
        {"an undefined escape", "SEND\ndestination:/topic/a\\t\n\n\0"s, "escape", 1002},
        {"no destination", "SEND\n\n\0"s, "destination", 1002},
        {"no id", "SUBSCRIBE\ndestination:/topic/x\n\n\0"s, "id", 1002},
        {"a used id", subscribe("a") + subscribe("a"), "already in use", 1002},
        {"an unknown id", "UNSUBSCRIBE\nid:z\n\n\0"s, "z", 1002},
        {"an unknown ack mode", "SUBSCRIBE\nid:1\ndestination:/topic/x\nack:maybe\n\n\0"s, "maybe", 1002},
        {"an unknown transaction", "COMMIT\ntransaction:t\n\n\0"s, "t", 1002},
        {"a body on BEGIN", "BEGIN\ntransaction:t\n\nbody\0"s, "body", 1002},
        {"a bad content-length", "SEND\ndestination:/topic/x\ncontent-length:x\n\n\0"s, "content-length", 1002},
        {"a body that goes on", "SEND\ndestination:/topic/x\ncontent-length:1\n\nxy\0"s, "NUL", 1002},
        {"a long header line", "SEND\ndestination:/topic/x\nh:" + std::string(1001, 'x') + "\n\n\0"s, "1000", 1009},
        {"many headers",
         [] {
             std::string text = "SEND\ndestination:/topic/x\n";
             for (int i = 0; i != 11; ++i) text += "h:" + std::to_string(i) + "\n";
             return text + "\n\0"s;
         }(),
         "10", 1009},
        {"a long body", "SEND\ndestination:/topic/x\ncontent-length:5001\n\n", "5000", 1009},
        {"a long body without length", "SEND\ndestination:/topic/x\n\n" + std::string(5001, 'x'), "5000", 1009},
        {"many subscriptions", subscribe("a") + subscribe("b") + subscribe("c"), "2", 1008},
        {"many transactions", "BEGIN\ntransaction:a\n\n\0BEGIN\ntransaction:b\n\n\0"s, "1", 1008},
        {"a long transaction",
         "BEGIN\ntransaction:a\n\n\0SEND\ndestination:/topic/x\ntransaction:a\n\n\0SEND\ndestination:/topic/"
         "x\ntransaction:a\n\n\0SEND\ndestination:/topic/x\ntransaction:a\n\n\0"s,
         "2", 1009},
        {"a long destination", "SEND\ndestination:/topic/" + std::string(249, 'x') + "\n\n\0"s, "255", 1008},
        {"another destination to send to", "SEND\ndestination:/queue/x\n\n\0"s, "/queue/x", 1008},
        {"a session queue to send to", "SEND\ndestination:/session/queue/x\n\n\0"s, "/session/queue/x", 1008},
        {"another destination to subscribe to", "SUBSCRIBE\nid:1\ndestination:/queue/x\n\n\0"s, "/queue/x", 1008},
        {"an empty name", "SUBSCRIBE\nid:1\ndestination:/topic/\n\n\0"s, "/topic/", 1008},
    };
    for (const refused& one : samples) {
        CAPTURE(one.what);
        over_both(node, [&](stomp_client& client) {
            client.connect();
            client.send_octets(one.octets);
            received answer;
            do answer = *client.next();
            while (answer.cmd == command::message);
            REQUIRE(answer.cmd == command::error);
            CHECK_MESSAGE((answer["message"] + answer.body).find(one.text) != std::string::npos, describe(answer));
            client.expect_close(one.code);
        });
    }
    // Nothing of that has hurt the node.
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("1", "/topic/x");
    client.send("/topic/x", "alive");
    client.expect_message("alive");
}

TEST_CASE("a long destination is allowed up to its limit") {
    running_node node;
    stomp_client client(node.ws);
    client.connect();
    client.subscribe_and_wait("1", "/topic/" + std::string(248, 'x'));
    client.send("/topic/" + std::string(248, 'x'), "fits");
    client.expect_message("fits");
}

TEST_CASE("a first frame that is no CONNECT, and versions that nobody speaks, are refused") {
    running_node node;
    over_both(node, [](stomp_client& client) {
        client.send_octets("SEND\ndestination:/topic/x\nreceipt:r\n\n\0"s);
        CHECK(client.expect_error("CONNECT")["receipt-id"] == "r");
        client.expect_close(1002);
    });
    over_both(node, [](stomp_client& client) {
        client.send_octets("CONNECT\naccept-version:2.0\nhost:x\n\n\0"s);
        CHECK(client.expect_error("version")["version"] == "1.0,1.1,1.2");
        client.expect_close(1002);
    });
    over_both(node, [](stomp_client& client) {
        client.send_octets("CONNECT\naccept-version:1.2\nheart-beat:x\n\n\0"s);
        client.expect_error("heart-beat");
        client.expect_close(1002);
    });
}

TEST_CASE("what breaks WebSocket closes with its code, behind an ERROR") {
    setup how;
    how.options.max_websocket_message = 10'000;
    running_node node(how);
    const std::pair<std::string, std::uint16_t> samples[] = {
        {"\x81\x05hello"s, 1002},                    // not masked
        {"\xC1\x80\x00\x00\x00\x00"s, 1002},         // a reserved bit
        {"\x83\x80\x00\x00\x00\x00"s, 1002},         // an unknown opcode
        {"\x80\x80\x00\x00\x00\x00"s, 1002},         // nothing to continue
        {"\x81\x81\x00\x00\x00\x00\xFF"s, 1007},     // text that is none
        {"\x82\xFE\x27\x11\x00\x00\x00\x00"s, 1009}, // 10,001 octets
        {"\x89\xFE\x00\x7E\x00\x00\x00\x00"s, 1002}, // a long ping
        {"\x88\x81\x00\x00\x00\x00\x03"s, 1002},     // half a close code
    };
    for (const auto& sample : samples) {
        const std::string& octets = sample.first;
        const std::uint16_t code = sample.second;
        CAPTURE(code);
        stomp_client client(node.ws);
        client.connect();
        client.send_wire(octets);
        client.expect(command::error);
        client.expect_close(code);
    }
}

TEST_CASE("a WebSocket close is answered with its code, and an end without a word ends the session") {
    running_node node;
    {
        stomp_client client(node.ws);
        client.connect({{"login", "polite"}});
        client.send_close(1001);
        const auto close = client.next();
        REQUIRE(close.has_value());
        CHECK(close->what == received::kind::close);
        CHECK(close->code == 1001);
        client.expect_end();
    }
    {
        stomp_client client(node.ws);
        client.connect({{"login", "sudden"}});
        client.vanish();
    }
    REQUIRE(eventually([&] { return node.watcher.gone().size() == 2; }));
    CHECK_FALSE(node.watcher.gone()[0].reason);
    CHECK(node.registry.sessions() == 0);
}

TEST_CASE("a login that is refused, and one that cannot be checked, are told apart") {
    running_node node;
    node.authentication.script = [](stompchat::credentials shown, login_done done) {
        const stompchat::error_code ec =
            shown.login == "down" ? stompchat::error::registry_unavailable : stompchat::error::not_authenticated;
        stompchat::identity nobody;
        done(ec, std::move(nobody));
    };
    over_both(node, [](stomp_client& client) {
        client.send_frame(command::connect, {{"accept-version", "1.2"}, {"login", "mallory"}});
        client.expect_error("login refused");
        client.expect_close(1008);
    });
    over_both(node, [](stomp_client& client) {
        client.send_frame(command::connect, {{"accept-version", "1.2"}, {"login", "down"}});
        client.expect_error("not available");
        client.expect_close(1012);
    });
    CHECK(node.watcher.connected().empty());
}

TEST_CASE("a user name that CONNECTED cannot carry ends the login") {
    running_node node;
    std::string name;
    node.authentication.script = [&](stompchat::credentials, login_done done) {
        stompchat::identity who(name);
        done({}, std::move(who));
    };
    for (const std::string& bad : {"a\nadmin:true"s, "a\rb"s, std::string(256, 'x'), "\xFF"s}) {
        name = bad;
        stomp_client client(node.ws);
        client.send_frame(command::connect, {{"accept-version", "1.2"}});
        client.expect(command::error);
        client.expect_close(1008);
    }
    CHECK(node.registry.sessions() == 0);
}

TEST_CASE("the authorizer is asked for every SEND and SUBSCRIBE, with the user it is about") {
    running_node node;
    node.authorization.script = [](const stompchat::identity& who, stompchat::action what, std::string_view destination) {
        if (destination == "/topic/read-only") return what == stompchat::action::subscribe;
        return who.user == "ann";
    };
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe_and_wait("1", "/topic/read-only");
    ann.subscribe_and_wait("2", "/topic/room");
    ann.send_and_wait("/topic/room", "x");
    ann.expect_message("x");
    ann.send("/topic/read-only", "x", {{"receipt", "s"}});
    CHECK(ann.expect_error("may not send to /topic/read-only")["receipt-id"] == "s");
    ann.expect_close(1008);
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    bob.subscribe_and_wait("1", "/topic/read-only");
    bob.subscribe("2", "/topic/room", {{"receipt", "s"}});
    CHECK(bob.expect_error("may not subscribe to /topic/room")["receipt-id"] == "s");
    bob.expect_close(1008);
}
