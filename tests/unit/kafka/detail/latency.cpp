// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/detail/latency.hpp>

#include <doctest/doctest.h>

using namespace stompchat::kafka;
using namespace std::chrono_literals;

TEST_CASE("without anything measured a quantile is zero") { CHECK(latency().quantile(0.99) == 0us); }

TEST_CASE("a quantile is not below the time it stands for, and at most a quarter above") {
    for (std::int64_t us = 1; us < 1'000'000'000; us = us * 5 / 4 + 1) {
        latency one;
        one.add(std::chrono::microseconds(us));
        CHECK(one.quantile(0.5).count() >= us);
        CHECK(one.quantile(0.5).count() <= us * 5 / 4);
    }
}

TEST_CASE("quantiles follow the order of what was measured, whichever way it came") {
    latency all;
    for (int i = 100; i != 0; --i) all.add(std::chrono::milliseconds(i));
    CHECK(all.quantile(0) >= 1ms);
    CHECK(all.quantile(0) < 2ms);
    CHECK(all.quantile(0.5) >= 50ms);
    CHECK(all.quantile(0.5) < 65ms);
    CHECK(all.quantile(1) >= 100ms);
    CHECK(all.quantile(1) < 130ms);
    all.clear();
    CHECK(all.quantile(1) == 0us);
}

TEST_CASE("times that make no sense are counted at the ends") {
    latency all;
    all.add(-1s);
    CHECK(all.quantile(1) == 0us);
    all.add(std::chrono::hours(24 * 365 * 50));
    CHECK(all.quantile(1) > std::chrono::hours(24));
}
