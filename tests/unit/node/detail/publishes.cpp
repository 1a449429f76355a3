// Boost Software License 1.0, see LICENSE

#include <stompchat/node/detail/publishes.hpp>
#include <stompchat/node/detail/reader.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace stompchat;
using node::publish_record;
using node::publishes;
using node::ticket;

TEST_CASE("what was added is taken once, under its number") {
    publishes all;
    const auto a = all.add(publish_record("a"));
    const auto b = all.add(publish_record("b"));
    CHECK(a != b);
    CHECK(all.size() == 2);
    publish_record taken;
    REQUIRE(all.take(b, taken));
    CHECK(taken.receipt == "b");
    CHECK_FALSE(all.take(b, taken));
    CHECK(all.size() == 1);
    REQUIRE(all.take(a, taken));
    CHECK(taken.receipt == "a");
    CHECK(all.size() == 0);
}

TEST_CASE("a number is not used again when its place is") {
    publishes all;
    std::set<std::uint64_t> seen;
    publish_record taken;
    for (int i = 0; i != 1000; ++i) {
        const auto number = all.add(publish_record("x"));
        CHECK(seen.insert(number).second);
        CHECK(all.take(number, taken));
        CHECK_FALSE(all.take(number, taken));
    }
}

TEST_CASE("a number that was never given names nothing") {
    publishes all;
    publish_record taken;
    CHECK_FALSE(all.take(0, taken));
    CHECK_FALSE(all.take(~std::uint64_t{0}, taken));
    const auto number = all.add(publish_record("x"));
    CHECK_FALSE(all.take(number + 1, taken));
    CHECK_FALSE(all.take(number ^ std::uint64_t{1} << 32, taken));
    CHECK(all.take(number, taken));
}

TEST_CASE("a ticket carries the shard and the number through the broker") {
    for (const std::uint32_t shard : {0u, 1u, 4095u}) {
        for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 52) - 1}) {
            const auto made = ticket::make(shard, number);
            CHECK(ticket::shard_of(made) == shard);
            CHECK(ticket::number_of(made) == number);
        }
    }
}

TEST_CASE("numbers still fit into a ticket when a place has been used very often") {
    publishes all;
    publish_record taken;
    std::uint64_t last = 0;
    for (int i = 0; i != (1 << 20) + 10; ++i) {
        last = all.add(publish_record());
        REQUIRE(all.take(last, taken));
    }
    CHECK(last < std::uint64_t{1} << 52);
}
