// Boost Software License 1.0, see LICENSE

#include "persistent_talk.hpp"

#include <map>

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("CONNECT carries the login, soft-errors and the application's headers, renewed each time") {
    client::persistent_options options = plain();
    options.passcode = "word";
    options.connect_headers = {{"x", "1"}};
    int token = 0;
    options.before_connect = [&](client::header_list& fields) { fields.emplace_back("authorization", std::to_string(++token)); };
    talk one(options);
    for (const char* const wanted : {"1", "2"}) {
        one.expect(action_kind::open);
        one.session.opened(one.now);
        const written_frame connect = one.wrote(command::connect);
        CHECK(connect["host"] == "host");
        CHECK(connect["login"] == "ann");
        CHECK(connect["passcode"] == "word");
        CHECK(connect["soft-errors"] == "true");
        CHECK(connect["x"] == "1");
        CHECK(connect["authorization"] == wanted);
        one.lose();
        one.expect(action_kind::lost);
        one.tick();
    }
}

TEST_CASE("SENDs and SUBSCRIBEs that wait for the connection go out in order behind CONNECTED, subscriptions first") {
    talk one;
    REQUIRE(one.session.send({"/topic/a", "1"}, one.now));
    REQUIRE(one.session.subscribe("/topic/a", {}));
    REQUIRE(one.session.send({"/topic/a", "2"}, one.now));
    one.connect();
    const auto frames = one.written();
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].cmd == command::subscribe);
    CHECK(frames[1].body == "1");
    CHECK(frames[2].body == "2");
    CHECK(frames[1]["idempotency-key"] != frames[2]["idempotency-key"]);
}

TEST_CASE("SENDs without an answer are repeated in order under their keys, those with one are not") {
    talk one;
    one.connect();
    std::map<std::string, std::string> keys;
    for (const char* const body : {"1", "2", "3"}) {
        one.session.send({"/topic/a", body}, one.now);
        const written_frame send = one.wrote(command::send);
        keys[body] = send["idempotency-key"];
        if (send.body == "2") one.answer(send["receipt"], {{"message-id", "m2"}});
    }
    const client::action sent = one.expect(action_kind::sent);
    CHECK(sent.message_id == "m2");
    CHECK_FALSE(sent.ec);
    one.lose();
    one.expect(action_kind::lost);
    one.session.send({"/topic/a", "4"}, one.now);
    one.tick();
    one.connect();
    const auto again = one.written();
    REQUIRE(again.size() == 3);
    CHECK(again[0].body == "1");
    CHECK(again[0]["idempotency-key"] == keys["1"]);
    CHECK(again[1].body == "3");
    CHECK(again[1]["idempotency-key"] == keys["3"]);
    CHECK(again[2].body == "4");
}

TEST_CASE("a SEND is not repeated when the server may have forgotten its key") {
    client::persistent_options options = plain();
    options.resend_within = 60s;
    talk one(options);
    one.connect();
    const auto old = *one.session.send({"/topic/a", "old"}, one.now);
    one.now += 30s;
    one.session.send({"/topic/a", "young"}, one.now);
    one.written();
    one.lose();
    one.expect(action_kind::lost);
    one.now += 30s;
    one.session.send({"/topic/a", "new"}, one.now);
    one.tick();
    one.connect();
    const auto frames = one.written();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].body == "young");
    CHECK(frames[1].body == "new");
    const client::action lost = one.expect(action_kind::sent);
    CHECK(lost.tag == old);
    CHECK(lost.ec == error::outcome_unknown);
}

TEST_CASE("with a server that knows no keys nothing is repeated") {
    client::persistent_options options = plain();
    options.resend_within = 0s;
    talk one(options);
    one.connect();
    one.session.send({"/topic/a", "1"}, one.now);
    one.lose();
    one.expect(action_kind::lost);
    CHECK(one.expect(action_kind::sent).ec == error::outcome_unknown);
    one.session.send({"/topic/a", "2"}, one.now);
    one.tick();
    one.connect();
    CHECK(one.wrote(command::send).body == "2");
}

TEST_CASE("a SEND that was not written can be withdrawn, another one cannot") {
    talk one;
    const auto early = *one.session.send({"/topic/a", "1"}, one.now);
    CHECK(one.session.withdraw(early));
    CHECK_FALSE(one.session.withdraw(early));
    one.connect();
    CHECK(one.written().empty());
    const auto late = *one.session.send({"/topic/a", "2"}, one.now);
    CHECK_FALSE(one.session.withdraw(late));
    CHECK(one.session.outbox_messages() == 1);
}

