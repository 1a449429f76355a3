// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

using namespace node_test;
using namespace stompchat;

namespace {

const headers softly{{"login", "ann"}, {"soft-errors", "true"}};

void expect_refusal(stomp_client& client, std::string_view receipt, std::string_view code) {
    const received answer = client.take_receipt(receipt);
    CHECK(answer["status"] == "refused");
    CHECK(answer["code"] == code);
    CHECK(answer["reason"].size() > 10);
}

} // namespace

TEST_CASE("who asked for soft errors is told so, who did not is not") {
    running_node node;
    stomp_client ann(node.ws);
    CHECK(ann.connect(softly)["soft-errors"] == "true");
    stomp_client bob(node.ws);
    CHECK(bob.connect({{"soft-errors", "yes"}})["soft-errors"] == "(absent)");
}

TEST_CASE("a refused SEND or SUBSCRIBE is answered by its RECEIPT, and the session goes on") {
    running_node node;
    node.authorization.script = [](const identity&, action, std::string_view destination) { return destination != "/topic/secret"; };
    stomp_client ann(node.ws);
    ann.connect(softly);
    int n = 0;
    const auto refused = [&](std::string_view destination, std::string_view code, headers more = {}) {
        CAPTURE(destination);
        const std::string receipt = "r" + std::to_string(++n);
        more.emplace_back("receipt", receipt);
        ann.subscribe("id", destination, more);
        expect_refusal(ann, receipt, code);
    };
    refused("/queue/x", "unknown-destination");
    refused("/topic/", "unknown-destination");
    refused("/app/nothing", "unknown-destination");
    refused("/topic/secret", "forbidden");
    refused("/topic/x", "bad-header", {{"history", "many"}});
    refused("/topic/x", "bad-header", {{"ack", "client"}, {"prefetch-count", "0"}});
    refused("/topic/" + std::string(300, 'x'), "limit");
    for (const auto& [destination, code] : {std::pair{"/queue/x", "unknown-destination"},
                                            {"/topic/secret", "forbidden"},
                                            {"/app/nothing", "unknown-destination"},
                                            {"/user/%/queue/x", "bad-header"}}) {
        const std::string receipt = "r" + std::to_string(++n);
        ann.send(destination, "x", {{"receipt", receipt}});
        expect_refusal(ann, receipt, code);
    }
    // Nothing is left of them: the id is free, and works.
    ann.subscribe_and_wait("id", "/topic/x");
    ann.send_and_wait("/topic/x", "still here");
    ann.expect_message("still here");
}

TEST_CASE("without a receipt a refusal is a message to who listens for errors, else an ERROR") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(softly);
    ann.subscribe_and_wait("errors", "/session/queue/errors");
    ann.send("/nowhere", "x");
    const received told = ann.expect(command::message);
    CHECK(told["for"] == "SEND");
    CHECK(told["refused-destination"] == "/nowhere");
    CHECK(told["code"] == "unknown-destination");
    CHECK(told["status"] == "refused");
    ann.subscribe("1", "/nowhere");
    CHECK(ann.expect(command::message)["for"] == "SUBSCRIBE");
    ann.unsubscribe("errors");
    ann.send("/nowhere", "x");
    ann.expect_error("unknown destination");
    ann.expect_close(1008);
}

TEST_CASE("what an application refuses is refused softly too") {
    running_node node;
    node.app.send_script = [](const app_request&, app_reply&& reply) {
        reply.reject("not on Sundays");
        return true;
    };
    node.app.subscribe_script = node.app.send_script;
    stomp_client ann(node.ws);
    ann.connect(softly);
    ann.send("/app/x", "", {{"receipt", "a"}});
    const received answer = ann.take_receipt("a");
    CHECK(answer["code"] == "forbidden");
    CHECK(answer["reason"] == "not on Sundays");
    ann.subscribe("1", "/app/x", {{"receipt", "b"}});
    expect_refusal(ann, "b", "forbidden");
    ann.subscribe_and_wait("1", "/topic/x");
}

TEST_CASE("a refused SEND spoils its transaction: COMMIT is an ERROR and nothing is published") {
    running_node node;
    stomp_client bob(node.ws);
    bob.connect({{"login", "bob"}});
    bob.subscribe_and_wait("1", "/topic/x");
    stomp_client ann(node.ws);
    ann.connect(softly);
    ann.send_frame(command::begin, {{"transaction", "t"}});
    ann.send("/topic/x", "one", {{"transaction", "t"}});
    ann.send("/nowhere", "two", {{"transaction", "t"}});
    ann.send_frame(command::commit, {{"transaction", "t"}, {"receipt", "c"}});
    CHECK(ann.expect_error("unknown destination")["receipt-id"] == "c");
    ann.expect_close(1008);
    bob.expect_nothing();
}

TEST_CASE("malformed STOMP stays an ERROR, whatever was asked for") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect(softly);
    ann.send_frame(command::subscribe, {{"destination", "/topic/x"}});
    ann.expect_error("id");
    ann.expect_close(1002);
}

TEST_CASE("a node without an application refuses softly as often as it is asked, and DISCONNECT is answered all the same") {
    setup how;
    how.with_app = false;
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect(softly);
    for (int i = 0; i != 600; ++i) {
        const std::string receipt = "r" + std::to_string(i);
        if (i % 2 == 0)
            ann.send("/app/x", "", {{"receipt", receipt}});
        else
            ann.subscribe("1", "/app/x", {{"receipt", receipt}});
        expect_refusal(ann, receipt, "unknown-destination");
    }
    ann.disconnect("bye");
    ann.take_receipt("bye");
}
