// Boost Software License 1.0, see LICENSE

#include "state_store_contract.hpp"

#include <boost/asio/bind_executor.hpp>
#include <doctest/doctest.h>
#include <support/run_until.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace contract {
namespace {

using namespace stompchat;
using std::chrono::seconds;
using value = state_store::value;

struct swap_outcome {
    bool swapped;
    value found;
    friend bool operator==(const swap_outcome&, const swap_outcome&) = default;
};

/** A store with all that a case needs around it: each operation as a call that waits. */
struct store_stand {
    explicit store_stand(const make_state_store& make) : subject(make(context)), store(subject->store()) {}

    template <class Outcome, class Start>
    Outcome wait(Start start) {
        std::optional<Outcome> outcome;
        start(outcome);
        CHECK_MESSAGE(!outcome, "completed inside its initiation");
        REQUIRE(support::run_until(context, [&] { return outcome.has_value(); }));
        return *outcome;
    }
    value get(const std::string& key) {
        return wait<value>([&](auto& outcome) {
            store.async_get(key, [&](error_code failure, value found) {
                CHECK(!failure);
                outcome = std::move(found);
            });
        });
    }
    void set(const std::string& key, const std::string& to, seconds live = seconds(60)) {
        const auto failure = wait<error_code>([&](auto& outcome) { store.async_set(key, to, live, [&](error_code ec) { outcome = ec; }); });
        CHECK(!failure);
    }
    swap_outcome swap(const std::string& key, const value& expected, const value& desired, seconds live = seconds(60)) {
        return wait<swap_outcome>([&](auto& outcome) {
            store.async_compare_and_set(key, expected, desired, live, [&](error_code failure, bool swapped, value found) {
                CHECK(!failure);
                outcome = swap_outcome{swapped, std::move(found)};
            });
        });
    }

