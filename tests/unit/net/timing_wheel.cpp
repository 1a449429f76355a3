// Boost Software License 1.0, see LICENSE

#include <doctest/doctest.h>
#include <stompchat/net/timing_wheel.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

using stompchat::net::timing_wheel;
using namespace std::chrono_literals;

namespace {

const timing_wheel::time_point start{1234567ms};

struct item : timing_wheel::node {
    int id = 0;
};

std::vector<int> fired_by(timing_wheel& wheel, timing_wheel::time_point now) {
    std::vector<int> ids;
    wheel.advance(now, [&](timing_wheel::node& n) { ids.push_back(static_cast<item&>(n).id); });
    return ids;
}

} // namespace

TEST_CASE("a node fires once, not before its deadline and at most a tick behind it") {
    timing_wheel wheel(100ms, start);
    item a;
    wheel.schedule(a, start + 250ms);
    CHECK(a.scheduled());
    CHECK(wheel.next_expiry() == start + 300ms);
    CHECK(fired_by(wheel, start + 299ms).empty());
    CHECK(fired_by(wheel, start + 300ms).size() == 1);
    CHECK_FALSE(a.scheduled());
    CHECK(fired_by(wheel, start + 10s).empty());
}

TEST_CASE("a deadline on the edge of a tick fires with it") {
    timing_wheel wheel(100ms, start);
    item a;
    wheel.schedule(a, start + 300ms);
    CHECK(wheel.next_expiry() == start + 300ms);
    CHECK(fired_by(wheel, start + 300ms).size() == 1);
}

TEST_CASE("a deadline in the past fires in the next tick") {
    timing_wheel wheel(100ms, start);
    CHECK(fired_by(wheel, start + 1s).empty());
    item a;
    wheel.schedule(a, start - 5s);
    CHECK(wheel.next_expiry() == start + 1100ms);
    CHECK(fired_by(wheel, start + 1s).empty());
    CHECK(fired_by(wheel, start + 1100ms).size() == 1);
}

TEST_CASE("a deadline beyond a revolution waits for its own") {
    timing_wheel wheel(100ms, start, 64);
    item near;
    item far;
    wheel.schedule(near, start + 1s);
    wheel.schedule(far, start + 1s + 64 * 100ms);
    near.id = 1;
    far.id = 2;
    CHECK(fired_by(wheel, start + 1s) == std::vector<int>{1});
    CHECK(fired_by(wheel, start + 7300ms).empty());
    CHECK(fired_by(wheel, start + 7400ms) == std::vector<int>{2});
}

TEST_CASE("nodes fire in the order of their ticks") {
    timing_wheel wheel(10ms, start);
    std::vector<item> items(50);
    for (int i = 0; i != 50; ++i) {
        items[i].id = i;
        wheel.schedule(items[i], start + (i * 7 % 50) * 10ms + 10ms);
    }
    std::vector<int> order;
    for (const int id : fired_by(wheel, start + 1s)) order.push_back(id * 7 % 50);
    CHECK(order.size() == 50);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a node can be cancelled, moved and destroyed") {
    timing_wheel wheel(100ms, start);
    item cancelled;
    item moved;
    wheel.schedule(cancelled, start + 1s);
    wheel.schedule(moved, start + 1s);
    wheel.schedule(moved, start + 3s);
    {
        item destroyed;
        wheel.schedule(destroyed, start + 1s);
    }
    timing_wheel::cancel(cancelled);
    timing_wheel::cancel(cancelled);
    CHECK_FALSE(cancelled.scheduled());
    CHECK(wheel.next_expiry() == start + 3s);
    CHECK(fired_by(wheel, start + 2s).empty());
    CHECK(fired_by(wheel, start + 3s).size() == 1);
    CHECK_FALSE(wheel.next_expiry());
}

TEST_CASE("a callback may schedule, cancel and destroy nodes, those that are due included") {
    timing_wheel wheel(100ms, start);
    item first;
    item cancelled;
    auto destroyed = std::make_unique<item>();
    wheel.schedule(first, start + 1s);
    wheel.schedule(cancelled, start + 2s);
    wheel.schedule(*destroyed, start + 2s);
    int calls = 0;
    const auto callback = [&](timing_wheel::node& n) {
        ++calls;
        timing_wheel::cancel(cancelled);
        destroyed.reset();
        wheel.schedule(n, start + 1s); // already past: not in this advance, or it would never end
    };
    wheel.advance(start + 5s, callback);
    CHECK(calls == 1);
    CHECK(wheel.next_expiry() == start + 5100ms);
    wheel.advance(start + 5100ms, callback);
    CHECK(calls == 2);
}

