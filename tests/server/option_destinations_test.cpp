// Boost Software License 1.0, see LICENSE

#include "option_error.hpp"
#include "option_sources.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stompchat_server;
using stompchat::destination_policy;
using stompchat::destination_rule;

namespace {

std::vector<destination_rule> rules_of(const std::string& content) { return read_toml(content, "f.toml").destinations; }

/// The text of the error, or "accepted".
std::string refusal(const std::string& content) {
    try {
        rules_of(content);
    } catch (const option_error& wrong) {
        return wrong.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("destinations stand in the file in their order, with what each of them says") {
    const auto rules = rules_of("threads = 2\n"
                                "[[destination]]\n"
                                "pattern = '/topic/*/typing'\n"
                                "policy = 'ephemeral'\n"
                                "[[destination]]\n"
                                "pattern = '/topic/prices/**'\n"
                                "policy = 'latest'\n"
                                "key = 'symbol'\n"
                                "presence = false\n"
                                "history-window = '90s'\n"
                                "[[destination]]\n"
                                "pattern = '/topic/**'\n");
    REQUIRE(rules.size() == 3);
    CHECK(rules[0].pattern == "/topic/*/typing");
    CHECK(rules[0].policy == destination_policy::ephemeral);
    CHECK_FALSE(rules[0].presence);
    CHECK_FALSE(rules[0].history_window);
    CHECK(rules[1].policy == destination_policy::latest);
    CHECK(rules[1].key == "symbol");
    CHECK(rules[1].presence == false);
    CHECK(rules[1].history_window == 90s);
    CHECK(rules[2].pattern == "/topic/**");
    CHECK(rules[2].policy == destination_policy::keep);
}

TEST_CASE("a mistake in a destination is told with file, line, key and value") {
    const std::string good = "[[destination]]\npattern = '/topic/x'\n";
    CHECK(rules_of(good).size() == 1);
    for (const auto& one : {
             std::pair{std::string("[[destination]]\npattern = '/topic/a*'\n"),
                       std::vector<std::string>{"f.toml:2: pattern: ", "\"/topic/a*\"", "whole segment"}},
             {"[[destination]]\npattern = '/app/x'\n", {"f.toml:2: pattern: ", "\"/app/x\"", "/topic/"}},
             {"[[destination]]\npattern = 3\n", {"f.toml:2: pattern: ", "string"}},
             {"[[destination]]\npolicy = 'keep'\n", {"f.toml:1: destination: ", "no pattern"}},
             {good + "policy = 'newest'\n", {"f.toml:3: policy: ", "\"newest\"", "keep or latest or ephemeral"}},
             {good + "polcy = 'keep'\n", {"f.toml:3: polcy: ", "did you mean policy"}},
             {good + "retention = '7d'\n", {"f.toml:3: retention: ", "history-window"}},
             {good + "presence = 'yes'\n", {"f.toml:3: presence: ", "true or false"}},
             {good + "history-window = 10\n", {"f.toml:3: history-window: ", "string"}},
             {good + "history-window = '10'\n", {"f.toml:3: history-window: ", "\"10\"", "unit"}},
             {good + "key = ''\n", {"f.toml:3: key: ", "empty"}},
             {good + "key = 'symbol'\n", {"f.toml:1: destination: ", "\"/topic/x\"", "latest"}},
             {"destination = '/topic/x'\n", {"f.toml:1: destination: ", "[[destination]]"}},
             {"destination = ['/topic/x']\n", {"f.toml:1: destination: ", "[[destination]]"}},
             {"[destination]\npattern = '/topic/x'\n", {"f.toml:1: destination: ", "[[destination]]"}},
         }) {
        const std::string content = one.first;
        CAPTURE(content);
        const std::string told = refusal(content);
        CAPTURE(told);
        for (const std::string& part : one.second) CHECK(told.find(part) != told.npos);
    }
}
