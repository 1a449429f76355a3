// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_EPHEMERAL_PRODUCER_HPP
#define STOMPCHAT_KAFKA_DETAIL_EPHEMERAL_PRODUCER_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/environment.hpp>
#include <stompchat/kafka/detail/handle.hpp>
#include <stompchat/ports/message.hpp>

#include <functional>
#include <memory>
#include <mutex>

struct rd_kafka_topic_s;

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Passes ephemeral messages on. A producer of its own: it waits for the leader alone and gives up soon, which the producer of the log must
    never do. Nothing comes back: a message that cannot be passed on is given up.
    Thread safety: pass_on() may be called from any thread; the rest is for the executor. */
class ephemeral_producer {
public:
    STOMPCHAT_DECL static boost::system::result<std::shared_ptr<ephemeral_producer>, kafka_failure> make(environment_ptr environment);
    STOMPCHAT_DECL ~ephemeral_producer();

    /// The topic is there.
    STOMPCHAT_DECL void open();
    /// Precondition: fits_record_header().
    STOMPCHAT_DECL void pass_on(const outgoing& one);
    STOMPCHAT_DECL void stop(std::function<void()> done);

private:
    explicit ephemeral_producer(environment_ptr environment) : environment_(std::move(environment)) {}

    const environment_ptr environment_;
    std::mutex mutex_;
    std::shared_ptr<handle> handle_;
    rd_kafka_topic_s* topic_ = nullptr; // null while nothing can be passed on
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/ephemeral_producer.ipp>
#endif

#endif
