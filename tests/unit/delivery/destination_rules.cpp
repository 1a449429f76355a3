// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/destination_rules.hpp>
#include <stompchat/error.hpp>

#include <boost/system/system_error.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace stompchat;
using delivery::destination_rules;
using delivery::destination_settings;
using namespace std::chrono_literals;

namespace {

bool covers(std::string_view pattern, std::string_view destination) {
    REQUIRE(destination_rules::problem_of(destination_rule(std::string(pattern))) == "");
    return destination_rules::covers(pattern, destination);
}

std::string problem_of(std::string pattern) { return destination_rules::problem_of(destination_rule(std::move(pattern))); }

} // namespace

TEST_CASE("a pattern without stars covers itself") {
    CHECK(covers("/topic/lobby", "/topic/lobby"));
    CHECK_FALSE(covers("/topic/lobby", "/topic/lobb"));
    CHECK_FALSE(covers("/topic/lobby", "/topic/lobby2"));
    CHECK_FALSE(covers("/topic/lobby", "/topic/lobby/"));
    CHECK_FALSE(covers("/topic/lobby/", "/topic/lobby"));
    CHECK_FALSE(covers("/topic/lobby", ""));
    CHECK_FALSE(covers("/topic/lobby", "topic/lobby"));
}

TEST_CASE("a star covers one segment, wherever it stands") {
    CHECK(covers("/topic/*", "/topic/lobby"));
    CHECK(covers("/topic/*", "/topic/"));
    CHECK_FALSE(covers("/topic/*", "/topic/lobby/typing"));
    CHECK_FALSE(covers("/topic/*", "/topic"));
    CHECK(covers("/topic/*/typing", "/topic/lobby/typing"));
    CHECK_FALSE(covers("/topic/*/typing", "/topic/a/b/typing"));
    CHECK_FALSE(covers("/topic/*/typing", "/topic/lobby"));
    CHECK_FALSE(covers("/topic/*/typing", "/topic/lobby/typing/x"));
    CHECK(covers("/user/*/queue/*", "/user/ann%2Fb/queue/inbox"));
    CHECK(covers("/*/lobby", "/topic/lobby"));
}

TEST_CASE("two stars cover the rest, one segment at least") {
    CHECK(covers("/topic/**", "/topic/lobby"));
    CHECK(covers("/topic/**", "/topic/a/b/c"));
    CHECK_FALSE(covers("/topic/**", "/user/ann/queue/x"));
    CHECK_FALSE(covers("/topic/games/**", "/topic/games"));
    CHECK(covers("/topic/*/**", "/topic/a/b"));
    CHECK_FALSE(covers("/topic/*/**", "/topic/a"));
    CHECK(covers("/**", "/topic/lobby"));
}

TEST_CASE("a bad pattern is told, and what would be right") {
    CHECK(problem_of("").find("missing") != std::string::npos);
    CHECK(problem_of("topic/x").find("begins with /") != std::string::npos);
    CHECK(problem_of("/topic/a*").find("whole segment") != std::string::npos);
    CHECK(problem_of("/topic/***").find("whole segment") != std::string::npos);
    CHECK(problem_of("/topic/**/x").find("come last") != std::string::npos);
    CHECK(problem_of("/**/x").find("come last") != std::string::npos);
    CHECK(problem_of("/app/x").find("only /topic/") != std::string::npos);
    CHECK(problem_of("/session/queue/x").find("only /topic/") != std::string::npos);
    CHECK(problem_of("/user/queue/x").find("/user/*/queue/") != std::string::npos);
    CHECK(problem_of("/topic/\xff").find("UTF-8") != std::string::npos);
    CHECK(problem_of("/topic/" + std::string(249, 'x')).find("255") != std::string::npos);
    CHECK(problem_of("/topic/" + std::string(248, 'x')) == "");
}

TEST_CASE("settings that contradict each other are told") {
    destination_rule rule("/topic/x", destination_policy::ephemeral);
    rule.key = "symbol";
    CHECK(destination_rules::problem_of(rule).find("key") != std::string::npos);
    rule.policy = destination_policy::latest;
    CHECK(destination_rules::problem_of(rule) == "");
    rule.history_window = -1s;
    CHECK(destination_rules::problem_of(rule).find("window") != std::string::npos);
}

TEST_CASE("rules with a mistake are not taken, and the pattern is named") {
    try {
        destination_rules({destination_rule("/topic/good"), destination_rule("/topic/b*d")});
        FAIL("taken");
    } catch (const boost::system::system_error& wrong) {
        CHECK(wrong.code() == error::bad_option);
        CHECK(std::string(wrong.what()).find("/topic/b*d") != std::string::npos);
    }
}

TEST_CASE("the first rule that covers a destination counts, and where it is silent the node's own settings") {
    destination_rule typing("/topic/*/typing", destination_policy::ephemeral);
    destination_rule prices("/topic/prices/**", destination_policy::latest);
    prices.key = "symbol";
    prices.history_window = 0s;
    destination_rule quiet("/topic/quiet");
    quiet.presence = false;
    destination_rule rooms("/topic/*");
    rooms.policy = destination_policy::latest;
    destination_settings otherwise;
    otherwise.presence = true;
    otherwise.history_window = 77s;
    const destination_rules rules({typing, prices, quiet, rooms}, otherwise);

    CHECK(rules.policy("/topic/prices/typing") == destination_policy::ephemeral);
    CHECK(rules.of("/topic/prices/typing").key == "");
    CHECK(rules.policy("/topic/prices/a/b") == destination_policy::latest);
    CHECK(rules.of("/topic/prices/a/b").key == "symbol");
    CHECK(rules.of("/topic/prices/a/b").history_window == 0s);
    CHECK(rules.of("/topic/prices/a/b").presence);
    CHECK(rules.policy("/topic/quiet") == destination_policy::keep);
    CHECK_FALSE(rules.presence("/topic/quiet"));
    CHECK(rules.of("/topic/quiet").history_window == 77s);
    CHECK(rules.policy("/topic/x") == destination_policy::latest);
    CHECK(rules.policy("/user/ann/queue/x") == destination_policy::keep);
    CHECK(rules.presence("/user/ann/queue/x"));
    CHECK(rules.of("/user/ann/queue/x").history_window == 77s);
}

TEST_CASE("a policy is one of three words") {
    CHECK(parse_policy("keep") == destination_policy::keep);
    CHECK(parse_policy("latest") == destination_policy::latest);
    CHECK(parse_policy("ephemeral") == destination_policy::ephemeral);
    CHECK_FALSE(parse_policy("Keep"));
    CHECK_FALSE(parse_policy(""));
}
