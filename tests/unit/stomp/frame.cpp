// Boost Software License 1.0, see LICENSE

#include <stompchat/stomp/frame.hpp>

#include <doctest/doctest.h>

using namespace stompchat::stomp;

TEST_CASE("every command is read from the side that writes it, and only from that") {
    for (int i = 0; i <= static_cast<int>(command::error); ++i) {
        const auto c = static_cast<command>(i);
        const bool of_client = c <= command::disconnect;
        CHECK(command_from(to_string(c), peer::client) == (of_client ? std::optional(c) : std::nullopt));
        CHECK(command_from(to_string(c), peer::server) == (of_client ? std::nullopt : std::optional(c)));
    }
}

TEST_CASE("commands are case sensitive and whole") {
    for (const char* text :
         {"", "send", "Send", "SEN", "SENDS", "SENT", "ACKS", "ABACK", "COMMIS", "CONNECTED", "UNSUBSCRIBER", "BLABB", "STAMP"}) {
        CHECK(command_from(text, peer::client) == std::nullopt);
    }
}

TEST_CASE("the first of several equal headers counts") {
    const header headers[] = {{"foo", "World"}, {"bar", ""}, {"foo", "Hello"}};
    frame_view frame;
    frame.headers = headers;
    CHECK(frame.find("foo") == "World");
    CHECK(frame.find("bar") == "");
    CHECK(frame.find("baz") == std::nullopt);
    CHECK(frame.value_of("baz").empty());
}
