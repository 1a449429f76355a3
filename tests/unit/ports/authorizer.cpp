// Boost Software License 1.0, see LICENSE

#include <stompchat/ports/authorizer.hpp>

#include <doctest/doctest.h>

using namespace stompchat;

TEST_CASE("a decision that nobody made denies") { CHECK(!decision().allow); }

TEST_CASE("deny_all refuses every action of everyone") {
    const deny_all subject;
    for (const char* user : {"", "alice", "admin"})
        for (const action what : {action::subscribe, action::send})
            for (const char* destination : {"", "/topic/a", "/app/x", "/user/queue/x"})
                CHECK(!subject.authorize(identity(user), what, destination).allow);
}

TEST_CASE("allow_all allows every action without a bound") {
    const allow_all subject;
    for (const action what : {action::subscribe, action::send}) {
        const decision answer = subject.authorize(identity("alice"), what, "/topic/a");
        CHECK(answer.allow);
        CHECK(!answer.earliest);
    }
}
