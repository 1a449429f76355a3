// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/detail/partition_copies.hpp>

#include <doctest/doctest.h>

#include <utility>

using namespace stompchat;
using namespace stompchat::kafka;
using verdict = partition_copies::verdict;

namespace {

constexpr std::uint64_t alice = 11;
constexpr std::uint64_t bob = 12;

/// Judges and notes.
partition_copies::judgement read(partition_copies& reader, const record_id& id, offset base, offset at) {
    const auto judged = reader.judge(id, base, at);
    reader.note(id, at);
    return judged;
}

} // namespace

TEST_CASE("records whose sequences grow are first") {
    partition_copies reader;
    reader.begin(0);
    for (offset at = 0; at != 100; ++at) CHECK(read(reader, {alice, static_cast<std::uint64_t>(at)}, at, at).what == verdict::first);
    CHECK(reader.next() == 100);
}

TEST_CASE("the same id at or behind the base makes a record a copy of the first") {
    partition_copies reader;
    reader.begin(0);
    read(reader, {alice, 1}, 0, 5);
    read(reader, {alice, 2}, 0, 6);
    const auto copy = read(reader, {alice, 1}, 0, 9);
    CHECK(copy.what == verdict::copy);
    CHECK(copy.first == 5);
    // Every later copy names the same one.
    CHECK(read(reader, {alice, 1}, 5, 12).first == 5);
}

TEST_CASE("an original behind its copy is the copy, whoever wrote something between") {
    partition_copies reader;
    reader.begin(0);
    read(reader, {alice, 7}, 0, 3);
    read(reader, {bob, 1}, 0, 4);
    read(reader, {alice, 9}, 4, 5);
    // Below the highest, but never seen: a first copy that came late.
    CHECK(read(reader, {alice, 8}, 2, 6).what == verdict::first);
    CHECK(read(reader, {alice, 7}, 0, 7).first == 3);
}

TEST_CASE("a record without id is never a copy") {
    partition_copies reader;
    reader.begin(0);
    CHECK(read(reader, {}, -1, 0).what == verdict::first);
    CHECK(read(reader, {}, -1, 1).what == verdict::first);
}

TEST_CASE("a base in front of where reading began is asked for once") {
    partition_copies reader;
    reader.begin(100);
    const record_id id{alice, 5};
    REQUIRE(reader.judge(id, 90, 100).what == verdict::unknown);
    const look_back range = reader.needed(id, 90);
    CHECK(range.from == 90);
    CHECK(range.to == 100);
    looked_back found(range);
    found.note({alice, 4}, 92);
    found.note({bob, 5}, 93);
    found.note({alice, 5}, 89); // in front of the range
    reader.learn(found);
    CHECK(read(reader, id, 90, 100).what == verdict::first);
    // From now on that publisher's records from there on are known: no second question.
    CHECK(read(reader, {alice, 6}, 91, 101).what == verdict::first);
    CHECK(read(reader, {alice, 4}, 90, 102).first == 92);
    // Another publisher's are not.
    CHECK(reader.judge({bob, 6}, 90, 103).what == verdict::unknown);
}

TEST_CASE("a copy is found in front of where reading began") {
    partition_copies reader;
    reader.begin(100);
    const record_id id{alice, 5};
    looked_back found(reader.needed(id, -1));
    CHECK(found.of().from == 0);
    found.note(id, 50);
    found.note(id, 60);
    CHECK(found.first() == 50);
    reader.learn(found);
    const auto judged = reader.judge(id, -1, 100);
    CHECK(judged.what == verdict::copy);
    CHECK(judged.first == 50);
}

TEST_CASE("a look back says nothing of what stands in front of it") {
    partition_copies reader;
    reader.begin(100);
    looked_back found(reader.needed({alice, 5}, 60));
    found.note({alice, 3}, 70);
    reader.learn(found);
    CHECK(reader.judge({alice, 6}, 60, 100).what == verdict::first);
    CHECK(reader.judge({alice, 6}, 59, 100).what == verdict::unknown);
    // What stands in front of a record's base is no copy of it.
    CHECK(reader.judge({alice, 3}, 70, 100).first == 70);
    CHECK(reader.judge({alice, 3}, 71, 100).what == verdict::first);
}

TEST_CASE("what is found too late, when the memory has moved on, is not taken for all there was") {
    partition_copies::limits small;
    small.ids = 1;
    partition_copies reader(small);
    reader.begin(100);
    const looked_back found(reader.needed({alice, 5}, 90));
    read(reader, {alice, 5}, 100, 100);
    read(reader, {alice, 6}, 100, 101);
    reader.learn(found);
    CHECK(reader.judge({alice, 5}, 90, 102).what == verdict::unknown);
    CHECK(reader.judge({alice, 6}, 90, 102).what == verdict::unknown);
    CHECK(reader.judge({alice, 7}, 90, 102).what == verdict::first);
}

TEST_CASE("what was looked back for stays exact when the exact memory moves on") {
    partition_copies::limits small;
    small.ids = 4;
    partition_copies reader(small);
    reader.begin(100);
    reader.learn(looked_back(reader.needed({alice, 5}, 90)));
    read(reader, {alice, 5}, 90, 100);
    for (offset at = 101; at != 120; ++at) read(reader, {bob, static_cast<std::uint64_t>(at)}, 100, at);
    CHECK(reader.since() > 100);
    CHECK(reader.judge({alice, 5}, 90, 120).first == 100);
    CHECK(reader.judge({bob, 101}, 100, 120).what == verdict::unknown);
    CHECK(reader.size() < 10);
}

TEST_CASE("more ids than are held answer only the record that asks") {
    partition_copies::limits small;
    small.ids_looked_back = 4;
    partition_copies reader(small);
    reader.begin(100);
    looked_back found(reader.needed({alice, 5}, 10), small.ids_looked_back);
    for (offset at = 10; at != 90; ++at) found.note({alice, static_cast<std::uint64_t>(at)}, at);
    found.note({alice, 5}, 95);
    reader.learn(found);
    CHECK(reader.judge({alice, 5}, 10, 100).first == 95);
    CHECK(reader.judge({alice, 20}, 10, 100).what == verdict::unknown);
    // The highest sequence is known all the same.
    CHECK(reader.judge({alice, 1'000}, 10, 100).what == verdict::first);
}

TEST_CASE("a publisher that is forgotten is asked for again, one that comes after it is not") {
    partition_copies::limits small;
    small.publishers = 2;
    partition_copies reader(small);
    reader.begin(0);
    read(reader, {alice, 1}, 0, 0);
    read(reader, {bob, 1}, 0, 1);
    read(reader, {13, 1}, 1, 2);
    // In the exact memory it is known still.
    CHECK(reader.judge({alice, 1}, 0, 3).first == 0);
    CHECK(reader.judge({alice, 2}, 0, 3).what == verdict::first);
}

TEST_CASE("reading that begins anew forgets everything") {
    partition_copies reader;
    reader.begin(0);
    read(reader, {alice, 1}, 0, 0);
    reader.begin(50);
    CHECK(reader.next() == 50);
    CHECK(reader.size() == 0);
    CHECK(reader.judge({alice, 1}, 0, 50).what == verdict::unknown);
    CHECK(reader.judge({alice, 1}, 50, 50).what == verdict::first);
}
