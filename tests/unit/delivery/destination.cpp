// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/destination.hpp>

#include <doctest/doctest.h>

using stompchat::delivery::destination_kind;
using stompchat::delivery::kind_of;

TEST_CASE("the prefix tells what a destination is") {
    CHECK(kind_of("/topic/lobby") == destination_kind::topic);
    CHECK(kind_of("/app/echo") == destination_kind::app);
    CHECK(kind_of("/session/queue/replies") == destination_kind::session_queue);
}

TEST_CASE("a name is opaque: it may hold slashes, spaces, UTF-8 and other prefixes") {
    CHECK(kind_of("/topic/a/b/c") == destination_kind::topic);
    CHECK(kind_of("/topic//") == destination_kind::topic);
    CHECK(kind_of("/topic/ ") == destination_kind::topic);
    CHECK(kind_of("/topic/\xC3\xBC") == destination_kind::topic);
    CHECK(kind_of("/topic/app/x") == destination_kind::topic);
}

TEST_CASE("an empty name, another prefix or another case is unknown") {
    for (const char* text : {"", "/", "topic/x", "/topic", "/topic/", "/app", "/app/", "/session/queue", "/session/queue/", "/session/x",
                             "/queue/x", "/TOPIC/x", "/Topic/x", " /topic/x", "/topicx/y", "/user/queue/x"}) {
        CAPTURE(text);
        CHECK(kind_of(text) == destination_kind::unknown);
    }
}
