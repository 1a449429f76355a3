// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/last_offsets.hpp>

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

using namespace stompchat;
using delivery::last_offsets;

TEST_CASE("a quiet destination is known to have had nothing since reading began") {
    last_offsets known(2, 10);
    known.begin({1, 0, 50});
    known.begin({1, 1, 7});
    CHECK(known.of("/topic/a", 0).floor == 50);
    CHECK(known.of("/topic/a", 0).last == -1);
    known.note("/topic/a", {1, 0, 60});
    known.note("/topic/a", {1, 0, 61});
    CHECK(known.of("/topic/a", 0).last == 61);
    CHECK(known.of("/topic/b", 1).floor == 7);
    CHECK(known.size() == 1);
}

TEST_CASE("forgetting the destination noted longest ago raises its partition's floor above it") {
    last_offsets known(2, 2);
    known.begin({1, 0, 0});
    known.begin({1, 1, 0});
    known.note("/topic/a", {1, 0, 1});
    known.note("/topic/b", {1, 0, 2});
    known.note("/topic/a", {1, 0, 3});
    known.note("/topic/c", {1, 1, 9});
    CHECK(known.size() == 2);
    CHECK(known.of("/topic/b", 0).last == -1);
    CHECK(known.of("/topic/b", 0).floor == 3);
    CHECK(known.of("/topic/a", 0).last == 3);
    CHECK(known.of("/topic/c", 1).floor == 0);
}

TEST_CASE("a new log forgets all of its partition and nothing else") {
    last_offsets known(2, 10);
    known.begin({1, 0, 0});
    known.begin({1, 1, 0});
    known.note("/topic/a", {1, 0, 5});
    known.note("/topic/b", {1, 1, 6});
    known.begin({2, 0, 3});
    CHECK(known.of("/topic/a", 0).last == -1);
    CHECK(known.of("/topic/a", 0).floor == 3);
    CHECK(known.of("/topic/b", 1).last == 6);
}

TEST_CASE("what it says is true for random traffic and every capacity") {
    for (std::size_t capacity : {0u, 1u, 3u, 20u}) {
        std::mt19937 random(static_cast<unsigned>(capacity) + 17);
        last_offsets known(3, capacity);
        std::map<std::string, offset> truth;
        for (partition p = 0; p != 3; ++p) known.begin({1, p, 0});
        for (offset at = 0; at != 2'000; ++at) {
            const std::string name = "/topic/" + std::to_string(random() % 12);
            known.note(name, {1, partition_of(name, 3), at});
            truth[name] = at;
            const std::string asked = "/topic/" + std::to_string(random() % 14);
            const auto answer = known.of(asked, partition_of(asked, 3));
            const offset last = truth.contains(asked) ? truth[asked] : -1;
            // Nothing at or above the floor stands behind what it calls the last one.
            CHECK((last < answer.floor || last == answer.last));
            REQUIRE(known.size() <= capacity);
        }
    }
}
