// Boost Software License 1.0, see LICENSE

#include "interceptor.hpp"
#include "running_node.hpp"

#include <mutex>
#include <set>
#include <string>
#include <vector>

using namespace node_test;
using namespace stompchat;
using namespace std::chrono_literals;

namespace {

std::string send_keyed(stomp_client& from, std::string_view destination, std::string_view body, std::string_view key, headers more = {}) {
    static int number = 0;
    const std::string receipt = "k" + std::to_string(++number);
    more.emplace_back("idempotency-key", key);
    more.emplace_back("receipt", receipt);
    from.send(destination, body, more);
    return from.take_receipt(receipt)["message-id"];
}

headers login(std::string_view name) { return {{"login", std::string(name)}}; }

} // namespace

TEST_CASE("a repeat is not published again, and its RECEIPT names the first message") {
    on_shards([](running_node& node) {
        stomp_client bob(node.ws);
        bob.connect(login("bob"));
        bob.subscribe_and_wait("1", "/topic/x");
        stomp_client ann(node.ws);
        ann.connect(login("ann"));
        const std::string first = send_keyed(ann, "/topic/x", "one", "k");
        CHECK(send_keyed(ann, "/topic/x", "one", "k") == first);
        // In another session, too, and over the other transport.
        stomp_client again(node.tcp, over_tcp());
        again.connect(login("ann"));
        CHECK(send_keyed(again, "/topic/x", "one", "k") == first);
        CHECK(send_keyed(again, "/topic/x", "two", "k2") != first);
        const received got = bob.expect_message("one");
        CHECK(got["message-id"] == first);
        CHECK(got["idempotency-key"] == "k");
        bob.expect_message("two");
        bob.expect_nothing();
    });
}

TEST_CASE("a key is good for one user and one destination") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    stomp_client bob(node.ws);
    bob.connect(login("bob"));
    std::set<std::string> ids;
    ids.insert(send_keyed(ann, "/topic/x", "1", "k"));
    ids.insert(send_keyed(ann, "/topic/y", "2", "k"));
    ids.insert(send_keyed(bob, "/topic/x", "3", "k"));
    ids.insert(send_keyed(ann, "/user/bob/queue/x", "4", "k"));
    ids.insert(send_keyed(ann, "/user/%62ob/queue/x", "4", "k")); // the same one, in another spelling
    CHECK(ids.size() == 4);
    CHECK(node.log.history_messages() == 4);
}

TEST_CASE("an anonymous user's key is good within the session") {
    running_node node;
    stomp_client one(node.ws);
    one.connect();
    stomp_client other(node.ws);
    other.connect();
    const std::string first = send_keyed(one, "/topic/x", "1", "k");
    CHECK(send_keyed(one, "/topic/x", "1", "k") == first);
    CHECK(send_keyed(other, "/topic/x", "1", "k") != first);
}

TEST_CASE("an empty key is none, and one that is too long is refused") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}, {"soft-errors", "true"}});
    const std::string first = send_keyed(ann, "/topic/x", "1", "");
    CHECK(send_keyed(ann, "/topic/x", "1", "") != first);
    CHECK(node.store.size() == 0);
    const std::string longest(64, 'k');
    CHECK(send_keyed(ann, "/topic/x", "1", longest) == send_keyed(ann, "/topic/x", "1", longest));
    ann.send("/topic/x", "1", {{"receipt", "long"}, {"idempotency-key", longest + "k"}});
    const received answer = ann.take_receipt("long");
    CHECK(answer["status"] == "refused");
    CHECK(answer["code"] == "limit");
    CHECK(answer["reason"].find("65 octets") != std::string::npos);
    stomp_client bob(node.ws);
    bob.connect(login("bob"));
    bob.send("/topic/x", "1", {{"idempotency-key", longest + "k"}});
    bob.expect_error("65 octets");
    bob.expect_close(1008);
}

