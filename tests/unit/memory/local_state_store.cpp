// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/local_state_store.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

// What every state store must do is in tests/contract; here is what only this one does.

using namespace stompchat;

namespace {

struct stand {
    void set(const std::string& key, std::chrono::seconds live) {
        subject.async_set(key, "value", live, [](error_code failure) { CHECK(!failure); });
        context.restart();
        context.run();
    }
    bool has(const std::string& key) {
        bool found = false;
        subject.async_get(key, [&](error_code, const state_store::value& value) { found = value.has_value(); });
        context.restart();
        context.run();
        return found;
    }

    std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
    asio::io_context context;
    local_state_store subject{context.get_executor(), {[this] { return now; }}};
};

} // namespace

TEST_CASE("entries that have ended are removed as others are written") {
    stand at;
    for (int round = 0; round != 20; ++round) {
        for (int i = 0; i != 100; ++i) at.set(std::to_string(round * 100 + i), std::chrono::seconds(10));
        at.now += std::chrono::seconds(10);
    }
    // Of 2000 written the 100 of the last round are left, and what its writes had no time to remove.
    CHECK(at.subject.size() <= 200);
    for (int i = 0; i != 100; ++i) at.set("last", std::chrono::seconds(10));
    CHECK(at.subject.size() == 1);
}

TEST_CASE("an entry that is written again and again is one entry") {
    stand at;
    for (int i = 0; i != 1'000; ++i) at.set("key", std::chrono::seconds(i % 7));
    CHECK(at.subject.size() <= 1);
}

TEST_CASE("an entry lives to its last moment and no longer") {
    stand at;
    at.set("key", std::chrono::seconds(10));
    at.now += std::chrono::milliseconds(9'999);
    CHECK(at.has("key"));
    at.now += std::chrono::milliseconds(1);
    CHECK(!at.has("key"));
}

TEST_CASE("a time to live of zero or less ends at once, the longest never") {
    stand at;
    at.set("zero", std::chrono::seconds(0));
    at.set("negative", std::chrono::seconds(-5));
    at.set("lowest", std::chrono::seconds::min());
    at.set("longest", std::chrono::seconds::max());
    for (const char* key : {"zero", "negative", "lowest"}) CHECK(!at.has(key));
    at.now += std::chrono::hours(24 * 365 * 100);
    CHECK(at.has("longest"));
}
