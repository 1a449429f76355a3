// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_SHARD_POOL_HPP
#define STOMPCHAT_NODE_SHARD_POOL_HPP

#include <stompchat/config.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

namespace asio = boost::asio;

/** Threads that each run one io_context of their own: one per shard of a node. They share nothing.
    Thread safety: stop() may be called from any thread, the other functions from one. Lifetime: outlives all that uses its contexts. */
class shard_pool {
public:
    /// Precondition: `threads > 0`.
    explicit shard_pool(std::size_t threads) {
        for (std::size_t i = 0; i != threads; ++i) shards_.push_back(std::make_unique<shard>());
    }

    ~shard_pool() {
        stop();
        join();
    }

    shard_pool(const shard_pool&) = delete;
    shard_pool& operator=(const shard_pool&) = delete;

    /// How many contexts there are.
    std::size_t size() const noexcept { return shards_.size(); }
    /// The context of one thread. Precondition: `i < size()`.
    asio::io_context& context(std::size_t i) noexcept { return shards_[i]->context; }
    /// Its executor. Precondition: `i < size()`.
    asio::any_io_executor executor(std::size_t i = 0) noexcept { return shards_[i]->context.get_executor(); }

    /// Runs the first context on the calling thread and the others on threads of their own, until stop(). Called once.
    void run() {
        for (std::size_t i = 1; i != shards_.size(); ++i) threads_.emplace_back([context = &shards_[i]->context] { context->run(); });
        shards_.front()->context.run();
        join();
    }

    /// Makes run() return soon; handlers that have not run are destroyed with the pool.
    void stop() {
        for (const auto& one : shards_) one->context.stop();
    }

private:
    struct shard {
        // One thread runs each context: Asio then needs no locks for its own queue.
        asio::io_context context{1};
        asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    };

    void join() {
        for (std::thread& one : threads_) {
            if (one.joinable()) one.join();
        }
    }

    std::vector<std::unique_ptr<shard>> shards_;
    std::vector<std::thread> threads_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
