// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_PRODUCE_IPP
#define STOMPCHAT_KAFKA_IMPL_PRODUCE_IPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/kafka_options.hpp>
#include <stompchat/kafka/record.hpp>

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::kafka::detail {

/** The longest record, in octets. Beside the message it has the fixed part of our header, Kafka's own part of a record and the key once more.
    librdkafka takes no setting above the bound. */
inline std::size_t longest_record(const kafka_broker_options& options) noexcept {
    return std::min<std::size_t>(2 * options.max_message_length + 64 * 1024, 1'000'000'000);
}

/** Gives librdkafka a record; its last part is left free for our header. An empty header is left out.

    The header goes as a list that is ours when it fails: one that rd_kafka_produceva() makes itself it frees twice when the topic is not
   there any more, or may not be used (librdkafka issue 4627). */
inline rd_kafka_resp_err_t produce(rd_kafka_t* to, std::span<rd_kafka_vu_t> parts, std::string_view header) {
    rd_kafka_headers_t* headers = nullptr;
    std::size_t count = parts.size() - 1;
    if (!header.empty()) {
        headers = rd_kafka_headers_new(1);
        rd_kafka_header_add(headers, record_header_name, -1, header.data(), static_cast<ssize_t>(header.size()));
        parts[count].vtype = RD_KAFKA_VTYPE_HEADERS;
        parts[count++].u.headers = headers;
    }
    rd_kafka_error_t* const failure = rd_kafka_produceva(to, parts.data(), count);
    if (!failure) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(failure);
    rd_kafka_error_destroy(failure);
    if (headers) rd_kafka_headers_destroy(headers);
    return code;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka::detail

#endif
