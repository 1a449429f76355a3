// Boost Software License 1.0, see LICENSE

#include "interceptor.hpp"
#include "future.hpp"
#include "running_node.hpp"

using namespace node_test;
using stompchat::header_field;
using stompchat::intercepted_send;
using stompchat::send_verdict;

TEST_CASE("the interceptor sees who sends what where, and can let it pass, rewrite it or refuse it") {
    scripted_interceptor asked;
    std::string seen;
    asked.script = [&](intercepted_send& one) {
        seen = one.who.user + ' ' + one.session() + ' ' + std::string(one.destination);
        for (const header_field field : one.headers) seen += ' ' + std::string(field.name) + '=' + std::string(field.value);
        if (one.body == "damn") return send_verdict::reject("mind your language");
        if (one.body == "shout") return send_verdict::rewrite("whisper");
        if (one.body == "label") {
            const header_field fields[] = {{"label", "new"}, {"user", "forged"}, {"message-id", "forged"}};
            return send_verdict::rewrite(fields, "labelled");
        }
        return send_verdict::pass();
    };
    running_node node(with(asked));
    over_both(node, [&](stomp_client& client) {
        const std::string session = client.connect({{"login", "ann"}})["session"];
        client.subscribe_and_wait("1", "/topic/room");
        client.subscribe_and_wait("2", "/user/queue/inbox");
        client.send("/topic/room", "hello", {{"x", "y"}, {"user", "forged"}});
        client.expect_message("hello");
        CHECK(seen == "ann " + session + " /topic/room x=y");
        client.send("/user/ann/queue/inbox", "shout", {{"x", "y"}, {"receipt", "r"}});
        CHECK(client.take_receipt("r")["message-id"] != "(absent)");
        CHECK(client.expect_message("whisper")["x"] == "y");
        client.send("/topic/room", "label", {{"x", "y"}});
        const received labelled = client.expect_message("labelled");
        CHECK(labelled["label"] == "new");
        CHECK(labelled["x"] == "(absent)");
        CHECK(labelled["user"] == "ann");
        CHECK(labelled.count("user") == 1);
        CHECK(labelled["message-id"] != "forged");
        client.send("/topic/room", "damn", {{"receipt", "r2"}});
        CHECK(client.expect_error("mind your language")["receipt-id"] == "r2");
        client.expect_close(1008);
    });
}

TEST_CASE("a refusal of the interceptor is forbidden to those with soft errors, who go on") {
    scripted_interceptor asked;
    asked.script = [](intercepted_send&) { return send_verdict::reject("no"); };
    running_node node(with(asked));
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}, {"soft-errors", "true"}});
    for (const char* body : {"at once", "later"}) {
        ann.send("/topic/room", body, {{"receipt", "r"}});
        if (std::string_view(body) == "later") {
            REQUIRE(eventually([&] { return asked.waiting() == 1; }));
            asked.decide("later", send_verdict::reject("no"));
        }
        const received answer = ann.expect(command::receipt);
        CHECK(answer["status"] == "refused");
        CHECK(answer["code"] == "forbidden");
        CHECK(answer["reason"] == "no");
    }
}

TEST_CASE("neither what goes to the application nor what it and the service publish is shown to the interceptor") {
    scripted_interceptor asked;
    running_node node(with(asked));
    node.app.send_script = [](const stompchat::app_request&, stompchat::app_reply&& reply) {
        reply.publish("/topic/room", {}, "from the application");
        reply.done();
        return true;
    };
    stomp_client ann(node.ws);
    ann.connect();
    ann.subscribe_and_wait("1", "/topic/room");
    ann.send("/app/x", "request");
    ann.expect_message("from the application");
    CHECK(!std::get<0>(wait_for(node.node->async_publish(stompchat::service_message("/topic/room", "from the service"), in_future))));
    ann.expect_message("from the service");
    CHECK(asked.asked().empty());
}