TEST_CASE("a repeat that comes before the first one is answered waits for its result") {
    setup how;
    how.log.result_delay = 100ms;
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    for (int i = 0; i != 3; ++i) ann.send("/topic/x", "1", {{"idempotency-key", "k"}, {"receipt", std::to_string(i)}});
    const std::string first = ann.take_receipt("0")["message-id"];
    CHECK(ann.take_receipt("1")["message-id"] == first);
    CHECK(ann.take_receipt("2")["message-id"] == first);
    CHECK(node.log.history_messages() == 1);
}

TEST_CASE("SENDs keep their order, with and without keys") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect(login("ann"));
        ann.subscribe_and_wait("1", "/topic/x");
        constexpr int sent = 200;
        for (int i = 0; i != sent; ++i) {
            const headers more = i % 3 == 0 ? headers{{"idempotency-key", std::to_string(i)}} : headers{};
            ann.send("/topic/x", std::to_string(i), more);
        }
        for (int i = 0; i != sent; ++i) ann.expect_message(std::to_string(i));
        ann.disconnect("bye");
        ann.take_receipt("bye");
    });
}

TEST_CASE("the RECEIPT of DISCONNECT waits for a SEND with a key") {
    running_node node;
    node.store.inject_available(false);
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    ann.send("/topic/x", "1", {{"idempotency-key", "k"}});
    ann.disconnect("bye");
    // Once another session has been served, the node has read both frames.
    stomp_client bob(node.ws);
    bob.connect(login("bob"));
    bob.send_and_wait("/topic/y", "x");
    CHECK(node.log.history_messages() == 1);
    node.store.inject_available(true);
    ann.take_receipt("bye");
    CHECK(node.log.history_messages() == 2);
}

TEST_CASE("while the store does not answer a SEND with a key waits, what is behind it too, and others go on") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    stomp_client bob(node.ws);
    bob.connect(login("bob"));
    bob.subscribe_and_wait("1", "/topic/x");
    node.store.inject_available(false);
    ann.send("/topic/x", "1", {{"idempotency-key", "k"}, {"receipt", "1"}});
    ann.send("/topic/x", "2");
    bob.send_and_wait("/topic/x", "3");
    bob.expect_message("3");
    bob.expect_nothing();
    node.store.inject_available(true);
    bob.expect_message("1");
    bob.expect_message("2");
    ann.take_receipt("1");
}

TEST_CASE("a store that stays away ends in a refusal, and nothing was published") {
    setup how;
    how.options.max_unread = 2s;
    running_node node(how);
    node.store.inject_available(false);
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}, {"soft-errors", "true"}});
    ann.send("/topic/x", "1", {{"idempotency-key", "k"}, {"receipt", "1"}});
    const received answer = ann.take_receipt("1");
    CHECK(answer["status"] == "refused");
    CHECK(answer["code"] == "unavailable");
    ann.send_and_wait("/topic/y", "the session goes on");
    ann.send_frame(command::begin, {{"transaction", "t"}});
    ann.send("/topic/x", "1", {{"transaction", "t"}, {"idempotency-key", "k"}});
    ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    ann.expect_error("state store");
    ann.expect_close(1012);
    CHECK(node.log.history_messages() == 1);
}

TEST_CASE("a SEND that was taken is published once although its client has gone") {
    running_node node;
    node.store.inject_available(false);
    stomp_client bob(node.ws);
    bob.connect(login("bob"));
    bob.subscribe_and_wait("1", "/topic/x");
    {
        stomp_client ann(node.ws);
        ann.connect(login("ann"));
        ann.send_and_wait("/topic/y", "x");
        ann.send("/topic/x", "1", {{"idempotency-key", "k"}});
        // Its connection is cut here. The node does not read a session whose SEND waits for the store.
    }
    node.store.inject_available(true);
    bob.expect_message("1");
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    send_keyed(ann, "/topic/x", "1", "k");
    bob.expect_nothing();
}

