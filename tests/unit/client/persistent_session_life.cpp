// Boost Software License 1.0, see LICENSE

#include "persistent_talk.hpp"

#include <boost/system/errc.hpp>

using namespace client_test;
using state = persistent_session::state;
using namespace std::chrono_literals;

TEST_CASE("an ERROR that says that it may work later ends nothing") {
    for (const error why : {error::outcome_unknown, error::broker_unavailable, error::stopped}) {
        talk one;
        one.connect();
        one.session.send({"/topic/a", "1"}, one.now);
        one.hear(command::error, {{"message", error_code(why).message()}, {"receipt-id", one.wrote(command::send)["receipt"]}});
        one.expect_nothing();
        one.lose(error::connection_lost, 7s);
        const client::action lost = one.expect(action_kind::lost);
        CHECK(lost.ec == why);
        CHECK(lost.delay >= 7s);
        one.tick();
        one.connect();
        CHECK(one.wrote(command::send).body == "1");
    }
}

TEST_CASE("a server that does not close behind its ERROR is closed") {
    talk one;
    one.connect();
    one.hear(command::error, {{"message", "Broker: out of beer"}}, "sorry");
    one.expect_nothing();
    one.tick();
    one.expect(action_kind::close);
    const client::action lost = one.expect(action_kind::lost);
    CHECK(lost.ec == error::server_error);
    CHECK(lost.text == "Broker: out of beer: sorry");
}

TEST_CASE("what the server refuses for good is tried with each server, then given up") {
    talk one(plain({"stomp://a", "stomp://b"}));
    for (const std::size_t url : {0u, 1u}) {
        CHECK(one.expect(action_kind::open).url == url);
        one.session.opened(one.now);
        one.hear(command::error, {{"message", "authentication failed"}});
        one.expect_nothing();
        one.lose();
        if (url == 1) break;
        CHECK(one.expect(action_kind::lost).ec == error::not_authenticated);
        one.tick();
    }
    const client::action stopped = one.expect(action_kind::stopped);
    CHECK(stopped.ec == error::not_authenticated);
    CHECK(stopped.text == "authentication failed");
    CHECK(one.session.current_state() == state::stopped);
    CHECK(one.session.send({"/topic/a", ""}, one.now).error() == error::stopped);
    CHECK(one.session.deadline() == persistent_session::time_point::max());
}

TEST_CASE("an untrusted certificate and unknown words in answer to CONNECT are refusals, a server that is away is none") {
    {
        talk one;
        one.expect(action_kind::open);
        one.lose(error::tls_untrusted_certificate);
        one.expect(action_kind::stopped);
    }
    {
        talk one;
        one.expect(action_kind::open);
        one.session.opened(one.now);
        one.hear(command::error, {{"message", "Bad CONNECT"}});
        one.expect_nothing();
        one.lose();
        CHECK(one.expect(action_kind::stopped).ec == error::server_error);
    }
    talk one;
    for (int i = 0; i != 50; ++i) {
        one.expect(action_kind::open);
        one.lose(make_error_code(boost::system::errc::connection_refused));
        one.expect(action_kind::lost);
        one.tick();
    }
}

TEST_CASE("after as many failures in a row as the options allow it is given up, and what waits is told") {
    client::persistent_options options = plain();
    options.attempts = 3;
    talk one(options);
    one.session.send({"/topic/a", ""}, one.now);
    one.session.subscribe("/topic/a", {});
    for (int i = 0; i != 2; ++i) {
        one.expect(action_kind::open);
        one.lose();
        one.expect(action_kind::lost);
        one.tick();
    }
    one.expect(action_kind::open);
    one.lose();
    CHECK(one.expect(action_kind::sent).ec == error::connection_lost);
    CHECK(one.expect(action_kind::subscribed).ec == error::connection_lost);
    CHECK(one.expect(action_kind::stopped).ec == error::connection_lost);
    one.expect_nothing();
}

TEST_CASE("without reconnect each server is tried once, and a loss is the end") {
    client::persistent_options options = plain({"stomp://a", "stomp://b"});
    options.reconnect = false;
    talk one(options);
    one.expect(action_kind::open);
    one.lose();
    one.expect(action_kind::lost);
    one.tick();
    one.connect(1);
    const auto id = *one.session.subscribe("/topic/a", {});
    one.answer(one.wrote(command::subscribe)["receipt"]);
    one.expect(action_kind::subscribed);
    one.session.send({"/topic/a", ""}, one.now);
    one.lose();
    CHECK(one.expect(action_kind::sent).ec == error::outcome_unknown);
    const client::action ended = one.expect(action_kind::ended);
    CHECK(ended.tag == id);
    one.expect(action_kind::stopped);
}