TEST_CASE("a message that waits holds back those behind it to its destination, and no others") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client ann(node.ws);
    stomp_client bob(node.ws);
    for (stomp_client* const one : {&ann, &bob}) {
        one->connect();
        one->subscribe_and_wait("a", "/topic/a");
        one->subscribe_and_wait("b", "/topic/b");
        one->subscribe_and_wait("u", "/user/queue/x");
    }
    const auto everyone = [&](std::string_view body) {
        ann.expect_message(body);
        bob.expect_message(body);
    };
    ann.send("/topic/a", "later 1");
    ann.send("/topic/a", "2");
    ann.send("/topic/a", "later 3");
    ann.send("/topic/b", "elsewhere");
    everyone("elsewhere");
    bob.send("/topic/a", "somebody else");
    everyone("somebody else");
    asked.decide("later 3", send_verdict::rewrite("3"));
    ann.expect_nothing();
    asked.decide("later 1", send_verdict::pass());
    for (const char* body : {"later 1", "2", "3"}) everyone(body);
    CHECK(asked.asked() == std::vector<std::string>{"later 1", "2", "later 3", "elsewhere", "somebody else"});
}

TEST_CASE("two spellings of a user are one destination to the interceptor's order too") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client odd(node.ws);
    odd.connect({{"login", "a/b"}});
    odd.subscribe_and_wait("1", "/user/queue/x");
    odd.send("/user/a%2Fb/queue/x", "later");
    odd.send("/user/a%2fb/queue/x", "behind");
    odd.expect_nothing();
    asked.decide("later", send_verdict::pass());
    odd.expect_message("later");
    odd.expect_message("behind");
}

TEST_CASE("a refused message is answered when its verdict comes, and what was sent behind it goes with the session") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    bob.subscribe_and_wait("1", "/topic/a");
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.send("/topic/a", "later 1");
    ann.send("/topic/a", "later 2", {{"receipt", "r"}});
    ann.send("/topic/a", "3");
    ann.expect_nothing();
    asked.decide("later 2", send_verdict::reject("not that"));
    CHECK(ann.expect_error("not that")["receipt-id"] == "r");
    ann.expect_close(1008);
    bob.expect_nothing();
    asked.decide("later 1", send_verdict::pass());
    bob.expect_message("later 1");
    bob.expect_nothing();
}

TEST_CASE("a message that nobody decides about any more is refused") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client ann(node.ws);
    ann.connect();
    ann.send("/topic/a", "later");
    REQUIRE(eventually([&] { return asked.waiting() == 1; }));
    { const stompchat::pending_send dropped = asked.take("later"); }
    ann.expect_error("no answer");
    ann.expect_close(1008);
}

TEST_CASE("a verdict that would send what no client could send is a refusal") {
    scripted_interceptor asked;
    setup how = with(asked);
    how.options.session.limits.body = 100;
    running_node node(how);
    asked.script = [](intercepted_send& one) {
        const header_field bad[] = {{"", "no name"}};
        if (one.body == "header") return send_verdict::rewrite(bad, "x");
        return send_verdict::rewrite(std::string(101, 'x'));
    };
    for (const char* body : {"header", "body"}) {
        stomp_client ann(node.ws);
        ann.connect();
        ann.send("/topic/a", body);
        ann.expect_error("cannot be sent");
        ann.expect_close(1008);
    }
}

TEST_CASE("what waits is bounded like everything in flight: the sender is not read on") {
    scripted_interceptor asked;
    setup how = with(asked);
    how.options.max_in_flight = 4;
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect();
    ann.subscribe_and_wait("1", "/topic/a");
    for (int i = 0; i != 20; ++i) ann.send("/topic/a", "later " + std::to_string(i));
    REQUIRE(ann.wait_until([&] { return asked.waiting() == 4; }));
    node.on_first_shard([] {});
    CHECK(asked.waiting() == 4);
    for (int i = 0; i != 20; ++i) {
        REQUIRE(ann.wait_until([&] { return asked.waiting() > 0; }));
        asked.decide("later " + std::to_string(i), send_verdict::pass());
        ann.expect_message("later " + std::to_string(i));
    }
}

