// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_HANDLE_HPP
#define STOMPCHAT_KAFKA_DETAIL_HANDLE_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/environment.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// librdkafka's own header stays in .ipp files.
struct rd_kafka_s;
struct rd_kafka_queue_s;
struct rd_kafka_op_s;

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Tells on the executor that a queue of librdkafka has something, without a thread that polls: librdkafka writes an octet into a pipe
    when an empty queue gets its first entry.
    Thread safety: for one thread at a time, that of the executor. */
class queue_watch : public std::enable_shared_from_this<queue_watch> {
public:
    /// `drain()` takes what is in the queue, to its end, and returns false; or stops at a bound and returns true, then it is called again
    /// in a later turn. It is called once at the beginning.
    STOMPCHAT_DECL static std::shared_ptr<queue_watch> make(const asio::any_io_executor& executor, rd_kafka_queue_s* queue,
                                                            std::function<bool()> drain);
    STOMPCHAT_DECL ~queue_watch();
    /// No call of `drain` comes behind it. The queue must still be there.
    STOMPCHAT_DECL void stop();

    queue_watch(const queue_watch&) = delete;
    queue_watch& operator=(const queue_watch&) = delete;

private:
    struct pipe;
    queue_watch() = default;
    void wait();
    void turn();

    asio::any_io_executor executor_;
    rd_kafka_queue_s* queue_ = nullptr;
    std::function<bool()> drain_;
    std::unique_ptr<pipe> pipe_;
    bool posted_ = false;
};

/** A producer or consumer of librdkafka. What librdkafka itself has to tell (errors, log lines, and of a producer the delivery reports)
    comes as events on the executor. Its calls that block belong into environment::run_blocking().
    Thread safety: get() may be used from any thread as long as the handle is open; the rest is for the executor.
    Lifetime: close() it; the destructor does the same. */
class handle : public std::enable_shared_from_this<handle> {
public:
    enum class kind {
        producer,
        consumer
    };
    using settings = std::vector<std::pair<std::string, std::string>>;

    /// The options of the user come first, then what every handle has, then `special`.
    STOMPCHAT_DECL static boost::system::result<std::shared_ptr<handle>, kafka_failure> make(environment_ptr environment, kind what,
                                                                                             const settings& special);
    STOMPCHAT_DECL ~handle();

    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;

    rd_kafka_s* get() const noexcept { return rk_; }
    /// Keeps what get() gave from being destroyed: for jobs on other threads.
    std::shared_ptr<void> use() const noexcept { return in_use_; }
    /// Of a consumer: a queue for the partitions that it reads (rd_kafka_consume_start_queue()). Null for a producer.
    rd_kafka_queue_s* consumer_queue() const noexcept { return consumer_queue_; }

    /// Gives each event of the handle's main queue to `on_event`, which must not destroy it. Log lines are dealt with here.
    STOMPCHAT_DECL void watch_events(std::function<void(rd_kafka_op_s*)> on_event);
    /// Calls `drain` (see queue_watch) when the consumer's queue has something.
    STOMPCHAT_DECL void watch_consumer(std::function<bool()> drain);

    /// False while all brokers that librdkafka knows are down, as far as it has told.
    bool connected() const noexcept { return connected_; }
    /// Something came from a broker.
    void heard() noexcept { connected_ = true; }

    /** Destroys the handle on a thread of its own. One that does not end within the time is left alone and counted. `done` may be empty.
        `keep` is what librdkafka may still refer to, payloads of messages that it was given: it dies when the handle has ended. `before` is
        called first, on that thread. */
    STOMPCHAT_DECL void close(std::function<void()> done = {}, std::shared_ptr<void> keep = {}, std::function<void()> before = {});

private:
    handle() = default;
    bool drain_events();
    void tell(rd_kafka_op_s* event);

    environment_ptr environment_;
    rd_kafka_s* rk_ = nullptr;
    rd_kafka_queue_s* main_queue_ = nullptr;
    rd_kafka_queue_s* consumer_queue_ = nullptr;
    std::shared_ptr<queue_watch> main_watch_;
    std::shared_ptr<queue_watch> consumer_watch_;
    std::function<void(rd_kafka_op_s*)> on_event_;
    std::string name_;
    std::shared_ptr<int> in_use_ = std::make_shared<int>();
    bool connected_ = true;
    std::uint64_t lines_ = 0; // of the log, in the current second
    std::int64_t second_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/handle.ipp>
#endif

#endif