    boost::asio::io_context context;
    std::unique_ptr<state_store_subject> subject;
    state_store& store;
};

void reads_what_was_written(store_stand& at) {
    CHECK(at.get("k") == value());
    at.set("k", "one");
    CHECK(at.get("k") == "one");
    CHECK(at.get("other") == value());
    at.set("k", "two");
    CHECK(at.get("k") == "two");
    // Empty is not absent.
    at.set("empty", "");
    CHECK(at.get("empty") == "");
}

void keys_and_values_are_opaque(store_stand& at) {
    std::string all;
    for (int i = 0; i != 256; ++i) all.push_back(static_cast<char>(i));
    const std::vector<std::string> odd = {"", ":", "{a}", "a:b", all, std::string("x\0y", 3), "*", "\xc3\xa9"};
    for (const std::string& key : odd) at.set(key, key + all);
    for (const std::string& key : odd) CHECK(at.get(key) == key + all);
}

void swaps_only_what_it_expects(store_stand& at) {
    CHECK(at.swap("k", "x", "y") == swap_outcome{false, {}});
    CHECK(at.get("k") == value());
    CHECK(at.swap("k", {}, "one") == swap_outcome{true, {}});
    CHECK(at.get("k") == "one");
    CHECK(at.swap("k", {}, "two") == swap_outcome{false, "one"});
    CHECK(at.swap("k", "two", "three") == swap_outcome{false, "one"});
    CHECK(at.get("k") == "one");
    CHECK(at.swap("k", "one", "two") == swap_outcome{true, "one"});
    CHECK(at.get("k") == "two");
    CHECK(at.swap("k", "two", {}) == swap_outcome{true, "two"});
    CHECK(at.get("k") == value());
    CHECK(at.swap("k", {}, {}) == swap_outcome{true, {}});
    CHECK(at.swap("k", "", "one") == swap_outcome{false, {}});
    CHECK(at.swap("k", {}, "") == swap_outcome{true, {}});
    CHECK(at.swap("k", {}, "one") == swap_outcome{false, ""});
    CHECK(at.swap("k", "", "one") == swap_outcome{true, ""});
}

void entries_end(store_stand& at) {
    at.set("short", "x", seconds(2));
    at.set("long", "y", seconds(1'000));
    CHECK(at.swap("swapped", {}, "z", seconds(2)).swapped);
    CHECK(at.get("short") == "x");
    at.subject->pass(seconds(3));
    CHECK(at.get("short") == value());
    CHECK(at.get("swapped") == value());
    CHECK(at.get("long") == "y");
    // What has ended is not there for a swap either.
    CHECK(at.swap("short", "x", "again") == swap_outcome{false, {}});
    CHECK(at.swap("short", {}, "again") == swap_outcome{true, {}});
    CHECK(at.get("short") == "again");
}

void a_write_begins_a_new_life(store_stand& at) {
    at.set("set", "1", seconds(2));
    at.set("swapped", "1", seconds(2));
    at.set("refused", "1", seconds(2));
    at.set("shortened", "1", seconds(1'000));
    at.set("set", "2", seconds(1'000));
    CHECK(at.swap("swapped", "1", "2", seconds(1'000)).swapped);
    CHECK(!at.swap("refused", "x", "2", seconds(1'000)).swapped);
    at.set("shortened", "2", seconds(2));
    at.subject->pass(seconds(3));
    CHECK(at.get("set") == "2");
    CHECK(at.get("swapped") == "2");
    CHECK(at.get("refused") == value());
    CHECK(at.get("shortened") == value());
}

void odd_times_to_live(store_stand& at) {
    at.set("ever", "x", seconds(10LL * 365 * 24 * 3600));
    CHECK(at.get("ever") == "x");
}

/// Adds to a counter until that succeeded `rounds` times. On a thread of its own.
void count(state_store& store, int rounds) {
    value seen;
    for (int done = 0; done != rounds;) {
        const std::string next = std::to_string(seen ? std::stoi(*seen) + 1 : 1);
        const auto outcome = std::make_shared<std::promise<swap_outcome>>();
        store.async_compare_and_set("count", seen, next, seconds(60), [outcome](error_code, bool swapped, value found) {
            outcome->set_value({swapped, std::move(found)});
        });
        std::future<swap_outcome> answer = outcome->get_future();
        if (answer.wait_for(seconds(20)) != std::future_status::ready) return;
        const swap_outcome result = answer.get();
        done += result.swapped ? 1 : 0;
        seen = result.swapped ? value(next) : result.found;
    }
}

void counting_loses_nothing(store_stand& at) {
    constexpr int thread_count = 4;
    constexpr int rounds = 50;
    std::atomic<int> finished{0};
    std::vector<std::thread> threads;
    for (int t = 0; t != thread_count; ++t)
        threads.emplace_back([&] {
            count(at.store, rounds);
            ++finished;
        });
    CHECK(support::run_until(at.context, [&] { return finished == thread_count; }));
    for (std::thread& thread : threads) thread.join();
    CHECK(at.get("count") == std::to_string(thread_count * rounds));
}

void only_one_takes_over(store_stand& at) {
    constexpr int takers = 20;
    int completed = 0;
    int winners = 0;
    for (int i = 0; i != takers; ++i)
        at.store.async_compare_and_set("owner", {}, std::to_string(i), seconds(60), [&](error_code, bool swapped, const value&) {
            ++completed;
            winners += swapped ? 1 : 0;
        });
    REQUIRE(support::run_until(at.context, [&] { return completed == takers; }));
    CHECK(winners == 1);
}

void handlers_run_where_they_live(store_stand& at) {
    boost::asio::io_context other;
    std::optional<std::thread::id> ran_on;
    at.store.async_get(
        "k", boost::asio::bind_executor(other.get_executor(), [&](error_code, const value&) { ran_on = std::this_thread::get_id(); }));
    std::thread elsewhere([&] { other.run(); });
    const auto expected = elsewhere.get_id();
    CHECK(support::run_until(at.context, [&] { return other.stopped(); }));
    elsewhere.join();
    CHECK(ran_on == expected);
}

void an_outage_is_told(store_stand& at) {
    at.set("k", "v");
    if (!at.subject->set_available(false)) return;
    std::vector<error_code> outcomes;
    at.store.async_get("k", [&](error_code failure, const value&) { outcomes.push_back(failure); });
    at.store.async_set("k", "w", seconds(1), [&](error_code failure) { outcomes.push_back(failure); });
    at.store.async_compare_and_set("k", "v", "w", seconds(1), [&](error_code failure, bool, const value&) { outcomes.push_back(failure); });
    REQUIRE(support::run_until(at.context, [&] { return outcomes.size() == 3; }));
    for (const error_code& outcome : outcomes) CHECK(outcome == error::registry_unavailable);
    at.subject->set_available(true);
    CHECK(at.get("k") == "v");
}

} // namespace

void check_state_store(const make_state_store& make) {
    store_stand at(make);
    SUBCASE("what was written is read") { reads_what_was_written(at); }
    SUBCASE("keys and values may hold any octets") { keys_and_values_are_opaque(at); }
    SUBCASE("compare_and_set swaps only what it expects and says what it found") { swaps_only_what_it_expects(at); }
    SUBCASE("an entry ends with its time to live, for every operation") { entries_end(at); }
    SUBCASE("a write begins a new time to live, a refused one does not") { a_write_begins_a_new_life(at); }
    SUBCASE("a time to live may be years") { odd_times_to_live(at); }
    SUBCASE("threads that count by compare_and_set lose no count") { counting_loses_nothing(at); }
    SUBCASE("of many that take over at once one succeeds") { only_one_takes_over(at); }
    SUBCASE("a handler runs on its own executor") { handlers_run_where_they_live(at); }
    SUBCASE("an outage is told as such and changes nothing") { an_outage_is_told(at); }
}

} // namespace contract
