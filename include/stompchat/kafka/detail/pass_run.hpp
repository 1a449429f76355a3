// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_PASS_RUN_HPP
#define STOMPCHAT_KAFKA_DETAIL_PASS_RUN_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/consumed_topic.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/handle.hpp>
#include <stompchat/kafka/detail/pass.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

struct rd_kafka_message_s;

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Takes a pass over a partition. Each time that it goes to another place the partition is stopped and started anew with a queue of its
   own, so that nothing of before can come behind it (librdkafka 2.0.2: after a seek it may).
    Thread safety: for the executor. */
class pass_run : public std::enable_shared_from_this<pass_run> {
public:
    /// How it ended. `told` comes as soon as that is known, `ended` when the partition may be started again.
    enum class outcome {
        done,    ///< the pass is done
        failed,  ///< the broker does not deliver
        log_gone ///< what is to be read is no longer there
    };

    pass_run(environment_ptr environment, consumed_topic_ptr topic, partition of, std::uint64_t epoch)
        : environment_(std::move(environment)), topic_(std::move(topic)), partition_(of), epoch_(epoch), timer_(environment_->executor) {}

    /// Both are called once, `ended` last, neither inside the call. The pass lives until `told` has been called.
    STOMPCHAT_DECL void start(pass& what, std::function<void(outcome)> told, std::function<void()> ended);
    /// Gives it up: `told(failed)` comes before this returns, unless it has come already.
    STOMPCHAT_DECL void cancel();

private:
    void seek();
    bool drain();
    void take(const rd_kafka_message_s& record);
    void act(pass::step next);
    void finish(outcome how);
    void close_queue(std::function<void()> then);
    void watch();

    environment_ptr environment_;
    consumed_topic_ptr topic_;
    partition partition_;
    std::uint64_t epoch_;
    asio::steady_timer timer_;
    pass* pass_ = nullptr; // null when it has been told
    std::function<void(outcome)> told_;
    std::function<void()> ended_;
    rd_kafka_queue_s* queue_ = nullptr;
    std::shared_ptr<queue_watch> watch_;
    bool closing_ = false;
    bool heard_ = false; // since the timer was set
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/pass_run.ipp>
#endif

#endif
