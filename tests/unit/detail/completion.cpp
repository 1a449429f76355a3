// Boost Software License 1.0, see LICENSE

#include <stompchat/detail/completion.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace stompchat;

namespace {

using signature = void(int, std::string);
using completion = detail::completion<signature>;

/// An operation that is kept until the test completes it.
template <class Token>
auto start(const asio::any_io_executor& executor, std::vector<completion>& pending, Token&& token) {
    return detail::async_initiate_on<signature>(executor, std::forward<Token>(token),
                                                [&pending](completion done) { pending.push_back(std::move(done)); });
}

} // namespace

TEST_CASE("a handler is completed through a post, once, with its arguments") {
    asio::io_context context;
    std::vector<completion> pending;
    int number = 0;
    std::string text;
    start(context.get_executor(), pending, [&](int n, std::string t) {
        number += n;
        text = std::move(t);
    });
    REQUIRE(pending.size() == 1);
    CHECK(pending[0]);
    pending[0](7, "seven");
    CHECK(!pending[0]);
    CHECK(number == 0);
    CHECK(context.run() > 0);
    CHECK(number == 7);
    CHECK(text == "seven");
}

TEST_CASE("run() does not return while an operation is pending, and returns when it is completed") {
    asio::io_context context;
    std::vector<completion> pending;
    bool completed = false;
    start(context.get_executor(), pending, [&](int, const std::string&) { completed = true; });
    CHECK(context.poll() == 0);
    CHECK(!context.stopped());
    std::thread([&] { pending[0](1, ""); }).join();
    context.run();
    CHECK(completed);
    CHECK(context.stopped());
}

TEST_CASE("a future is waited for too, although its executor is of no context") {
    asio::io_context context;
    std::vector<completion> pending;
    auto future = start(context.get_executor(), pending, asio::use_future);
    CHECK(context.poll() == 0);
    CHECK(!context.stopped());
    std::thread([&] { pending[0](1, ""); }).join();
    context.run();
    CHECK(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
}

TEST_CASE("a handler that is destroyed without completion lets run() return and frees what it holds") {
    asio::io_context context;
    std::vector<completion> pending;
    const auto held = std::make_shared<int>();
    start(context.get_executor(), pending, [held](int, const std::string&) { FAIL("must not be called"); });
    CHECK(held.use_count() == 2);
    pending.clear();
    CHECK(held.use_count() == 1);
    context.run();
    CHECK(context.stopped());
}

TEST_CASE("a handler that was posted dies with its context") {
    const auto held = std::make_shared<int>();
    {
        asio::io_context context;
        std::vector<completion> pending;
        start(context.get_executor(), pending, [held](int, const std::string&) { FAIL("must not be called"); });
        pending[0](1, "");
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("the handler's executor wins over the fallback, and its context waits") {
    asio::io_context fallback;
    asio::io_context own;
    std::vector<completion> pending;
    bool on_own = false;
    start(fallback.get_executor(), pending,
          asio::bind_executor(own.get_executor(), [&](int, const std::string&) { on_own = own.get_executor().running_in_this_thread(); }));
    CHECK(own.poll() == 0);
    CHECK(!own.stopped());
    pending[0](1, "");
    fallback.run();
    CHECK(!on_own);
    own.run();
    CHECK(on_own);
}

TEST_CASE("a strand is respected when many threads complete at once") {
    asio::io_context context;
    const auto strand = asio::make_strand(context);
    std::vector<completion> pending;
    int count = 0;
    for (int i = 0; i != 200; ++i)
        start(context.get_executor(), pending, asio::bind_executor(strand, [&](int, const std::string&) {
                  CHECK(strand.running_in_this_thread());
                  ++count;
              }));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t != 4; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < pending.size(); i += 4) pending[i](1, "");
            context.run();
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(count == 200);
}

TEST_CASE("a completion moves, also over another one") {
    asio::io_context context;
    std::vector<completion> pending;
    std::string order;
    const auto dropped = std::make_shared<int>();
    start(context.get_executor(), pending, [&](int, const std::string&) { order += 'a'; });
    start(context.get_executor(), pending, [&, dropped](int, const std::string&) { order += 'b'; });
    completion kept;
    CHECK(!kept);
    kept = std::move(pending[1]);
    CHECK(kept);
    CHECK(!pending[1]);
    // The one that is replaced is destroyed now, not when the other one is.
    kept = std::move(pending[0]);
    CHECK(dropped.use_count() == 1);
    completion last(std::move(kept));
    last(1, "");
    context.run();
    CHECK(order == "a");
}

TEST_CASE("the cancellation slot of the handler is that of the completion") {
    asio::io_context context;
    std::vector<completion> pending;
    asio::cancellation_signal signal;
    start(context.get_executor(), pending, asio::bind_cancellation_slot(signal.slot(), [](int, const std::string&) {}));
    // Nobody listens: cancellation does nothing, and the operation completes.
    signal.emit(asio::cancellation_type::all);
    pending[0](1, "");
    CHECK(context.run() > 0);
}

TEST_CASE("futures, coroutines and deferred operations complete") {
    asio::io_context context;
    std::vector<completion> pending;
    auto future = start(context.get_executor(), pending, asio::use_future);
    int awaited = 0;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            const auto [number, text] = co_await start(context.get_executor(), pending, asio::use_awaitable);
            awaited = number;
            CHECK(text == "text");
        },
        asio::detached);
    auto later = start(context.get_executor(), pending, asio::deferred);
    context.poll();
    // The deferred one has not begun.
    REQUIRE(pending.size() == 2);
    int deferred = 0;
    std::move(later)([&](int number, const std::string&) { deferred = number; });
    REQUIRE(pending.size() == 3);
    for (int i = 0; i != 3; ++i) pending[static_cast<std::size_t>(i)](i + 1, "text");
    context.run();
    CHECK(std::get<0>(future.get()) == 1);
    CHECK(awaited == 2);
    CHECK(deferred == 3);
}
