// Boost Software License 1.0, see LICENSE

#include <stompchat/client/backoff.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <set>

using namespace stompchat::client;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const backoff::time_point start{seconds(1000)};

backoff_options without_jitter() {
    backoff_options options;
    options.first = milliseconds(100);
    options.longest = milliseconds(1000);
    options.jitter = 0;
    return options;
}

} // namespace

TEST_CASE("the time between two attempts doubles up to the longest, and begins anew after a success") {
    const backoff_options options = without_jitter();
    backoff tries(options, 1, 7);
    CHECK(tries.first(start).at == start);
    for (const int wanted : {100, 200, 400, 800, 1000, 1000}) CHECK(tries.next(0, {}, start).at == start + milliseconds(wanted));
    CHECK(tries.failures() == 6);
    tries.succeeded();
    CHECK(tries.next(0, {}, start).at == start + milliseconds(100));
}

TEST_CASE("a very long row of failures does not overflow") {
    const backoff_options options = without_jitter();
    backoff tries(options, 1, 7);
    for (int i = 0; i != 5000; ++i) tries.next(0, {}, start);
    CHECK(tries.next(0, {}, start).at == start + milliseconds(1000));
}

TEST_CASE("jitter takes a random part away, at most its share") {
    backoff_options options = without_jitter();
    options.jitter = 0.5;
    std::set<backoff::time_point> seen;
    for (std::uint64_t seed = 0; seed != 100; ++seed) {
        backoff tries(options, 1, seed);
        const auto at = tries.next(0, {}, start).at;
        CHECK(at >= start + milliseconds(50));
        CHECK(at <= start + milliseconds(100));
        seen.insert(at);
        backoff again(options, 1, seed);
        CHECK(again.next(0, {}, start).at == at);
    }
    CHECK(seen.size() > 20);
}

TEST_CASE("servers are tried in turn") {
    const backoff_options options = without_jitter();
    backoff tries(options, 3, 7);
    CHECK(tries.next(0, {}, start).url == 1);
    CHECK(tries.next(1, {}, start).url == 2);
    CHECK(tries.next(2, {}, start).url == 0);
}

TEST_CASE("a server that asked for time is not tried before, and passed over when there is another") {
    const backoff_options options = without_jitter();
    {
        backoff tries(options, 1, 7);
        const auto next = tries.next(0, seconds(10), start);
        CHECK(next.at >= start + seconds(10));
        CHECK(next.at <= start + seconds(10) + options.first);
    }
    backoff tries(options, 3, 7);
    CHECK(tries.next(0, seconds(60), start).url == 1);
    CHECK(tries.next(1, seconds(60), start).url == 2);
    const auto third = tries.next(2, {}, start);
    CHECK(third.url == 2);
    CHECK(third.at == start + milliseconds(400));
    CHECK(tries.next(2, {}, start + seconds(120)).url == 0);
}

TEST_CASE("a server cannot ask for more time than the options allow") {
    backoff_options options = without_jitter();
    options.longest_retry_after = seconds(30);
    backoff tries(options, 1, 7);
    CHECK(tries.next(0, seconds(1'000'000'000), start).at <= start + seconds(31));
}
