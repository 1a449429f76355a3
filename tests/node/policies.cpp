// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <string>
#include <vector>

using namespace node_test;
using namespace stompchat;
using namespace std::chrono_literals;

namespace {

setup with_rules(std::vector<destination_rule> rules) {
    setup how;
    how.options.destinations = std::move(rules);
    return how;
}

setup with_typing() { return with_rules({destination_rule("/topic/*/typing", destination_policy::ephemeral)}); }

} // namespace

TEST_CASE("an ephemeral message reaches who is there, with an id that is no token, and its RECEIPT names none") {
    on_shards(with_typing(), [](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        ann.subscribe_and_wait("1", "/topic/lobby/typing");
        stomp_client bob(node.ws);
        bob.connect({{"login", "bob"}});
        bob.subscribe_and_wait("1", "/topic/lobby/typing");
        ann.send("/topic/lobby/typing", "...", {{"receipt", "r"}, {"color", "red"}});
        CHECK(ann.take_receipt("r")["message-id"] == "(absent)");
        for (stomp_client* one : {&ann, &bob}) {
            const received got = one->expect_message("...");
            CHECK(got["message-id"].starts_with("s-"));
            CHECK(got["destination"] == "/topic/lobby/typing");
            CHECK(got["user"] == "ann");
            CHECK(got["color"] == "red");
            CHECK(got["timestamp"] != "(absent)");
        }
        CHECK(node.log.history_messages() == 0);
    });
}

TEST_CASE("who comes later gets nothing of what was ephemeral, and is not told that it missed nothing") {
    running_node node(with_typing());
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.send_and_wait("/topic/lobby/typing", "...");
    ann.subscribe("1", "/topic/lobby/typing", {{"receipt", "a"}, {"history", "10"}});
    const received with_history = ann.take_receipt("a");
    CHECK(with_history["history"] == "0");
    CHECK(with_history["complete"] == "true");
    CHECK(with_history["position"] == "(absent)");
    ann.subscribe_and_wait("2", "/topic/lobby");
    ann.send("/topic/lobby", "kept", {{"receipt", "k"}});
    const std::string token = ann.take_receipt("k")["message-id"];
    ann.expect_message("kept");
    ann.subscribe("3", "/topic/lobby/typing", {{"receipt", "b"}, {"resume-after", token}});
    CHECK(ann.take_receipt("b")["recovered"] == "false");
    ann.expect_nothing();
}

TEST_CASE("the acknowledgement of an ephemeral message is harmless, and it takes no place in the window") {
    running_node node(with_typing());
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe_and_wait("1", "/topic/lobby/typing", {{"ack", "client-individual"}, {"prefetch-count", "1"}});
    std::vector<std::string> acks;
    for (int i = 0; i != 5; ++i) {
        ann.send_and_wait("/topic/lobby/typing", std::to_string(i));
        acks.push_back(ann.expect_message(std::to_string(i))["ack"]);
    }
    for (const std::string& ack : acks) ann.ack(ack);
    ann.send_and_wait("/topic/lobby/typing", "still here");
    ann.expect_message("still here");
}

TEST_CASE("an ephemeral message is dropped for who has no room, and only for that one") {
    setup how = with_typing();
    how.options.output_queue = 64 * 1024;
    running_node node(how);
    client_options little;
    little.receive_buffer = 4096;
    stomp_client slow(node.ws, little);
    slow.connect({{"login", "slow"}});
    slow.subscribe_and_wait("1", "/topic/lobby/typing");
    slow.subscribe_and_wait("2", "/topic/lobby");
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe_and_wait("1", "/topic/lobby/typing");
    const std::string body(16 * 1024, 'x');
    constexpr int sent = 1'000;
    for (int i = 0; i != sent; ++i) {
        ann.send_and_wait("/topic/lobby/typing", body);
        ann.expect_message(body);
    }
    ann.send_and_wait("/topic/lobby", "the end");
    int got = 0;
    for (;;) {
        const received one = slow.expect(command::message);
        if (one.body == "the end") break;
        ++got;
    }
    CHECK(got > 0);
    CHECK(got < sent);
}

TEST_CASE("in a room with very many an ephemeral message is handed out piece by piece, and keeps to the others") {
    setup how = with_rules({destination_rule("/topic/typing", destination_policy::ephemeral)});
    running_node node(how);
    stomp_client many(node.ws);
    many.connect({{"login", "many"}});
    constexpr int subscriptions = 300;
    for (int i = 0; i != subscriptions; ++i) many.subscribe(std::to_string(i), "/topic/typing");
    many.send_and_wait("/topic/other", "x");
    many.subscribe_and_wait("last", "/topic/typing");
    for (int i = 0; i != 3; ++i) many.send("/topic/typing", std::to_string(i));
    std::vector<int> counts(3);
    std::vector<int> last(subscriptions + 1, -1);
    for (int i = 0; i != 3 * (subscriptions + 1); ++i) {
        const received one = many.expect(command::message);
        const int number = std::stoi(one.body);
        ++counts[static_cast<std::size_t>(number)];
        const std::string id = one["subscription"];
        int& before = last[id == "last" ? subscriptions : static_cast<std::size_t>(std::stoi(id))];
        CHECK(before == number - 1);
        before = number;
    }
    CHECK(counts == std::vector<int>(3, subscriptions + 1));
}

TEST_CASE("a queue of users can be ephemeral, too") {
    running_node node(with_rules({destination_rule("/user/*/queue/typing", destination_policy::ephemeral)}));
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob/b"}});
    bob.subscribe_and_wait("1", "/user/queue/typing");
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.send_and_wait("/user/bob%2Fb/queue/typing", "...");
    CHECK(bob.expect_message("...")["message-id"].starts_with("s-"));
    CHECK(node.log.history_messages() == 0);
}

TEST_CASE("in a transaction an ephemeral message waits for COMMIT like every other") {
    running_node node(with_typing());
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe_and_wait("1", "/topic/lobby/typing");
    ann.send_frame(command::begin, {{"transaction", "t"}});
    ann.send("/topic/lobby/typing", "...", {{"transaction", "t"}, {"receipt", "r"}});
    ann.take_receipt("r");
    ann.send("/topic/lobby/typing", "outside");
    ann.expect_message("outside");
    ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    CHECK(ann.take_receipt("c")["message-id"] == "(absent)");
    ann.expect_message("...");
}

TEST_CASE("a rule bounds how far back history reaches") {
    destination_rule nothing("/topic/nothing");
    nothing.history_window = 0s;
    running_node node(with_rules({nothing}));
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    for (const char* room : {"/topic/nothing", "/topic/all"}) ann.send_and_wait(room, "x");
    ann.subscribe("1", "/topic/all", {{"receipt", "a"}, {"history", "10"}});
    CHECK(ann.take_receipt("a")["history"] == "1");
    ann.expect_message("x");
    // A message of this very millisecond could still be in a window of no length.
    REQUIRE(eventually([start = std::chrono::system_clock::now()] { return std::chrono::system_clock::now() > start + 2ms; }));
    ann.subscribe("2", "/topic/nothing", {{"receipt", "b"}, {"history", "10"}});
    const received answer = ann.take_receipt("b");
    CHECK(answer["history"] == "0");
    CHECK(answer["complete"] == "true");
    ann.expect_nothing();
}

TEST_CASE("a node is not made with a rule that makes no sense") { CHECK_THROWS(running_node(with_rules({destination_rule("/app/x")}))); }