TEST_CASE("what is due when a callback throws fires in the next advance") {
    timing_wheel wheel(100ms, start);
    item items[3];
    for (item& i : items) wheel.schedule(i, start + 1s);
    CHECK_THROWS_AS(wheel.advance(start + 1s, [](timing_wheel::node&) { throw 1; }), int);
    CHECK(wheel.next_expiry() == start + 1s);
    CHECK(fired_by(wheel, start + 1s).size() == 2);
}

TEST_CASE("time that goes backwards changes nothing") {
    timing_wheel wheel(100ms, start);
    item a;
    fired_by(wheel, start + 5s);
    wheel.schedule(a, start + 6s);
    CHECK(fired_by(wheel, start + 1s).empty());
    CHECK(fired_by(wheel, start - 1s).empty());
    CHECK(fired_by(wheel, start + 6s).size() == 1);
}

TEST_CASE("nodes may outlive their wheel") {
    item a;
    {
        timing_wheel wheel(100ms, start);
        wheel.schedule(a, start + 1s);
    }
    CHECK_FALSE(a.scheduled());
}

TEST_CASE("an empty wheel has nothing to wait for") {
    timing_wheel wheel(100ms, start);
    CHECK_FALSE(wheel.next_expiry());
    fired_by(wheel, start + 1h);
    CHECK_FALSE(wheel.next_expiry());
}

TEST_CASE("a wheel agrees with a sorted map, whatever is scheduled, cancelled and however time passes") {
    std::mt19937 random(99);
    const auto below = [&](long limit) { return std::uniform_int_distribution<long>(0, limit - 1)(random); };
    for (int round = 0; round != 50; ++round) {
        const auto tick = std::chrono::milliseconds(1 + below(100));
        const std::size_t slots = std::size_t{64} << below(3);
        timing_wheel wheel(tick, start, slots);
        std::vector<item> items(200);
        std::multimap<long, int> model; // tick -> id
        std::vector<std::multimap<long, int>::iterator> where(items.size(), model.end());
        for (int i = 0; i != 200; ++i) items[static_cast<std::size_t>(i)].id = i;
        long now_tick = 0;
        auto now = start;
        for (int step = 0; step != 2000; ++step) {
            const auto id = static_cast<std::size_t>(below(200));
            const auto forget = [&](std::size_t which) {
                if (where[which] != model.end()) model.erase(where[which]);
                where[which] = model.end();
            };
            switch (below(4)) {
            case 0:
            case 1: {
                const auto deadline = now + std::chrono::microseconds(below(3 * static_cast<long>(slots) * tick.count() * 1000) - 1000);
                const auto after = std::chrono::duration_cast<std::chrono::microseconds>(deadline - start).count();
                const long unit = tick.count() * 1000;
                const long due = std::max((std::max(after, 0L) + unit - 1) / unit, now_tick + 1);
                forget(id);
                where[id] = model.emplace(due, static_cast<int>(id));
                wheel.schedule(items[id], deadline);
                break;
            }
            case 2:
                forget(id);
                timing_wheel::cancel(items[id]);
                break;
            case 3: {
                now += std::chrono::microseconds(
                    below(below(20) == 0 ? 2 * static_cast<long>(slots) * tick.count() * 1000 : 5 * tick.count() * 1000));
                now_tick = (now - start) / tick;
                std::vector<int> expected;
                while (!model.empty() && model.begin()->first <= now_tick) {
                    expected.push_back(model.begin()->second);
                    forget(static_cast<std::size_t>(model.begin()->second));
                }
                std::vector<int> fired = fired_by(wheel, now);
                std::sort(fired.begin(), fired.end());
                std::sort(expected.begin(), expected.end());
                REQUIRE(fired == expected);
                break;
            }
            }
            const auto next = wheel.next_expiry();
            REQUIRE(next.has_value() == !model.empty());
            if (next) {
                REQUIRE(*next <= start + model.begin()->first * tick);
                REQUIRE(*next > start + now_tick * tick);
                // Exact within a revolution.
                if (model.begin()->first <= now_tick + static_cast<long>(slots)) {
                    REQUIRE((*next == start + model.begin()->first * tick || *next < start + model.begin()->first * tick));
                }
            }
        }
    }
}
