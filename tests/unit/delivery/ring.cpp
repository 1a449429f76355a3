// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/ring.hpp>

#include <doctest/doctest.h>

#include <random>
#include <utility>
#include <vector>

using namespace stompchat;

namespace {

using ring = delivery::ring<int>;
using pairs = std::vector<std::pair<offset, int>>;

pairs from(const ring& r, offset at) {
    pairs found;
    r.for_each_from(at, [&](offset where, int what) {
        found.emplace_back(where, what);
        return true;
    });
    return found;
}

} // namespace

TEST_CASE("a ring covers what came since it began") {
    ring r;
    r.reset(10);
    CHECK_FALSE(r.covers(9));
    CHECK(r.covers(10));
    CHECK(r.covers(1'000));
    CHECK(from(r, 10).empty());
    r.append(12, 1);
    r.append(15, 2);
    CHECK(from(r, 10) == pairs{{12, 1}, {15, 2}});
    CHECK(from(r, 13) == pairs{{15, 2}});
    CHECK(from(r, 16).empty());
    CHECK(r.size() == 2);
}

TEST_CASE("whoever is given records may stop") {
    ring r;
    r.reset(0);
    for (int i = 0; i != 5; ++i) r.append(i, i);
    int seen = 0;
    r.for_each_from(1, [&](offset, int) { return ++seen != 2; });
    CHECK(seen == 2);
}

TEST_CASE("dropping the oldest record raises the floor above it, and only so far") {
    ring r;
    r.reset(0);
    r.append(3, 30);
    r.append(7, 70);
    CHECK(r.drop_oldest() == 30);
    CHECK(r.floor() == 4);
    CHECK(r.covers(4));
    CHECK_FALSE(r.covers(3));
    CHECK(r.drop_oldest() == 70);
    CHECK(r.size() == 0);
    CHECK(r.covers(8));
    CHECK_FALSE(r.covers(7));
    r.append(9, 90);
    CHECK(from(r, 8) == pairs{{9, 90}});
}

TEST_CASE("a read goes in front, without what is there already and without what was not asked for") {
    ring r;
    r.reset(10);
    r.append(11, 1);
    CHECK(r.prepend(5, pairs{{3, -3}, {5, -5}, {9, -9}, {11, -11}}) == 2);
    CHECK(r.floor() == 5);
    CHECK(from(r, 5) == pairs{{5, -5}, {9, -9}, {11, 1}});
    CHECK(r.prepend(6, pairs{{6, -6}}) == 0);
    CHECK(r.floor() == 5);
    // Nothing of the destination stood there: the ring covers more all the same.
    CHECK(r.prepend(1, pairs{}) == 0);
    CHECK(r.covers(1));
}

TEST_CASE("whatever happens, a covered offset finds every record behind it") {
    for (unsigned seed = 0; seed != 20; ++seed) {
        std::mt19937 random(seed);
        pairs log;
        ring r;
        r.reset(0);
        offset end = 0;
        for (int step = 0; step != 500; ++step) {
            switch (random() % 6) {
            case 0:
                if (r.size() != 0) r.drop_oldest();
                break;
            case 1: {
                const offset start = std::max<offset>(0, r.floor() - static_cast<offset>(random() % 20));
                pairs read;
                for (const auto& one : log) {
                    if (one.first >= start) read.push_back(one);
                }
                r.prepend(start, read);
                break;
            }
            default:
                end += 1 + static_cast<offset>(random() % 3);
                log.emplace_back(end, static_cast<int>(end));
                r.append(end, static_cast<int>(end));
                break;
            }
            const offset asked = static_cast<offset>(random() % static_cast<unsigned>(end + 2));
            if (!r.covers(asked)) continue;
            pairs expected;
            for (const auto& one : log) {
                if (one.first >= asked) expected.push_back(one);
            }
            REQUIRE(from(r, asked) == expected);
        }
    }
}
