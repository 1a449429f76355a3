// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;

TEST_CASE("what is sent to a user reaches every session of the user, and nobody else") {
    on_shards([](running_node& node) {
        stomp_client phone(node.ws);
        stomp_client laptop(node.tcp, over_tcp());
        stomp_client other(node.ws);
        phone.connect({{"login", "ann"}});
        laptop.connect({{"login", "ann"}});
        other.connect({{"login", "bob"}});
        for (stomp_client* const one : {&phone, &laptop, &other}) one->subscribe_and_wait("inbox", "/user/queue/inbox");
        const received receipt = other.send_and_wait("/user/ann/queue/inbox", "psst");
        for (stomp_client* const one : {&phone, &laptop}) {
            const received message = one->expect_message("psst");
            CHECK(message["destination"] == "/user/queue/inbox");
            CHECK(message["user"] == "bob");
            CHECK(message["message-id"] == receipt["message-id"]);
        }
        other.expect_nothing();
    });
}

TEST_CASE("a user who was away gets what was sent meanwhile by resuming") {
    running_node node;
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    std::string token;
    {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        ann.subscribe("1", "/user/queue/inbox", {{"receipt", "r"}});
        token = ann.take_receipt("r")["position"];
        ann.vanish();
    }
    bob.send_and_wait("/user/ann/queue/inbox", "one");
    bob.send_and_wait("/user/ann/queue/elsewhere", "not here");
    bob.send_and_wait("/user/ann/queue/inbox", "two");
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe("1", "/user/queue/inbox", {{"resume-after", token}, {"receipt", "r"}});
    CHECK(ann.take_receipt("r")["recovered"] == "true");
    ann.expect_message("one");
    ann.expect_message("two");
    ann.expect_nothing();
    // The token of ann's queue is none of bob's.
    bob.subscribe("1", "/user/queue/inbox", {{"resume-after", token}, {"receipt", "r"}});
    CHECK(bob.take_receipt("r")["recovered"] == "false");
}

TEST_CASE("a name with slashes and percent signs is reached percent-encoded") {
    running_node node;
    stomp_client odd(node.ws);
    odd.connect({{"login", "a/b%c"}});
    odd.subscribe_and_wait("1", "/user/queue/x/y");
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    bob.send_and_wait("/user/a%2Fb%25c/queue/x/y", "first");
    bob.send_and_wait("/user/%61%2fb%25%63/queue/x/y", "second");
    odd.expect_message("first");
    odd.expect_message("second");
    bob.send("/user/a%2/queue/x", "bad", {{"receipt", "r"}});
    CHECK(bob.expect_error("percent-encoded")["receipt-id"] == "r");
    bob.expect_close(1002);
}

TEST_CASE("user destinations have one direction each") {
    running_node node;
    {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        ann.send("/user/queue/inbox", "x");
        ann.expect_error("unknown destination");
        ann.expect_close(1008);
    }
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    bob.subscribe("1", "/user/ann/queue/inbox");
    bob.expect_error("unknown destination");
    bob.expect_close(1008);
}

TEST_CASE("the application reaches a user too") {
    running_node node;
    node.app.send_script = [](const stompchat::app_request&, stompchat::app_reply&& reply) {
        reply.publish("/user/ann/queue/inbox", {}, "from the application");
        reply.done();
        return true;
    };
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}});
    ann.subscribe_and_wait("1", "/user/queue/inbox");
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    bob.send("/app/anything", "x", {{"receipt", "r"}});
    bob.expect_receipt("r");
    ann.expect_message("from the application");
}
