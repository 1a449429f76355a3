// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/detail/first_copies.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace stompchat;
using detail::first_copies;
using namespace std::chrono_literals;

namespace {

const first_copies::time_point start{};

} // namespace

TEST_CASE("a copy is found at or above its base, and by its id") {
    first_copies copies;
    copies.note({1, 2}, {9, 3, 40}, start);
    CHECK(copies.find({1, 2}, {9, 3, 40}) == position{9, 3, 40});
    CHECK(copies.find({1, 2}, {9, 3, 0}) == position{9, 3, 40});
    CHECK_FALSE(copies.find({1, 2}, {9, 3, 41}));
    CHECK_FALSE(copies.find({1, 3}, {9, 3, 0}));
    CHECK_FALSE(copies.find({2, 2}, {9, 3, 0}));
    // A base of another log is no bound.
    CHECK(copies.find({1, 2}, {8, 3, 41}));
}

TEST_CASE("what was noted long ago is forgotten, and nothing else") {
    first_copies copies;
    for (std::uint64_t i = 0; i != 100; ++i) copies.note({1, i}, {9, 3, static_cast<offset>(i)}, start);
    copies.note({1, 1000}, {9, 3, 1000}, start + first_copies::kept - 1s);
    CHECK(copies.size() == 101);
    copies.note({1, 1001}, {9, 3, 1001}, start + first_copies::kept);
    CHECK(copies.size() == 2);
    CHECK(copies.find({1, 1000}, {}));
}

TEST_CASE("another log has copies of its own") {
    first_copies copies;
    copies.note({1, 2}, {9, 3, 40}, start);
    copies.clear();
    CHECK_FALSE(copies.find({1, 2}, {}));
    CHECK(copies.size() == 0);
}
