// Boost Software License 1.0, see LICENSE
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace support {

/** Does to topics what an operator might do. Every call blocks until it is done, and throws what went wrong. */
class kafka_admin {
public:
    explicit kafka_admin(const std::string& brokers) {
        rd_kafka_conf_t* const conf = rd_kafka_conf_new();
        char why[256] = "";
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), why, sizeof why);
        rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
        rk_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
        if (!rk_) throw std::runtime_error(why);
        queue_ = rd_kafka_queue_new(rk_);
    }
    ~kafka_admin() {
        rd_kafka_queue_destroy(queue_);
        rd_kafka_destroy(rk_);
    }
    kafka_admin(const kafka_admin&) = delete;
    kafka_admin& operator=(const kafka_admin&) = delete;

    void create_topic(const std::string& name, std::uint32_t partitions) {
        // A topic that was just deleted may be in the way for a moment.
        for (int tries = 0;; ++tries) {
            char why[256] = "";
            rd_kafka_NewTopic_t* one = rd_kafka_NewTopic_new(name.c_str(), static_cast<int>(partitions), 1, why, sizeof why);
            rd_kafka_CreateTopics(rk_, &one, 1, nullptr, queue_);
            rd_kafka_NewTopic_destroy(one);
            const event done = wait();
            std::size_t count = 0;
            const auto* const results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(done.get()), &count);
            const rd_kafka_resp_err_t failure = rd_kafka_topic_result_error(results[0]);
            if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return;
            if (tries == 100) throw std::runtime_error(rd_kafka_err2str(failure));
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }

    void delete_topic(const std::string& name) {
        rd_kafka_DeleteTopic_t* one = rd_kafka_DeleteTopic_new(name.c_str());
        rd_kafka_DeleteTopics(rk_, &one, 1, nullptr, queue_);
        rd_kafka_DeleteTopic_destroy(one);
        const event done = wait();
        std::size_t count = 0;
        const auto* const results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(done.get()), &count);
        check(rd_kafka_topic_result_error(results[0]));
    }

    /// Makes the log of a partition begin at `end`.
    void delete_records(const std::string& topic, std::uint32_t partition, std::int64_t end) {
        rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, topic.c_str(), static_cast<std::int32_t>(partition))->offset = end;
        rd_kafka_DeleteRecords_t* one = rd_kafka_DeleteRecords_new(list);
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_DeleteRecords(rk_, &one, 1, nullptr, queue_);
        rd_kafka_DeleteRecords_destroy(one);
        const event done = wait();
        check(rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(done.get()))->elems[0].err);
    }

private:
    using event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;

    event wait() {
        event done(rd_kafka_queue_poll(queue_, 20'000), &rd_kafka_event_destroy);
        if (!done) throw std::runtime_error("Kafka does not answer");
        if (rd_kafka_event_error(done.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
            throw std::runtime_error(rd_kafka_event_error_string(done.get()));
        return done;
    }
    static void check(rd_kafka_resp_err_t failure) {
        if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(failure));
    }

    rd_kafka_t* rk_;
    rd_kafka_queue_t* queue_;
};

} // namespace support
