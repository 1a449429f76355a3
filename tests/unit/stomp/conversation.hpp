// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_STOMP_CONVERSATION_HPP
#define STOMPCHAT_TESTS_UNIT_STOMP_CONVERSATION_HPP

#include "decoding.hpp"

#include <stompchat/stomp/server_session.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <list>
#include <string>

namespace stompchat_test {

/// A server_session and its client in one thread, with a clock that the test moves.
class conversation {
public:
    using session = stompchat::stomp::server_session;

    explicit conversation(const stompchat::stomp::session_options& given = {}) : options(given), server(options, now) {}

    /// The client writes; returns the first event. The octets die with the next call.
    stompchat::stomp::event write(std::string_view text) {
        written.emplace_back(octets(text));
        if (written.size() > 1) written.pop_front();
        server.feed(written.back(), scratch, now);
        return server.next();
    }

    /// CONNECT and CONNECTED; returns the latter.
    owned_frame connect(std::string_view accept_version, std::string_view more_headers = {}) {
        std::string text = "CONNECT\n";
        if (!accept_version.empty()) text += "accept-version:" + std::string(accept_version) + "\n";
        text += more_headers;
        text += "\n^@";
        const auto ev = write(text);
        REQUIRE(ev.kind == stompchat::stomp::event_kind::connect);
        return read(server.accept("s-1", "ann", {}, now));
    }

    /// A frame of the server as the client decodes it.
    owned_frame read(std::string_view text) const {
        using namespace stompchat::stomp;
        decoding how;
        how.writer = peer::server;
        how.version = server.version();
        if (text.starts_with("ERROR") && !was_connected) how.version.reset();
        const auto r = decode(text, how);
        REQUIRE_FALSE(r.error);
        REQUIRE(r.frames.size() == 1);
        return r.frames[0];
    }

    /// Writes a frame that must fail, with `receipt:r-1` where it says so; returns the ERROR.
    owned_frame fail(std::string_view text, stompchat::error code) {
        was_connected = server.connected();
        const auto ev = write(text);
        REQUIRE(ev.kind == stompchat::stomp::event_kind::failed);
        CHECK(ev.error == code);
        CHECK(server.closed());
        const auto frame = read(ev.octets);
        CHECK(frame.cmd == stompchat::stomp::command::error);
        CHECK(frame["message"] != "(absent)");
        if (text.find("receipt:r-1\n") != std::string_view::npos) CHECK(frame["receipt-id"] == "r-1");
        CHECK(server.next().kind == stompchat::stomp::event_kind::closed);
        return frame;
    }

    stompchat::stomp::session_options options;
    session::time_point now{std::chrono::hours(1)};
    stompchat::stomp::parse_scratch scratch;
    session server;
    std::list<std::string> written;
    bool was_connected = false;
};

} // namespace stompchat_test

#endif
