// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/rendezvous_locator.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace stompchat;

namespace {

constexpr int users = 20'000;

std::string user(int i) { return "user" + std::to_string(i); }

std::vector<std::string> node_names(int count) {
    std::vector<std::string> names;
    for (int i = 0; i != count; ++i) names.push_back("node-" + std::to_string(i));
    return names;
}

} // namespace

TEST_CASE("without a node there is nowhere to be") { CHECK(rendezvous_locator({}).node_of("alice").empty()); }

TEST_CASE("everybody finds the same node, in whatever order nodes are given, and however often") {
    const rendezvous_locator one({"a", "b", "c"});
    const rendezvous_locator other({"c", "a", "b", "a"});
    for (int i = 0; i != 1'000; ++i) CHECK(one.node_of(user(i)) == other.node_of(user(i)));
}

TEST_CASE("each node has about its share of the users") {
    const rendezvous_locator nodes(node_names(8));
    std::map<std::string, int> shares;
    for (int i = 0; i != users; ++i) ++shares[nodes.node_of(user(i))];
    REQUIRE(shares.size() == 8);
    // A share is 2,500 with a standard deviation of 47.
    for (const auto& one : shares) CHECK_MESSAGE((one.second > 2'250 && one.second < 2'750), one.first << " has " << one.second);
}

TEST_CASE("when a node goes only its users move, to all others; when it comes they come back") {
    const rendezvous_locator before(node_names(8));
    auto names = node_names(8);
    names.erase(names.begin() + 3);
    const rendezvous_locator after(names);
    std::map<std::string, int> moved;
    for (int i = 0; i != users; ++i) {
        const std::string was = before.node_of(user(i));
        const std::string is = after.node_of(user(i));
        if (was == "node-3")
            ++moved[is];
        else
            CHECK(is == was);
    }
    REQUIRE(moved.size() == 7);
    for (const auto& one : moved) CHECK_MESSAGE((one.second > 250 && one.second < 470), one.first << " got " << one.second);
}

TEST_CASE("weights are those that other programs compute") {
    CHECK(rendezvous_locator::weight("alice", "node-0") == 0xAF8F39BE7DE780E9u);
    CHECK(rendezvous_locator::weight("", "") == 0x0000000000000000u);
    CHECK(rendezvous_locator::weight("\xc3\xa9", "node-1") == 0xB16C019C7B9A0DB9u);
}
