// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_TOPICS_IPP
#define STOMPCHAT_KAFKA_IMPL_TOPICS_IPP

#include <stompchat/kafka/detail/epoch_marker.hpp>
#include <stompchat/kafka/detail/topics.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {
namespace detail {

inline constexpr int question_timeout_ms = 5'000;

struct wanted_topic {
    std::string name;
    int partitions;
    std::vector<std::pair<std::string, std::string>> settings;
};

struct topic_found {
    rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR__TIMED_OUT;
    int partitions = 0;
    int replicas = 0; // the fewest that a partition has
    int without_leader = 0;
    int brokers = 0;
};

inline topic_found look_for_topic(rd_kafka_t* rk, const std::string& name) {
    topic_found found;
    rd_kafka_topic_t* const topic = rd_kafka_topic_new(rk, name.c_str(), nullptr);
    const struct rd_kafka_metadata* metadata = nullptr;
    found.failure = rd_kafka_metadata(rk, 0, topic, &metadata, question_timeout_ms);
    rd_kafka_topic_destroy(topic);
    if (found.failure != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
    found.brokers = metadata->broker_cnt;
    found.failure = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (metadata->topic_cnt == 1) {
        const struct rd_kafka_metadata_topic& one = metadata->topics[0];
        found.failure = one.err;
        found.partitions = one.partition_cnt;
        for (int p = 0; p != one.partition_cnt; ++p) {
            if (one.partitions[p].leader < 0) ++found.without_leader;
            found.replicas = p == 0 ? one.partitions[p].replica_cnt : std::min(found.replicas, one.partitions[p].replica_cnt);
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return found;
}

inline std::string create_topic(rd_kafka_t* rk, const wanted_topic& wanted, int replicas) {
    char why[512] = "";
    rd_kafka_NewTopic_t* one = rd_kafka_NewTopic_new(wanted.name.c_str(), wanted.partitions, replicas, why, sizeof why);
    if (!one) return why;
    for (const auto& [name, value] : wanted.settings) rd_kafka_NewTopic_set_config(one, name.c_str(), value.c_str());
    const std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> queue(rd_kafka_queue_new(rk), &rd_kafka_queue_destroy);
    const std::unique_ptr<rd_kafka_AdminOptions_t, decltype(&rd_kafka_AdminOptions_destroy)> options(
        rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS), &rd_kafka_AdminOptions_destroy);
    rd_kafka_AdminOptions_set_request_timeout(options.get(), question_timeout_ms, why, sizeof why);
    rd_kafka_CreateTopics(rk, &one, 1, options.get(), queue.get());
    rd_kafka_NewTopic_destroy(one);
    const std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)> event(
        rd_kafka_queue_poll(queue.get(), 2 * question_timeout_ms), &rd_kafka_event_destroy);
    if (!event) return "no answer";
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(event.get());
    std::size_t count = 0;
    const rd_kafka_topic_result_t** const results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    for (std::size_t i = 0; i != count; ++i) {
        const rd_kafka_resp_err_t failure = rd_kafka_topic_result_error(results[i]);
        // Another node was faster.
        if (failure == RD_KAFKA_RESP_ERR_NO_ERROR || failure == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        const char* const text = rd_kafka_topic_result_error_string(results[i]);
        return text ? text : rd_kafka_err2str(failure);
    }
    return {};
}

inline std::vector<wanted_topic> wanted_topics(const kafka_broker_options& options) {
    const int partitions = static_cast<int>(options.partitions);
    // As the producer: a topic that takes less than its nodes do would refuse messages that they have accepted.
    const std::string longest = std::to_string(std::max<std::size_t>(2 * options.max_message_length + 64 * 1024, 1'048'588));
    return {
        {options.topic,
         partitions,
         {{"cleanup.policy", "delete"},
          {"retention.ms", std::to_string(options.retention.count())},
          {"max.message.bytes", longest},
          {"unclean.leader.election.enable", "false"}}},
        {ephemeral_topic(options),
         partitions,
         {{"cleanup.policy", "delete"},
          {"retention.ms", "60000"},
          {"segment.ms", "60000"},
          {"max.message.bytes", longest},
          {"min.insync.replicas", "1"}}},
        {epoch_marker::meta_topic, 1, {{"cleanup.policy", "compact"}, {"unclean.leader.election.enable", "false"}}},
    };
}

/// Why the broker will not do it, as a report.
inline topics_report unavailable(std::string text, bool needs_operator = false) {
    topics_report report;
    report.failure = {make_error_code(error::broker_unavailable), std::move(text)};
    report.needs_operator = needs_operator;
    return report;
}

} // namespace detail

STOMPCHAT_DECL topics_report prepare_topics(rd_kafka_s* consumer, const kafka_broker_options& options) {
    topics_report report;
    bool created = false;
    for (detail::wanted_topic& wanted : detail::wanted_topics(options)) {
        const detail::topic_found found = detail::look_for_topic(consumer, wanted.name);
        switch (found.failure) {
        case RD_KAFKA_RESP_ERR_NO_ERROR: break;
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: {
            if (!options.create_topics)
                return detail::unavailable(
                    fmt::format("topic {} is not there, and the options say that it must not be created", wanted.name), true);
            const int replicas = options.replicas.value_or(std::clamp(found.brokers, 1, 3));
            // With all three, the loss of any one broker would stop the log.
            if (replicas >= 3 && wanted.name != ephemeral_topic(options)) wanted.settings.emplace_back("min.insync.replicas", "2");
            if (const std::string why = detail::create_topic(consumer, wanted, replicas); !why.empty())
                return detail::unavailable(fmt::format("topic {} cannot be created: {}", wanted.name, why), true);
            created = true;
            continue;
        }
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE: created = true; continue;
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
            return detail::unavailable(fmt::format("topic {} may not be used: {}", wanted.name, rd_kafka_err2str(found.failure)), true);
        default: return detail::unavailable(fmt::format("no answer about topic {}: {}", wanted.name, rd_kafka_err2str(found.failure)));
        }
        if (found.partitions != wanted.partitions) {
            report.failure = {
                make_error_code(error::bad_option),
                fmt::format("topic {} has {} partitions, and {} are configured: the number never changes, because destinations "
                            "would be looked for in the wrong ones",
                            wanted.name, found.partitions, wanted.partitions)};
            report.needs_operator = true;
            return report;
        }
        if (found.without_leader != 0 && wanted.name == options.topic) created = true;
        if (found.replicas < 3 && wanted.name == options.topic)
            report.warnings.push_back(fmt::format("topic {} has {} replica{}: with fewer than 3, the loss of a broker may lose messages",
                                                  wanted.name, found.replicas, found.replicas == 1 ? "" : "s"));
    }
    if (created) return detail::unavailable("the topics are being created");
    return report;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
