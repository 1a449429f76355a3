// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/detail/copies.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace stompchat;
using namespace stompchat::kafka;
using verdict = partition_copies::verdict;

namespace {

log_epoch epoch(std::uint64_t value, offset begin) { return {value, std::make_shared<const std::vector<offset>>(2, begin)}; }

} // namespace

TEST_CASE("a base of another log says nothing of this one") {
    const log_epoch now = epoch(9, 100);
    CHECK(now.base_of({9, 1, 250}) == 250);
    CHECK(now.base_of({9, 1, -1}) == 0);
    // What survived from the other log stands where it stood; what came later came in this one.
    CHECK(now.base_of({8, 1, 40}) == 40);
    CHECK(now.base_of({8, 1, 250}) == 100);
    CHECK(now.base_of({}) == 100);
    CHECK(log_epoch{9, {}}.base_of({8, 1, 250}) == 0);
}

TEST_CASE("each partition has its own copies, and a record that was not judged is not known") {
    copies reader(2);
    reader.set_epoch(epoch(9, 0));
    reader.begin(0, 10);
    reader.begin(1, 20);
    const record_id id{5, 1};
    CHECK(reader.judge({9, 0, 10}, id, {9, 0, 10}).what == verdict::first);
    CHECK(reader.judge({9, 1, 20}, id, {9, 1, 20}).what == verdict::first);
    CHECK(reader.judge({9, 0, 11}, id, {9, 0, 10}).first == 10);
    CHECK(reader.find({9, 0, 11}, id, {9, 0, 10}).first == 10);
    CHECK(reader.find({9, 0, 10}, id, {9, 0, 10}).what == verdict::first);
    CHECK(reader.next(0) == 12);

    CHECK(reader.judge({9, 0, 12}, {5, 3}, {9, 0, 2}).what == verdict::unknown);
    CHECK(reader.next(0) == 12);
    const look_back range = reader.needed(0, {5, 3}, {9, 0, 2});
    CHECK(range.from == 2);
    CHECK(range.to == 10);
    looked_back found(range);
    found.note({5, 3}, 4);
    reader.learn(0, found);
    CHECK(reader.judge({9, 0, 12}, {5, 3}, {9, 0, 2}).first == 4);
    CHECK(reader.next(0) == 13);
}
