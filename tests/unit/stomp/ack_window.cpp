// Boost Software License 1.0, see LICENSE

#include <stompchat/stomp/ack_window.hpp>

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <vector>

using namespace stompchat::stomp;
using result = ack_window::result;

namespace {

std::vector<std::uint64_t> keys_of(const ack_window& w) {
    std::vector<std::uint64_t> out;
    w.for_each([&](std::uint64_t key) { out.push_back(key); });
    return out;
}

ack_window window_of(std::initializer_list<std::uint64_t> keys) {
    ack_window w;
    for (const auto key : keys) w.push(key);
    return w;
}

} // namespace

TEST_CASE("an individual acknowledgement settles one message and no other") {
    auto w = window_of({1, 2, 5, 9});
    CHECK(w.settle(5, false) == result::settled);
    CHECK(keys_of(w) == std::vector<std::uint64_t>{1, 2, 9});
    CHECK(w.oldest() == 1);
    CHECK(w.settle(1, false) == result::settled);
    CHECK(w.oldest() == 2);
}

TEST_CASE("a cumulative acknowledgement covers all earlier messages") {
    auto w = window_of({1, 2, 5, 9});
    CHECK(w.settle(5, true) == result::settled);
    CHECK(keys_of(w) == std::vector<std::uint64_t>{9});
}

TEST_CASE("a repeated acknowledgement is told from one of a message that was never delivered") {
    ack_window w;
    CHECK(w.settle(0, false) == result::unknown);
    CHECK(w.highest() == std::nullopt);
    w.push(3);
    w.push(7);
    CHECK(w.settle(8, true) == result::unknown);
    CHECK(w.settle(3, false) == result::settled);
    CHECK(w.settle(3, false) == result::repeated);
    CHECK(w.settle(3, true) == result::repeated);
    CHECK(w.size() == 1);
    CHECK(w.settle(7, true) == result::settled);
    CHECK(w.settle(7, true) == result::repeated);
    CHECK(w.empty());
    CHECK(w.oldest() == std::nullopt);
    CHECK(w.highest() == 7);
    CHECK(w.settle(8, false) == result::unknown);
}

TEST_CASE("key zero can be delivered") {
    auto w = window_of({0});
    CHECK(w.oldest() == 0);
    CHECK(w.settle(0, false) == result::settled);
    CHECK(w.settle(0, false) == result::repeated);
}

TEST_CASE("clearing a window keeps the knowledge of what was delivered") {
    auto w = window_of({1, 2, 3});
    w.clear();
    CHECK(w.settle(2, false) == result::repeated);
    CHECK(w.settle(4, false) == result::unknown);
    w.push(4);
    CHECK(w.settle(4, false) == result::settled);
}

TEST_CASE("a window moves with its content") {
    auto small = window_of({1});
    auto large = window_of({1, 2, 3, 4, 5});
    ack_window taken = std::move(large);
    CHECK(taken.size() == 5);
    taken = std::move(small);
    CHECK(keys_of(taken) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a window agrees with a set of keys over many random deliveries and acknowledgements") {
    std::mt19937 random(7);
    for (int round = 0; round != 200; ++round) {
        ack_window w;
        std::set<std::uint64_t> expected;
        std::uint64_t next = 0;
        for (int step = 0; step != 300; ++step) {
            if (random() % 5 < 2 + static_cast<unsigned>(round % 3)) {
                next += 1 + random() % 3;
                w.push(next);
                expected.insert(next);
            } else {
                const std::uint64_t key = random() % (next + 3);
                const bool cumulative = random() % 4 == 0;
                const auto found = expected.find(key);
                const auto r = w.settle(key, cumulative);
                if (found != expected.end()) {
                    CHECK(r == result::settled);
                    expected.erase(cumulative ? expected.begin() : found, std::next(found));
                } else {
                    CHECK(r == (next == 0 || key > next ? result::unknown : result::repeated));
                }
            }
            CHECK(w.size() == expected.size());
        }
        CHECK(keys_of(w) == std::vector<std::uint64_t>(expected.begin(), expected.end()));
    }
}
