// Boost Software License 1.0, see LICENSE

// How the streams of one io_context share the descriptor that tells which of them are ready.

#include "stream_support.hpp"

#include <stdexcept>

using namespace net_test;

namespace {

struct several {
    explicit several(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) pairs.push_back(connect_ready_streams(context, kind::plain));
        listeners.resize(count);
        for (std::size_t i = 0; i != count; ++i) {
            pairs[i].server->set_listener(&listeners[i]);
            pairs[i].server->async_wait_readable();
        }
    }
    void say_something_to_all() {
        error_code ec;
        for (const stream_pair& pair : pairs) write(*pair.client, "x", ec);
    }
    int told() const {
        int sum = 0;
        for (const recording_listener& one : listeners) sum += one.readable;
        return sum;
    }
    void run_until_thrown(int times) {
        for (int thrown = 0; thrown != times;) {
            try {
                const int before = told();
                run_until(context, [&] { return told() != before; });
            } catch (const std::runtime_error&) {
                ++thrown;
            }
        }
    }

    asio::io_context context;
    std::vector<stream_pair> pairs;
    std::vector<recording_listener> listeners;
};

} // namespace

TEST_CASE("of streams that are ready together, one whose predecessor destroys it is told nothing") {
    several at(3);
    for (std::size_t i = 0; i != 3; ++i)
        at.listeners[i].when_readable = [&at, i] {
            for (std::size_t other = 0; other != 3; ++other)
                if (other != i) at.pairs[other].server.reset();
        };
    at.say_something_to_all();
    run_until(at.context, [&] { return at.told() != 0; });
    run_ready(at.context);
    CHECK(at.told() == 1);
}

TEST_CASE("of streams that are ready together, those behind a listener that throws are told all the same") {
    several at(5);
    for (recording_listener& one : at.listeners) one.when_readable = [] { throw std::runtime_error("a listener"); };
    at.say_something_to_all();
    at.run_until_thrown(5);
    CHECK(at.told() == 5);
}

TEST_CASE("a listener that throws when it is told at once does not keep the others from their turn") {
    several at(3);
    at.say_something_to_all();
    run_until(at.context, [&] { return at.told() == 3; });
    // Nobody has read: the next waits are over at once.
    for (recording_listener& one : at.listeners) one.when_readable = [] { throw std::runtime_error("a listener"); };
    for (const stream_pair& pair : at.pairs) pair.server->async_wait_readable();
    at.run_until_thrown(3);
    CHECK(at.told() == 6);
}

TEST_CASE("more streams than a turn has room for are all told") {
    several at(300);
    at.say_something_to_all();
    run_until(at.context, [&] { return at.told() == 300; });
    run_ready(at.context);
    CHECK(at.told() == 300);
}

TEST_CASE("octets and the end of the stream that come together are both read, with one wait each") {
    several at(1);
    error_code ec;
    write(*at.pairs[0].client, "last", ec);
    at.pairs[0].client->shutdown_send();
    run_until(at.context, [&] { return at.told() == 1; });
    CHECK(read(*at.pairs[0].server, 100, ec) == "last");
    at.pairs[0].server->async_wait_readable();
    run_until(at.context, [&] { return at.told() == 2; });
    CHECK(read(*at.pairs[0].server, 100, ec).empty());
    CHECK(ec == asio::error::eof);
}

TEST_CASE("octets that come while nobody waits end the next wait") {
    several at(2);
    error_code ec;
    write(*at.pairs[0].client, "one", ec);
    run_until(at.context, [&] { return at.told() == 1; });
    CHECK(read(*at.pairs[0].server, 100, ec) == "one");
    write(*at.pairs[0].client, "two", ec);
    // The other one's wait has the descriptor looked at.
    write(*at.pairs[1].client, "x", ec);
    run_until(at.context, [&] { return at.listeners[1].readable == 1; });
    run_ready(at.context);
    CHECK(at.listeners[0].readable == 1);
    at.pairs[0].server->async_wait_readable();
    run_until(at.context, [&] { return at.listeners[0].readable == 2; });
    CHECK(read(*at.pairs[0].server, 100, ec) == "two");
}

TEST_CASE("an io_context runs while a stream waits, and not longer") {
    several at(2);
    at.pairs[1].server->close();
    run_ready(at.context);
    CHECK_FALSE(at.context.stopped());
    at.pairs[0].server->close();
    at.context.run();
    CHECK(at.told() == 0);
    // Another wait, on a stream of the same context, is told again.
    recording_listener listener;
    at.pairs[0].client->set_listener(&listener);
    at.pairs[0].client->async_wait_readable();
    run_until(at.context, [&] { return listener.readable == 1; });
}