TEST_CASE("the RECEIPT of DISCONNECT waits for verdicts, and so does a stop of the node") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client bob(node.ws);
    bob.connect();
    bob.subscribe_and_wait("1", "/topic/a");
    stomp_client ann(node.ws);
    ann.connect();
    ann.send("/topic/a", "later 1", {{"receipt", "sent"}});
    ann.disconnect("bye");
    REQUIRE(ann.wait_until([&] { return asked.waiting() == 1; }));
    CHECK(ann.arrived().empty());
    asked.decide("later 1", send_verdict::pass());
    ann.expect_receipt("sent");
    ann.expect_receipt("bye");
    bob.expect_message("later 1");

    bob.send("/topic/a", "later 2", {{"receipt", "sent"}});
    REQUIRE(bob.wait_until([&] { return asked.waiting() == 1; }));
    node.begin_stop(std::chrono::seconds(10));
    asked.decide("later 2", send_verdict::pass());
    bob.take_receipt("sent");
    bob.expect_close(1012);
    node.wait_for_stop();
}

TEST_CASE("a stop does not wait for a verdict longer than its patience, and one that comes later does nothing") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client ann(node.ws);
    ann.connect();
    ann.send("/topic/a", "later");
    REQUIRE(ann.wait_until([&] { return asked.waiting() == 1; }));
    node.stop(std::chrono::milliseconds(50));
    node.destroy_node();
    asked.decide("later", send_verdict::pass());
    node.on_first_shard([] {});
}

TEST_CASE("what waits when its session vanishes is published when it passes, unless its client will send it again") {
    scripted_interceptor asked;
    running_node node(with(asked));
    stomp_client bob(node.ws);
    bob.connect();
    bob.subscribe_and_wait("1", "/topic/a");
    {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        ann.send("/topic/a", "later 1", {{"x", "y"}});
        ann.send("/topic/a", "2");
        ann.send("/topic/a", "later 3", {{"idempotency-key", "k"}});
        ann.send("/topic/a", "later 4");
        ann.expect_nothing();
        ann.vanish();
    }
    REQUIRE(eventually([&] { return node.watcher.gone().size() == 1; }));
    asked.decide("later 4", send_verdict::rewrite("4"));
    asked.decide("later 3", send_verdict::pass());
    bob.expect_nothing();
    asked.decide("later 1", send_verdict::pass());
    const received first = bob.expect_message("later 1");
    CHECK(first["user"] == "ann");
    CHECK(first["x"] == "y");
    bob.expect_message("2");
    bob.expect_message("4");
    bob.expect_nothing();
}

TEST_CASE("verdicts from several threads, in any order, keep each sender's order in each destination") {
    scripted_interceptor asked;
    setup how = with(asked);
    how.shards = 4;
    running_node node(how);
    std::atomic<bool> over{false};
    std::vector<std::thread> moderators;
    constexpr int senders = 6;
    constexpr int each = 60;
    for (int t = 0; t != 3; ++t) {
        moderators.emplace_back([&, t] {
            for (unsigned turn = static_cast<unsigned>(t); !over; turn = turn * 1103515245u + 12345u) {
                const std::string body = "later " + std::to_string((turn >> 16) % each);
                asked.decide(body, send_verdict::pass());
                std::this_thread::yield();
            }
        });
    }
    stomp_client reader(node.ws);
    reader.connect();
    reader.subscribe_and_wait("a", "/topic/a");
    reader.subscribe_and_wait("b", "/topic/b");
    std::vector<std::unique_ptr<stomp_client>> clients;
    for (int s = 0; s != senders; ++s) {
        clients.push_back(std::make_unique<stomp_client>(node.ws));
        clients.back()->connect({{"login", std::to_string(s)}});
        for (int i = 0; i != each; ++i)
            clients.back()->send(i % 3 == 0 ? "/topic/b" : "/topic/a", (i % 4 == 0 ? "now " : "later ") + std::to_string(i));
        clients.back()->expect_nothing();
    }
    std::map<std::string, int> last;
    for (int i = 0; i != senders * each; ++i) {
        const received one = reader.expect(command::message);
        const int number = std::stoi(one.body.substr(one.body.find(' ')));
        const auto [at, is_new] = last.try_emplace(one["user"] + one["destination"], -1);
        CHECK(number > at->second);
        at->second = number;
    }
    over = true;
    for (std::thread& one : moderators) one.join();
}