TEST_CASE("a soft refusal ends what it refuses, and nothing else") {
    talk one;
    one.connect();
    const std::pair<const char*, error> codes[] = {{"unknown-destination", error::unknown_destination},
                                                   {"forbidden", error::not_authorized},
                                                   {"bad-header", error::bad_header_value},
                                                   {"limit", error::refused_by_limit},
                                                   {"unavailable", error::broker_unavailable},
                                                   {"taken-over", error::taken_over},
                                                   {"something-new", error::rejected}};
    for (const auto& [code, wanted] : codes) {
        const client::header_list refusal{{"status", "refused"}, {"code", code}, {"reason", "because"}};
        one.session.send({"/topic/a", ""}, one.now);
        one.answer(one.wrote(command::send)["receipt"], refusal);
        const client::action sent = one.expect(action_kind::sent);
        CHECK(sent.ec == wanted);
        CHECK(sent.text == "because");
        const auto id = *one.session.subscribe("/topic/a", {});
        one.answer(one.wrote(command::subscribe)["receipt"], refusal);
        const client::action subscribed = one.expect(action_kind::subscribed);
        CHECK(subscribed.ec == wanted);
        CHECK(one.session.unsubscribe(id) == error::unknown_subscription);
    }
    CHECK(one.session.online());
    CHECK(one.session.outbox_messages() == 0);
}

TEST_CASE("a subscription that is refused after a reconnect has ended") {
    talk one;
    const auto id = *one.session.subscribe("/topic/a", {});
    one.connect();
    one.answer(one.wrote(command::subscribe)["receipt"], {{"position", "p"}});
    CHECK_FALSE(one.expect(action_kind::subscribed).ec);
    one.lose();
    one.expect(action_kind::lost);
    one.tick();
    one.connect();
    const written_frame again = one.wrote(command::subscribe);
    CHECK(again["resume-after"] == "p");
    one.answer(again["receipt"], {{"status", "refused"}, {"code", "forbidden"}, {"reason", "not any more"}});
    const client::action ended = one.expect(action_kind::ended);
    CHECK(ended.tag == id);
    CHECK(ended.ec == error::not_authorized);
    CHECK(one.session.settle(id, "m", false) == error::unknown_subscription);
}

TEST_CASE("a SUBSCRIBE whose answer was lost is sent again, and answered once") {
    talk one;
    one.session.subscribe("/topic/a", {});
    one.connect();
    CHECK(one.wrote(command::subscribe)["resume-after"] == "(absent)");
    one.lose();
    one.expect(action_kind::lost);
    one.tick();
    one.connect();
    one.answer(one.wrote(command::subscribe)["receipt"], {{"position", "p"}});
    CHECK(one.expect(action_kind::subscribed).subscription.position == "p");
    one.expect_nothing();
}

TEST_CASE("an ERROR that names a frame ends what the frame was for, the rest is repeated") {
    talk one;
    one.connect();
    const auto bad = *one.session.send({"/topic/a", "bad"}, one.now);
    const std::string receipt = one.wrote(command::send)["receipt"];
    one.session.send({"/topic/a", "good"}, one.now);
    one.hear(command::error, {{"message", "not authorized"}, {"receipt-id", receipt}});
    const client::action sent = one.expect(action_kind::sent);
    CHECK(sent.tag == bad);
    CHECK(sent.ec == error::not_authorized);
    // The server closes behind it; its reason is the ERROR.
    one.lose();
    CHECK(one.expect(action_kind::lost).ec == error::not_authorized);
    one.tick();
    one.connect();
    CHECK(one.wrote(command::send).body == "good");
}

TEST_CASE("a message counts as processed when the application asks for the next action") {
    talk one;
    const auto id = *one.session.subscribe("/topic/a", {});
    one.connect();
    one.answer(one.wrote(command::subscribe)["receipt"], {{"position", "p"}});
    one.expect(action_kind::subscribed);
    const std::string number = std::to_string(id);
    one.hear(command::message, {{"subscription", number}, {"message-id", "m1"}, {"user", "bob"}, {"destination", "/topic/a"}, {"x", "y"}},
             "hi");
    const client::action got = one.expect(action_kind::message);
    CHECK(got.message.body == "hi");
    CHECK(got.message.user == "bob");
    CHECK(got.message.destination == "/topic/a");
    CHECK(got.message.find("x") == "y");
    CHECK(one.session.token(id) == "p");
    one.expect_nothing();
    CHECK(one.session.token(id) == "m1");
    one.hear(command::message, {{"subscription", number}, {"message-id", "s-1"}, {"gap", "true"}});
    CHECK(one.expect(action_kind::message).message.gap);
    one.expect_nothing();
    CHECK(one.session.token(id) == "m1");
}

