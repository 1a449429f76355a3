// Boost Software License 1.0, see LICENSE
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace support {

/** librdkafka's mock of a Kafka cluster, in this process: brokers 1, 2, ... on ports of their own.

    What it lacks: CreateTopics; a look at the sequence numbers of a producer, so a request that is repeated is in the log twice, and those
    behind one that failed are taken all the same; offsets for times other than the beginning and the end. A fetch that finds nothing is not
    woken by what is written, but answers when its time is over. A partition keeps 5 MB. */
class mock_kafka {
public:
    /// The request that a failure is for, by Kafka's number.
    enum class request : std::int16_t {
        produce = 0,
        fetch = 1,
        list_offsets = 2,
        metadata = 3,
        init_producer_id = 22
    };

    explicit mock_kafka(int brokers) : rk_(make_handle(), &rd_kafka_destroy), cluster_(rd_kafka_mock_cluster_new(rk_.get(), brokers)) {
        if (!cluster_) throw std::runtime_error("there is no mock cluster");
    }
    ~mock_kafka() { rd_kafka_mock_cluster_destroy(cluster_); }
    mock_kafka(const mock_kafka&) = delete;
    mock_kafka& operator=(const mock_kafka&) = delete;

    std::string addresses() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

    void create_topic(const std::string& name, int partitions, int replicas) {
        check(rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, replicas));
    }
    /// Moves a partition to another broker; -1 = it has no leader.
    void set_leader(const std::string& topic, std::uint32_t partition, int broker) {
        check(rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), static_cast<std::int32_t>(partition), broker));
    }

    // All brokers with -1. Partitions do not move to another one by themselves.
    void set_down(int broker) { check(rd_kafka_mock_broker_set_down(cluster_, broker)); }
    void set_up(int broker) { check(rd_kafka_mock_broker_set_up(cluster_, broker)); }
    /// Each answer comes so much later.
    void set_round_trip(int broker, int milliseconds) { check(rd_kafka_mock_broker_set_rtt(cluster_, broker, milliseconds)); }

    /// What is told of a topic, until it is told that there is no error.
    void set_topic_error(const std::string& topic, rd_kafka_resp_err_t error) {
        rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), error);
    }

    /// The next such requests to that broker fail, in this order, and do nothing. RD_KAFKA_RESP_ERR__TRANSPORT cuts the connection.
    void fail(int broker, request what, const std::vector<rd_kafka_resp_err_t>& how) {
        for (const rd_kafka_resp_err_t one : how) push(broker, what, one, 0);
    }
    /// The next such request to that broker is served, but the answer does not come for ten minutes.
    void withhold_answer(int broker, request what) { push(broker, what, RD_KAFKA_RESP_ERR_NO_ERROR, 600'000); }
    /// How many of those that have been asked for here no request has met yet.
    std::size_t failures_left(int broker, request what) const {
        std::size_t left = 0;
        check(rd_kafka_mock_broker_error_stack_cnt(cluster_, broker, static_cast<std::int16_t>(what), &left));
        return left;
    }

private:
    void push(int broker, request what, rd_kafka_resp_err_t failure, int milliseconds) {
        check(rd_kafka_mock_broker_push_request_error_rtts(cluster_, broker, static_cast<std::int16_t>(what), 1, failure, milliseconds));
    }
    static rd_kafka_t* make_handle() {
        rd_kafka_conf_t* const conf = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
        char why[256] = "";
        rd_kafka_t* const made = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
        if (!made) throw std::runtime_error(why);
        return made;
    }
    static void check(rd_kafka_resp_err_t failure) {
        if (failure) throw std::runtime_error(std::string("mock of Kafka: ") + rd_kafka_err2str(failure));
    }

    std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> rk_;
    rd_kafka_mock_cluster_t* cluster_;
};

} // namespace support
