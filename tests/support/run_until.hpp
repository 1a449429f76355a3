// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_SUPPORT_RUN_UNTIL_HPP
#define STOMPCHAT_TESTS_SUPPORT_RUN_UNTIL_HPP

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>

namespace support {

/** Runs the context until `reached()` holds. False when it does not within the limit, which only a test that fails ever waits for. */
template <class Condition>
bool run_until(boost::asio::io_context& context, Condition reached, std::chrono::seconds limit = std::chrono::seconds(20)) {
    // Other threads may bring the work.
    const auto guard = boost::asio::make_work_guard(context);
    const auto end = std::chrono::steady_clock::now() + limit;
    context.restart();
    while (!reached()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        // What another thread does to the condition wakes nobody here.
        context.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
}

/** Runs all that is ready now, and what becomes ready by it. */
inline void run_ready(boost::asio::io_context& context) {
    context.restart();
    context.poll();
}

} // namespace support

#endif
