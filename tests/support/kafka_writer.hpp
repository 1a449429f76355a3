// Boost Software License 1.0, see LICENSE
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace support {

/** Writes records as another program would. Every call blocks until the record is acknowledged, and throws what went wrong. */
class kafka_writer {
public:
    explicit kafka_writer(const std::string& brokers) {
        rd_kafka_conf_t* const conf = rd_kafka_conf_new();
        char why[256] = "";
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), why, sizeof why);
        rd_kafka_conf_set(conf, "acks", "all", why, sizeof why);
        rd_kafka_conf_set(conf, "linger.ms", "0", why, sizeof why);
        rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
        rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
            *static_cast<std::int64_t*>(message->_private) = message->err ? -2 : message->offset;
        });
        rk_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
        if (!rk_) throw std::runtime_error(why);
    }
    ~kafka_writer() { rd_kafka_destroy(rk_); }
    kafka_writer(const kafka_writer&) = delete;
    kafka_writer& operator=(const kafka_writer&) = delete;

    /// Returns the offset. `header` is the value of the Kafka header `sc`.
    std::int64_t write(const std::string& topic, std::uint32_t partition, std::string_view key, std::string_view body,
                       std::optional<std::string_view> header = {}) {
        std::int64_t offset = -1;
        rd_kafka_headers_t* headers = nullptr;
        if (header) {
            headers = rd_kafka_headers_new(1);
            rd_kafka_header_add(headers, "sc", -1, header->data(), static_cast<ssize_t>(header->size()));
        }
        const auto failure = rd_kafka_producev(
            rk_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(static_cast<std::int32_t>(partition)),
            RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_VALUE(const_cast<char*>(body.data()), body.size()),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&offset), RD_KAFKA_V_END);
        if (failure) throw std::runtime_error(rd_kafka_err2str(failure));
        for (int tries = 0; offset == -1; ++tries) {
            if (tries == 200) throw std::runtime_error("Kafka does not answer");
            rd_kafka_poll(rk_, 100);
        }
        if (offset < 0) throw std::runtime_error("the record was not written");
        return offset;
    }

private:
    rd_kafka_t* rk_;
};

} // namespace support
