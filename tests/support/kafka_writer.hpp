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
        rd_kafka_vu_t parts[7]{};
        std::size_t count = 0;
        const auto add = [&](rd_kafka_vtype_t type) -> auto& {
            parts[count].vtype = type;
            return parts[count++].u;
        };
        add(RD_KAFKA_VTYPE_TOPIC).cstr = topic.c_str();
        add(RD_KAFKA_VTYPE_PARTITION).i32 = static_cast<std::int32_t>(partition);
        add(RD_KAFKA_VTYPE_KEY).mem = {const_cast<char*>(key.data()), key.size()};
        add(RD_KAFKA_VTYPE_VALUE).mem = {const_cast<char*>(body.data()), body.size()};
        add(RD_KAFKA_VTYPE_MSGFLAGS).i = RD_KAFKA_MSG_F_COPY;
        add(RD_KAFKA_VTYPE_OPAQUE).ptr = &offset;
        if (headers) add(RD_KAFKA_VTYPE_HEADERS).headers = headers;
        if (rd_kafka_error_t* const failure = rd_kafka_produceva(rk_, parts, count)) {
            const std::string why = rd_kafka_error_string(failure);
            rd_kafka_error_destroy(failure);
            throw std::runtime_error(why);
        }
        int tries = 0;
        while (offset == -1) {
            if (++tries == 200) throw std::runtime_error("Kafka does not answer");
            rd_kafka_poll(rk_, 100);
        }
        if (offset < 0) throw std::runtime_error("the record was not written");
        return offset;
    }

private:
    rd_kafka_t* rk_;
};

} // namespace support
