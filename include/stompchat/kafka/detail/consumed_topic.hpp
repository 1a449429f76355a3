// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_CONSUMED_TOPIC_HPP
#define STOMPCHAT_KAFKA_DETAIL_CONSUMED_TOPIC_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/handle.hpp>

#include <memory>
#include <string>

struct rd_kafka_topic_s;

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** A topic of a consumer, for as long as anybody holds it: jobs on other threads too. The consumer is not destroyed before.
    Thread safety: it does not change; librdkafka's functions may be used from any thread. */
class consumed_topic {
public:
    STOMPCHAT_DECL consumed_topic(const handle& consumer, const std::string& name);
    STOMPCHAT_DECL ~consumed_topic();
    consumed_topic(const consumed_topic&) = delete;
    consumed_topic& operator=(const consumed_topic&) = delete;

    rd_kafka_s* consumer() const noexcept { return consumer_; }
    rd_kafka_topic_s* get() const noexcept { return topic_; }
    const std::string& name() const noexcept { return name_; }

private:
    std::shared_ptr<void> use_;
    rd_kafka_s* consumer_;
    std::string name_;
    rd_kafka_topic_s* topic_;
};

using consumed_topic_ptr = std::shared_ptr<const consumed_topic>;

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/consumed_topic.ipp>
#endif

#endif