TEST_CASE("a server that does not answer in time is left, while connecting and by heart-beats later") {
    client::persistent_options options = plain();
    options.session.heart_beat_receive = 1000ms;
    options.session.heart_beat_tolerance = 2;
    talk one(options);
    for (const bool opened : {false, true}) {
        one.expect(action_kind::open);
        const auto begin = one.now;
        if (opened) one.session.opened(one.now);
        one.tick();
        CHECK(one.now == begin + options.connect_timeout);
        one.expect(action_kind::close);
        CHECK(one.expect(action_kind::lost).ec == make_error_code(boost::system::errc::timed_out));
        one.tick();
    }
    one.expect(action_kind::open);
    one.session.opened(one.now);
    one.hear(command::connected, {{"version", "1.2"}, {"heart-beat", "1000,0"}});
    one.expect(action_kind::connected);
    const auto begin = one.now;
    one.tick();
    CHECK(one.now == begin + 2s);
    one.expect(action_kind::close);
    CHECK(one.expect(action_kind::lost).ec == error::heart_beat_timeout);
}

TEST_CASE("a server that breaks the protocol is left, and tried again") {
    talk one;
    one.connect();
    one.heard.push_back("NONSENSE\n\n");
    one.heard.back().push_back('\0');
    one.session.feed(one.heard.back(), one.now);
    one.expect(action_kind::close);
    CHECK(one.expect(action_kind::lost).ec == error::bad_command);
    one.tick();
    one.connect();
}

TEST_CASE("failures in a row are forgotten only when a connection has held for a while") {
    talk one;
    std::vector<std::chrono::milliseconds> delays;
    for (int i = 0; i != 3; ++i) {
        one.connect();
        one.lose();
        delays.push_back(one.expect(action_kind::lost).delay);
        one.tick();
    }
    CHECK(delays == std::vector<std::chrono::milliseconds>{500ms, 1000ms, 2000ms});
    one.connect();
    one.tick(); // stable
    one.expect_nothing();
    one.lose();
    CHECK(one.expect(action_kind::lost).delay == 500ms);
}

TEST_CASE("DISCONNECT is written behind all SENDs, and its RECEIPT is the end") {
    talk one;
    one.connect();
    one.session.send({"/topic/a", "1"}, one.now);
    one.session.disconnect(one.now);
    CHECK(one.session.send({"/topic/a", "2"}, one.now).error() == error::stopped);
    const auto frames = one.written();
    REQUIRE(frames.size() == 2);
    CHECK(frames[1].cmd == command::disconnect);
    one.answer(frames[0]["receipt"]);
    one.answer(frames[1]["receipt"]);
    CHECK_FALSE(one.expect(action_kind::sent).ec);
    one.expect(action_kind::close);
    CHECK_FALSE(one.expect(action_kind::stopped).ec);
    one.expect_nothing();
}

TEST_CASE("who leaves does not wait for a server for ever, nor for one that is not there") {
    {
        talk one;
        one.connect();
        one.session.send({"/topic/a", "1"}, one.now);
        one.session.disconnect(one.now);
        one.tick();
        one.expect(action_kind::close);
        CHECK(one.expect(action_kind::sent).ec == error::outcome_unknown);
        CHECK(one.expect(action_kind::stopped).ec == make_error_code(boost::system::errc::timed_out));
    }
    {
        talk one;
        one.connect();
        one.session.disconnect(one.now);
        one.lose();
        CHECK(one.expect(action_kind::stopped).ec == error::connection_lost);
    }
    talk one;
    one.expect(action_kind::open);
    one.session.send({"/topic/a", "1"}, one.now);
    one.session.disconnect(one.now);
    one.expect(action_kind::close);
    CHECK(one.expect(action_kind::sent).ec == error::stopped);
    CHECK_FALSE(one.expect(action_kind::stopped).ec);
}

TEST_CASE("the application may end the session while it handles a message") {
    talk one;
    const auto id = *one.session.subscribe("/topic/a", {});
    one.connect();
    one.answer(one.wrote(command::subscribe)["receipt"]);
    one.expect(action_kind::subscribed);
    one.hear(command::message, {{"subscription", std::to_string(id)}, {"message-id", "m1"}}, "still there");
    const client::action got = one.expect(action_kind::message);
    one.session.stop({});
    CHECK(got.message.body == "still there");
    one.expect(action_kind::close);
    one.expect(action_kind::ended);
    one.expect(action_kind::stopped);
    one.expect_nothing();
}
