// Boost Software License 1.0, see LICENSE

#include "interceptor.hpp"
#include "running_node.hpp"

using namespace node_test;
using stompchat::intercepted_send;
using stompchat::send_verdict;

namespace {

void begin(stomp_client& client, std::string name = "t") { client.send_frame(command::begin, {{"transaction", std::move(name)}}); }
void commit(stomp_client& client, std::string receipt) {
    client.send_frame(command::commit, {{"transaction", "t"}, {"receipt", std::move(receipt)}});
}
const headers in_t{{"transaction", "t"}};

} // namespace

TEST_CASE("each frame of a transaction is shown at its COMMIT, and rewritten ones are published in order") {
    scripted_interceptor asked;
    asked.script = [](intercepted_send& one) { return one.body == "2" ? send_verdict::rewrite("two") : send_verdict::pass(); };
    running_node node(with(asked));
    stomp_client ann(node.ws);
    ann.connect();
    ann.subscribe_and_wait("1", "/topic/a");
    begin(ann);
    for (const char* body : {"1", "2", "3"}) ann.send("/topic/a", body, in_t);
    ann.expect_nothing();
    CHECK(asked.asked().empty());
    commit(ann, "c");
    ann.take_receipt("c");
    for (const char* body : {"1", "two", "3"}) ann.expect_message(body);
    CHECK(asked.asked() == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("nothing of a transaction is published before all of it is decided, and nothing at all when one frame is refused") {
    scripted_interceptor asked;
    asked.script = [](intercepted_send& one) { return one.body == "bad" ? send_verdict::reject("not that") : send_verdict::pass(); };
    running_node node(with(asked));
    stomp_client bob(node.ws);
    bob.connect();
    bob.subscribe_and_wait("1", "/topic/a");
    SUBCASE("passed") {
        stomp_client ann(node.ws);
        ann.connect();
        begin(ann);
        for (const char* body : {"1", "later 2", "later 3", "4"}) ann.send("/topic/a", body, in_t);
        commit(ann, "c");
        REQUIRE(ann.wait_until([&] { return asked.waiting() == 2; }));
        asked.decide("later 3", send_verdict::pass());
        bob.expect_nothing();
        asked.decide("later 2", send_verdict::rewrite("2"));
        for (const char* body : {"1", "2", "later 3", "4"}) bob.expect_message(body);
        ann.expect_receipt("c");
    }
    SUBCASE("refused at once, also where errors are soft") {
        stomp_client ann(node.ws);
        ann.connect({{"soft-errors", "true"}});
        begin(ann);
        for (const char* body : {"1", "later 2", "bad"}) ann.send("/topic/a", body, in_t);
        commit(ann, "c");
        CHECK(ann.expect_error("not that")["receipt-id"] == "c");
        ann.expect_close(1008);
        asked.decide("later 2", send_verdict::pass());
    }
    SUBCASE("refused later") {
        stomp_client ann(node.ws);
        ann.connect();
        begin(ann);
        for (const char* body : {"1", "later 2"}) ann.send("/topic/a", body, in_t);
        commit(ann, "c");
        REQUIRE(ann.wait_until([&] { return asked.waiting() == 1; }));
        asked.decide("later 2", send_verdict::reject("not that"));
        CHECK(ann.expect_error("not that")["receipt-id"] == "c");
        ann.expect_close(1008);
    }
    SUBCASE("the session vanishes") {
        stomp_client ann(node.ws);
        ann.connect();
        begin(ann);
        for (const char* body : {"1", "later 2"}) ann.send("/topic/a", body, in_t);
        commit(ann, "c");
        REQUIRE(ann.wait_until([&] { return asked.waiting() == 1; }));
        ann.vanish();
        REQUIRE(eventually([&] { return node.watcher.gone().size() == 1; }));
        asked.decide("later 2", send_verdict::pass());
    }
    bob.expect_nothing();
}

TEST_CASE("a transaction waits for what was sent before it, and what is sent behind it waits for the transaction") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client bob(node.ws);
    bob.connect();
    bob.subscribe_and_wait("1", "/topic/a");
    bob.subscribe_and_wait("2", "/topic/b");
    stomp_client ann(node.ws);
    ann.connect();
    ann.send("/topic/a", "later 1");
    ann.send("/topic/c", "later 2");
    begin(ann);
    ann.send("/topic/b", "in transaction", in_t);
    commit(ann, "c");
    ann.send("/topic/b", "behind");
    ann.expect_nothing();
    asked.decide("later 2", send_verdict::pass());
    ann.expect_nothing();
    bob.expect_nothing();
    asked.decide("later 1", send_verdict::pass());
    bob.expect_message("later 1");
    bob.expect_message("in transaction");
    bob.expect_message("behind");
    ann.expect_receipt("c");
}

TEST_CASE("the ACKs of a transaction take effect with it, whatever happens to the session's subscriptions meanwhile") {
    scripted_interceptor asked;
    running_node node(with(asked));
    node.app.send_script = [](const stompchat::app_request& request, stompchat::app_reply&& reply) {
        reply.publish("/topic/app", {}, std::string(request.body));
        reply.done();
        return true;
    };
    stomp_client ann(node.ws);
    ann.connect();
    ann.subscribe_and_wait("1", "/topic/a", {{"ack", "client-individual"}, {"prefetch-count", "1"}});
    ann.subscribe_and_wait("2", "/topic/app");
    ann.send("/topic/a", "first");
    ann.send("/topic/a", "second");
    const received first = ann.expect_message("first");
    begin(ann);
    ann.ack(first["ack"], in_t);
    ann.send("/topic/b", "later", in_t);
    ann.send("/app/x", "to the application", in_t);
    commit(ann, "c");
    REQUIRE(ann.wait_until([&] { return asked.waiting() == 1; }));
    ann.expect_nothing();
    SUBCASE("the subscription is there") {
        asked.decide("later", send_verdict::pass());
        ann.take_receipt("c");
        std::vector<std::string> bodies{ann.expect(command::message).body, ann.expect(command::message).body};
        std::sort(bodies.begin(), bodies.end());
        CHECK(bodies == std::vector<std::string>{"second", "to the application"});
    }
    SUBCASE("it has gone") {
        ann.unsubscribe("1", {{"receipt", "u"}});
        ann.expect_receipt("u");
        asked.decide("later", send_verdict::pass());
        ann.take_receipt("c");
        ann.expect_message("to the application");
    }
}

TEST_CASE("a client that disconnects behind its COMMIT has it carried out to the end") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client bob(node.ws);
    bob.connect();
    bob.subscribe_and_wait("1", "/topic/a");
    stomp_client ann(node.ws);
    ann.connect();
    begin(ann);
    for (const char* body : {"later 1", "2", "3"}) ann.send("/topic/a", body, in_t);
    commit(ann, "c");
    ann.disconnect("bye");
    REQUIRE(ann.wait_until([&] { return asked.waiting() == 1; }));
    asked.decide("later 1", send_verdict::rewrite("1"));
    for (const char* body : {"1", "2", "3"}) bob.expect_message(body);
    ann.expect_receipt("c");
    ann.expect_receipt("bye");
}
