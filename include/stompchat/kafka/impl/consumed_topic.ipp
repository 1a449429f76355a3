// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_CONSUMED_TOPIC_IPP
#define STOMPCHAT_KAFKA_IMPL_CONSUMED_TOPIC_IPP

#include <stompchat/kafka/detail/consumed_topic.hpp>

#include <librdkafka/rdkafka.h>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

STOMPCHAT_DECL consumed_topic::consumed_topic(const handle& consumer, const std::string& name)
    : use_(consumer.use()), consumer_(consumer.get()), name_(name), topic_(rd_kafka_topic_new(consumer_, name.c_str(), nullptr)) {}

STOMPCHAT_DECL consumed_topic::~consumed_topic() {
    if (topic_) rd_kafka_topic_destroy(topic_);
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
