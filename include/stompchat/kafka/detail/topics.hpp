// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_TOPICS_HPP
#define STOMPCHAT_KAFKA_DETAIL_TOPICS_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/kafka_options.hpp>

#include <string>
#include <vector>

struct rd_kafka_s;

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// What prepare_topics() found.
struct topics_report {
    /// Clear when all topics are there, and as the options want them.
    kafka_failure failure;
    /// Whether somebody has to do something: waiting does not help.
    bool needs_operator = false;
    /// What an operator should know.
    std::vector<std::string> warnings;
};

/// Where ephemeral messages go. It is in no backup and keeps nothing for long.
inline std::string ephemeral_topic(const kafka_broker_options& options) { return options.topic + ".ephemeral"; }

/** Looks whether the topics are there: the log, the topic of ephemeral messages and that of markers. Creates those that are not, if it may;
    then it fails once with error::broker_unavailable, because a new topic is not known everywhere at once.
    Blocks for a bounded time. `consumer` is a consumer's handle: a question of a producer may make a broker create a topic by itself, with
    another number of partitions. */
STOMPCHAT_DECL topics_report prepare_topics(rd_kafka_s* consumer, const kafka_broker_options& options);

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/topics.ipp>
#endif

#endif
