// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_ENVIRONMENT_HPP
#define STOMPCHAT_KAFKA_DETAIL_ENVIRONMENT_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/kafka_options.hpp>
#include <stompchat/ports/observer.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

namespace asio = boost::asio;

/// What broker_statistics is made of. Any thread may add to them.
struct counters {
    std::atomic<std::uint64_t> produced{0};
    std::atomic<std::uint64_t> consumed{0};
    std::atomic<std::uint64_t> void_copies{0};
    std::atomic<std::uint64_t> fatal_producers{0};
    std::atomic<std::uint64_t> leaked_handles{0};
    std::atomic<std::uint64_t> physical_reads{0};
    std::atomic<std::uint64_t> new_epochs{0};
    std::atomic<std::uint64_t> unreadable{0}; ///< records that were passed over: malformed or misplaced
};

/** What the parts of a kafka_broker share. A part lives on `executor`, a strand: it is called there, and calls back there.
    Thread safety: run_blocking() and log() may be called from any thread. */
class environment {
public:
    environment(asio::any_io_executor strand, kafka_broker_options with, observer* watcher)
        : options(std::move(with)), executor(std::move(strand)), watcher_(watcher), blocking_(2) {}

    const kafka_broker_options options;
    const asio::any_io_executor executor;
    counters count;

    /** Runs `job()` on a helper thread, where it may block for a bounded time, then `then(result)` on the executor. Both die on the
        executor. What is waiting when stop_blocking() is called is never run. */
    template <class Job, class Then>
    void run_blocking(Job job, Then then) {
        auto back = asio::prefer(executor, asio::execution::outstanding_work.tracked);
        asio::post(blocking_, [back = std::move(back), job = std::move(job), then = std::move(then)]() mutable {
            auto result = job();
            asio::post(back,
                       [job = std::move(job), then = std::move(then), result = std::move(result)]() mutable { then(std::move(result)); });
        });
    }

    /// Waits for the job that runs; the others are dropped.
    void stop_blocking() {
        blocking_.stop();
        blocking_.join();
    }

    void log(severity level, const std::string& text) const {
        if (watcher_) watcher_->on_log(level, text);
    }
    observer* watcher() const noexcept { return watcher_; }

private:
    observer* const watcher_;
    asio::thread_pool blocking_;
};

using environment_ptr = std::shared_ptr<environment>;

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