TEST_CASE("nothing comes of a subscription that has been unsubscribed") {
    talk one;
    const auto id = *one.session.subscribe("/topic/a", {});
    const auto early = *one.session.subscribe("/topic/b", {});
    CHECK_FALSE(one.session.unsubscribe(early)); // nobody was asked yet
    CHECK(one.next().kind == action_kind::open);
    CHECK(one.expect(action_kind::subscribed).ec == error::stopped);
    one.expect(action_kind::unsubscribed);
    one.session.opened(one.now);
    one.wrote(command::connect);
    one.hear(command::connected, {{"version", "1.2"}});
    one.expect(action_kind::connected);
    one.answer(one.wrote(command::subscribe)["receipt"]);
    one.expect(action_kind::subscribed);
    CHECK_FALSE(one.session.unsubscribe(id));
    const std::string receipt = one.wrote(command::unsubscribe)["receipt"];
    one.hear(command::message, {{"subscription", std::to_string(id)}, {"message-id", "m1"}});
    one.expect_nothing();
    one.answer(receipt);
    CHECK(one.expect(action_kind::unsubscribed).tag == id);
    one.lose();
    one.expect(action_kind::lost);
    one.tick();
    one.connect();
    CHECK(one.written().empty());
}

TEST_CASE("a transaction lives in one connection") {
    talk one;
    CHECK(one.session.begin().error() == error::connection_lost);
    one.connect();
    const auto first = *one.session.begin();
    CHECK_FALSE(one.session.send_in(first, {"/topic/a", "x"}));
    CHECK_FALSE(one.session.commit(first));
    const auto frames = one.written();
    REQUIRE(frames.size() == 3);
    one.answer(frames[2]["receipt"]);
    CHECK_FALSE(one.expect(action_kind::committed).ec);
    CHECK(one.session.send_in(first, {"/topic/a", "x"}) == error::unknown_transaction);

    const auto open = *one.session.begin();
    const auto committing = *one.session.begin();
    CHECK_FALSE(one.session.commit(committing));
    one.lose();
    const client::action lost = one.expect(action_kind::committed);
    CHECK(lost.tag == committing);
    CHECK(lost.ec == error::outcome_unknown);
    one.expect(action_kind::lost);
    CHECK(one.session.commit(open) == error::unknown_transaction);
    one.tick();
    one.connect();
    CHECK(one.session.commit(open) == error::unknown_transaction);
    CHECK(one.session.abort(open) == error::unknown_transaction);
}

TEST_CASE("a durable subscription that another session takes over has ended, and is not asked for again") {
    for (const bool soft : {true, false}) {
        client::persistent_options options = plain();
        options.soft_errors = soft;
        talk one(options);
        client::subscribe_options how(stomp::ack_mode::client);
        how.durable = "mine";
        const auto id = *one.session.subscribe("/topic/a", how);
        const auto other = *one.session.subscribe("/topic/b", {});
        one.connect();
        const auto frames = one.written();
        REQUIRE(frames.size() == (soft ? 3u : 2u));
        if (soft) {
            CHECK(frames[0]["destination"] == "/session/queue/errors");
            one.answer(frames[0]["receipt"]);
        }
        for (const auto& frame : frames) {
            if (frame["destination"].starts_with("/topic/")) one.answer(frame["receipt"], {{"position", "p"}});
        }
        CHECK(one.expect(action_kind::subscribed).tag == id);
        CHECK(one.expect(action_kind::subscribed).tag == other);
        if (soft) {
            one.hear(command::message, {{"subscription", frames[0]["id"]},
                                        {"message-id", "s-1"},
                                        {"status", "refused"},
                                        {"code", "taken-over"},
                                        {"reason", "another one"},
                                        {"refused-subscription", std::to_string(id)}});
        } else {
            one.hear(command::error, {{"message", error_code(error::taken_over).message()}});
        }
        const client::action ended = one.expect(action_kind::ended);
        CHECK(ended.tag == id);
        CHECK(ended.ec == error::taken_over);
        one.lose();
        one.expect(action_kind::lost);
        one.tick();
        one.connect();
        CHECK(one.wrote(command::subscribe)["destination"] == "/topic/b");
    }
}
