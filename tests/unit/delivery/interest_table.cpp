// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/interest_table.hpp>

#include <doctest/doctest.h>

using namespace stompchat;
using delivery::interest_table;
using delivery::registration;

TEST_CASE("the table is complete when every partition has told where it begins") {
    interest_table table(2);
    CHECK_FALSE(table.complete());
    table.advance({1, 0, 5});
    table.advance({1, 0, 7});
    CHECK_FALSE(table.complete());
    table.advance({1, 1, 0});
    CHECK(table.complete());
}

TEST_CASE("a registration is answered with the position of its destination's partition") {
    interest_table table(4);
    for (partition p = 0; p != 4; ++p) table.advance({1, p, 100 + static_cast<offset>(p)});
    for (const char* name : {"/topic/a", "/topic/b", "/topic/c", "/topic/d", "/topic/e"}) {
        const partition p = partition_of(name, 4);
        CHECK(table.add(name, {0, 0, 1}) == position{1, p, 100 + static_cast<offset>(p)});
    }
    CHECK(table.size() == 5);
}

TEST_CASE("each shard has one claim on a destination, the latest") {
    interest_table table(1);
    table.advance({1, 0, 0});
    CHECK(table.claims_on("/topic/a").empty());
    table.add("/topic/a", {0, 7, 1});
    table.add("/topic/a", {1, 8, 1});
    table.add("/topic/a", {0, 9, 2});
    const auto claims = table.claims_on("/topic/a");
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].shard == 0);
    CHECK(claims[0].slot == 9);
    CHECK(claims[0].number == 2);
    CHECK(claims[1].shard == 1);
    CHECK(table.claims_on("/topic/b").empty());
    CHECK(table.claims_on("/topic/").empty());
}

TEST_CASE("a registration that comes late does not replace a younger one") {
    interest_table table(1);
    table.advance({1, 0, 0});
    table.add("/topic/a", {0, 9, 5});
    table.add("/topic/a", {0, 7, 3});
    REQUIRE(table.claims_on("/topic/a").size() == 1);
    CHECK(table.claims_on("/topic/a")[0].number == 5);
}

TEST_CASE("a removal ends its registration, and no younger one") {
    interest_table table(1);
    table.advance({1, 0, 0});
    table.add("/topic/a", {0, 7, 3});
    table.add("/topic/a", {1, 7, 3});
    table.remove("/topic/a", {0, 7, 2});
    CHECK(table.claims_on("/topic/a").size() == 2);
    table.remove("/topic/a", {0, 7, 3});
    REQUIRE(table.claims_on("/topic/a").size() == 1);
    CHECK(table.claims_on("/topic/a")[0].shard == 1);
    table.remove("/topic/a", {1, 7, 9});
    CHECK(table.claims_on("/topic/a").empty());
    CHECK(table.size() == 0);
    table.remove("/topic/a", {1, 7, 9});
    table.remove("/topic/never", {1, 7, 9});
}

TEST_CASE("what an adapter repeats is cut off, and the position never goes back") {
    interest_table table(2);
    table.advance({1, 0, 0});
    table.advance({1, 1, 0});
    table.advance({1, 1, 10});
    CHECK_FALSE(table.is_new({1, 1, 9}));
    CHECK(table.is_new({1, 1, 10}));
    CHECK(table.is_new({1, 0, 9}));
    table.advance({1, 1, 4});
    CHECK_FALSE(table.is_new({1, 1, 9}));
}

TEST_CASE("a new log begins wherever it says, also below where the old one was") {
    interest_table table(1);
    CHECK(table.begins_at({7, 0, 100}));
    table.advance({7, 0, 100});
    CHECK_FALSE(table.begins_at({7, 0, 120}));
    CHECK(table.begins_at({8, 0, 3}));
    CHECK(table.is_new({8, 0, 3}));
    table.advance({8, 0, 3});
    CHECK_FALSE(table.is_new({8, 0, 2}));
    CHECK(table.is_new({8, 0, 3}));
    CHECK(table.position_of("/topic/a") == position{8, 0, 3});
}