TEST_CASE("a key inside a transaction is a key, and the transaction keeps its order") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    ann.subscribe_and_wait("1", "/topic/x");
    const auto commit = [&](std::string_view receipt) {
        ann.send_frame(command::begin, {{"transaction", "t"}});
        ann.send("/topic/x", "plain", {{"transaction", "t"}});
        ann.send("/topic/x", "keyed", {{"transaction", "t"}, {"idempotency-key", "k"}});
        ann.send("/topic/x", "last", {{"transaction", "t"}});
        ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", std::string(receipt)}});
    };
    commit("c1");
    CHECK(ann.take_receipt("c1")["message-id"] == "(absent)");
    for (const char* body : {"plain", "keyed", "last"}) ann.expect_message(body);
    commit("c2");
    ann.take_receipt("c2");
    for (const char* body : {"plain", "last"}) ann.expect_message(body);
    ann.expect_nothing();
}

TEST_CASE("two sessions that use the same keys crosswise in transactions do not wait for each other") {
    running_node node;
    stomp_client one(node.ws);
    one.connect(login("ann"));
    stomp_client two(node.ws);
    two.connect(login("ann"));
    const auto commit = [](stomp_client& from, const char* first, const char* second) {
        from.send_frame(command::begin, {{"transaction", "t"}});
        from.send("/topic/x", first, {{"transaction", "t"}, {"idempotency-key", first}});
        from.send("/topic/x", second, {{"transaction", "t"}, {"idempotency-key", second}});
        from.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    };
    for (int i = 0; i != 20; ++i) {
        const std::string a = "a" + std::to_string(i);
        const std::string b = "b" + std::to_string(i);
        commit(one, a.c_str(), b.c_str());
        commit(two, b.c_str(), a.c_str());
        one.take_receipt("c");
        two.take_receipt("c");
    }
    CHECK(node.log.history_messages() == 40);
}

TEST_CASE("a transaction with a key hands its SENDs to the application in their place, with their headers") {
    running_node node;
    std::vector<std::string> seen;
    std::mutex mutex;
    node.app.send_script = [&](const app_request& request, app_reply&& reply) {
        const std::lock_guard lock(mutex);
        seen.push_back(std::string(request.body) + " " + std::string(request.headers.find("color")));
        reply.done();
        return true;
    };
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    ann.send_frame(command::begin, {{"transaction", "t"}});
    ann.send("/topic/x", "1", {{"transaction", "t"}, {"idempotency-key", "k"}});
    ann.send("/app/x", "2", {{"transaction", "t"}, {"idempotency-key", "k"}, {"color", "red"}});
    ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    ann.take_receipt("c");
    const std::lock_guard lock(mutex);
    CHECK(seen == std::vector<std::string>{"2 red"});
}

TEST_CASE("an ACK that nobody knows spoils a transaction before anything of it is published") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    ann.send_frame(command::begin, {{"transaction", "t"}});
    ann.send("/topic/x", "1", {{"transaction", "t"}});
    ann.ack("0-0-0-0", {{"transaction", "t"}});
    ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    CHECK(ann.expect_error("0-0-0-0")["receipt-id"] == "c");
    ann.expect_close(1002);
    CHECK(node.log.history_messages() == 0);
}

TEST_CASE("an ephemeral SEND with a key is ephemeral") {
    setup how;
    how.options.destinations = {destination_rule("/topic/typing", destination_policy::ephemeral)};
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    CHECK(send_keyed(ann, "/topic/typing", "1", "k") == "(absent)");
    CHECK(node.store.size() == 0);
}

TEST_CASE("what an interceptor lets go together keeps its order, with and without keys") {
    setup how;
    scripted_interceptor moderator;
    how.interceptor = &moderator;
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect(login("ann"));
    ann.subscribe_and_wait("1", "/topic/x");
    const auto send = [&](std::string_view body, headers more = {}) { ann.send("/topic/x", body, std::move(more)); };
    send("later 1");
    send("2", {{"idempotency-key", "2"}});
    send("3");
    send("4", {{"idempotency-key", "4"}});
    ann.send_frame(command::begin, {{"transaction", "t"}});
    send("5", {{"transaction", "t"}});
    ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    send("6");
    REQUIRE(eventually([&] { return moderator.asked().size() == 6; }));
    moderator.decide("later 1", send_verdict::pass());
    ann.take_receipt("c");
    for (const char* body : {"later 1", "2", "3", "4", "5", "6"}) ann.expect_message(body);
}
