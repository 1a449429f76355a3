// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_NODE_FUTURE_HPP
#define STOMPCHAT_TESTS_NODE_FUTURE_HPP

#include <support/stomp_client.hpp>

#include <boost/asio/async_result.hpp>

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <tuple>
#include <utility>

namespace node_test {

/// A completion token for operations that a test waits for: gives a future of a tuple. (Asio's own, as_tuple(use_future), does not compile
/// in Boost 1.81.)
struct in_future_t {};
inline constexpr in_future_t in_future;

/// What an operation completes with; it must do so in time.
template <class T>
T wait_for(std::future<T> of) {
    REQUIRE_MESSAGE(of.wait_for(stompchat_test::patience) == std::future_status::ready, "the operation does not complete");
    return of.get();
}

} // namespace node_test

template <class... Args>
struct boost::asio::async_result<node_test::in_future_t, void(Args...)> {
    template <class Initiation, class... Rest>
    static auto initiate(Initiation&& initiation, const node_test::in_future_t&, Rest&&... rest) {
        auto promise = std::make_shared<std::promise<std::tuple<Args...>>>();
        auto future = promise->get_future();
        std::forward<Initiation>(initiation)([promise](Args... args) { promise->set_value({std::move(args)...}); },
                                             std::forward<Rest>(rest)...);
        return future;
    }
};

#endif
