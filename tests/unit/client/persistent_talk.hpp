// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_CLIENT_PERSISTENT_TALK_HPP
#define STOMPCHAT_TESTS_UNIT_CLIENT_PERSISTENT_TALK_HPP

#include "frames.hpp"

#include <stompchat/client/persistent_session.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace client_test {

using client::action_kind;
using client::persistent_session;
using stomp::command;
using stompchat::error;
using stompchat::error_code;

inline client::persistent_options plain(std::vector<std::string> urls = {"stomp://a"}) {
    client::persistent_options options(std::move(urls));
    options.login = "ann";
    options.session.heart_beat_send = options.session.heart_beat_receive = std::chrono::milliseconds(0);
    options.backoff.jitter = 0;
    return options;
}

/// A session whose servers are the test, with a clock that the test moves.
struct talk {
    explicit talk(client::persistent_options given = plain())
        : options(std::move(given)), session(options, std::vector<std::string>(options.urls.size(), "host"), 1, "key-") {
        session.start(now);
    }

    /// The next action. Its message is a view.
    client::action next() { return session.next(now); }
    client::action expect(action_kind kind) {
        client::action got = next();
        REQUIRE_MESSAGE(got.kind == kind, "expected action " << static_cast<int>(kind) << ", got " << static_cast<int>(got.kind) << ' '
                                                             << got.ec.message() << ' ' << got.text);
        return got;
    }
    void expect_nothing() { expect(action_kind::nothing); }

    void hear(command cmd, const client::header_list& fields, std::string_view body = {}) {
        heard.push_back(server_frame(cmd, fields, body));
        session.feed(heard.back(), now);
    }
    void answer(const std::string& receipt, client::header_list more = {}) {
        more.emplace_back("receipt-id", receipt);
        hear(command::receipt, more);
    }
    std::vector<written_frame> written() {
        auto frames = client_frames(session.output());
        session.took_output(now);
        return frames;
    }
    written_frame wrote(command cmd) {
        const auto frames = written();
        REQUIRE(frames.size() == 1);
        REQUIRE(frames[0].cmd == cmd);
        return frames[0];
    }
    /// From `open` to `connected`; what was written behind CONNECTED stays.
    void connect(std::size_t url = 0) {
        CHECK(expect(action_kind::open).url == url);
        session.opened(now);
        wrote(command::connect);
        hear(command::connected, {{"version", "1.2"}, {"user-name", "ann"}});
        CHECK(expect(action_kind::connected).server.user == "ann");
    }
    void lose(error_code ec = error::connection_lost, std::chrono::seconds retry_after = {}) {
        session.closed({ec, "gone", retry_after}, now);
    }
    void tick() {
        REQUIRE(session.deadline() != persistent_session::time_point::max());
        now = std::max(now, session.deadline());
        session.on_time(now);
    }

    client::persistent_options options;
    persistent_session::time_point now{std::chrono::seconds(1000)};
    persistent_session session;
    std::deque<std::string> heard;
};

} // namespace client_test

#endif
