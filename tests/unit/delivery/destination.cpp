// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/destination.hpp>

#include <doctest/doctest.h>

#include <string>

using stompchat::delivery::destination_kind;
using stompchat::delivery::kind_of;
using stompchat::delivery::log_destination;

TEST_CASE("the prefix tells what a destination is") {
    CHECK(kind_of("/topic/lobby") == destination_kind::topic);
    CHECK(kind_of("/app/echo") == destination_kind::app);
    CHECK(kind_of("/session/queue/replies") == destination_kind::session_queue);
    CHECK(kind_of("/user/queue/inbox") == destination_kind::user_queue);
    CHECK(kind_of("/user/queue/queue/inbox") == destination_kind::user_queue);
    CHECK(kind_of("/user/ann/queue/inbox") == destination_kind::to_user);
}

TEST_CASE("a name is opaque: it may hold slashes, spaces, UTF-8 and other prefixes") {
    CHECK(kind_of("/topic/a/b/c") == destination_kind::topic);
    CHECK(kind_of("/topic//") == destination_kind::topic);
    CHECK(kind_of("/topic/ ") == destination_kind::topic);
    CHECK(kind_of("/topic/\xC3\xBC") == destination_kind::topic);
    CHECK(kind_of("/topic/app/x") == destination_kind::topic);
}

TEST_CASE("an empty name, another prefix or another case is unknown") {
    for (const char* text : {"",
                             "/",
                             "topic/x",
                             "/topic",
                             "/topic/",
                             "/app",
                             "/app/",
                             "/session/queue",
                             "/session/queue/",
                             "/session/x",
                             "/queue/x",
                             "/TOPIC/x",
                             "/Topic/x",
                             " /topic/x",
                             "/topicx/y",
                             "/user",
                             "/user/",
                             "/user/queue/",
                             "/user/ann",
                             "/user/ann/",
                             "/user/ann/queue",
                             "/user/ann/queue/",
                             "/user//queue/x",
                             "/user/ann/x/y"}) {
        CAPTURE(text);
        CHECK(kind_of(text) == destination_kind::unknown);
    }
}

TEST_CASE("what is sent to a user and what the user subscribes to is one destination in the log") {
    CHECK(log_destination("/user/queue/inbox", "ann") == "/user/ann/queue/inbox");
    CHECK(log_destination("/user/ann/queue/inbox", "bob") == "/user/ann/queue/inbox");
    CHECK(log_destination("/user/queue/a/b", "a/b%") == "/user/a%2Fb%25/queue/a/b");
    CHECK(log_destination("/user/a%2Fb%25/queue/a/b", "") == "/user/a%2Fb%25/queue/a/b");
    CHECK(log_destination("/topic/x", "ann") == "/topic/x");
}

TEST_CASE("a user has one spelling in the log, however the sender encodes it") {
    for (const char* spelling : {"/user/%61nn/queue/x", "/user/%61%6E%6e/queue/x", "/user/ann/queue/x"})
        CHECK(log_destination(spelling, "") == "/user/ann/queue/x");
    CHECK(log_destination("/user/%2f/queue/x", "") == "/user/%2F/queue/x");
}

TEST_CASE("a bad percent-encoding is refused") {
    for (const char* bad : {"/user/%/queue/x", "/user/%2/queue/x", "/user/a%zz/queue/x", "/user/a%2/queue/x", "/user/%-1/queue/x"})
        CHECK_FALSE(log_destination(bad, "").has_value());
}

TEST_CASE("the user counts decoded in the length of a destination") {
    const std::string fits(255 - std::string("/user//queue/x").size(), 'u');
    CHECK(log_destination("/user/" + fits + "/queue/x", "").has_value());
    CHECK_FALSE(log_destination("/user/" + fits + "u/queue/x", "").has_value());
    std::string encoded;
    for (const char c : fits) encoded += c == 'u' ? "%75" : "";
    CHECK(log_destination("/user/" + encoded + "/queue/x", "") == "/user/" + fits + "/queue/x");
    CHECK_FALSE(stompchat::delivery::too_long("/user/" + encoded + "/queue/x"));
    CHECK(stompchat::delivery::too_long("/topic/" + std::string(249, 'x')));
    CHECK_FALSE(stompchat::delivery::too_long("/topic/" + std::string(248, 'x')));
}

TEST_CASE("a subscriber sees the name that it subscribed to") {
    std::string storage;
    CHECK(stompchat::delivery::subscribed_destination("/topic/x", storage) == "/topic/x");
    CHECK(stompchat::delivery::subscribed_destination("/user/ann/queue/a/b", storage) == "/user/queue/a/b");
}
