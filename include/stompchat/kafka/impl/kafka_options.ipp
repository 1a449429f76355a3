// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_KAFKA_OPTIONS_IPP
#define STOMPCHAT_KAFKA_IMPL_KAFKA_OPTIONS_IPP

#include <stompchat/kafka/kafka_options.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace stompchat::inline STOMPCHAT_ABI {
namespace kafka::detail {

/// The guarantees of the log depend on these, so nobody else sets them.
inline constexpr std::array<std::string_view, 19> own_settings{
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "linger.ms",
    "message.max.bytes",
    "message.send.max.retries",
    "message.timeout.ms",
    "metadata.broker.list",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "request.required.acks",
    "retries",
    "transactional.id",
};

inline kafka_failure wrong(std::string text) { return {make_error_code(error::bad_option), std::move(text)}; }

/// Kafka's rule for names of topics.
inline bool is_topic(std::string_view name) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    // Kafka allows 249; the topic of ephemeral messages has a longer name.
    constexpr std::size_t longest = 239;
    return !name.empty() && name.size() <= longest && name != "." && name != ".."
           && name.find_first_not_of(allowed) == std::string_view::npos;
}

inline kafka_failure check_brokers(std::string_view list) {
    if (list.empty()) return wrong("the address of a broker is missing: write kafka://HOST:PORT");
    for (;;) {
        const auto comma = list.find(',');
        const std::string_view one = list.substr(0, comma);
        const auto colon = one.rfind(':');
        unsigned port = 0;
        const std::string_view digits = colon == one.npos ? std::string_view() : one.substr(colon + 1);
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (colon == one.npos || colon == 0 || failure != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535)
            return wrong(fmt::format("broker \"{}\" is not HOST:PORT", one));
        if (one.find_first_of("@ /?#") != one.npos) return wrong(fmt::format("broker \"{}\" has a character that no host has", one));
        if (comma == list.npos) return {};
        list.remove_prefix(comma + 1);
    }
}

inline kafka_failure check_settings(const std::map<std::string, std::string>& settings) {
    const std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)> conf(rd_kafka_conf_new(), &rd_kafka_conf_destroy);
    for (const auto& [name, value] : settings) {
        if (std::find(own_settings.begin(), own_settings.end(), name) != own_settings.end())
            return wrong(fmt::format("option {} cannot be set: what the log promises depends on it", name));
        char why[512] = "";
        switch (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why, sizeof why)) {
        case RD_KAFKA_CONF_OK: break;
        case RD_KAFKA_CONF_UNKNOWN: return wrong(fmt::format("there is no option \"{}\", here or in librdkafka", name));
        // librdkafka's own text may repeat the value, which may be a password.
        case RD_KAFKA_CONF_INVALID: return wrong(fmt::format("option {} has a value that librdkafka does not take", name));
        }
    }
    return {};
}

template <class Integer>
bool read_number(std::string_view text, Integer least, Integer most, Integer& into) {
    Integer value{};
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || value < least || value > most) return false;
    into = value;
    return true;
}

/// Percent-decoding; false when a `%` is not followed by two hexadecimal digits.
inline bool decode_percent(std::string_view text, std::string& into) {
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (text[i] != '%') {
            into.push_back(text[i]);
            continue;
        }
        unsigned octet = 0;
        const char* const digits = text.data() + i + 1;
        if (i + 2 >= text.size()) return false;
        const auto [end, failure] = std::from_chars(digits, digits + 2, octet, 16);
        if (failure != std::errc{} || end != digits + 2) return false;
        into.push_back(static_cast<char>(octet));
        i += 2;
    }
    return true;
}

inline kafka_failure read_pair(std::string_view pair, kafka_broker_options& into) {
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (equals == pair.npos || name.empty()) return wrong(fmt::format("\"{}\" is not NAME=VALUE", name));
    std::string value;
    if (!decode_percent(pair.substr(equals + 1), value)) return wrong(fmt::format("the value of {} is not percent-encoded", name));

    constexpr std::int64_t most_linger = 1'000;
    constexpr std::int64_t most_retention = std::int64_t{10} * 366 * 24 * 3600 * 1000;
    std::int64_t number = 0;
    if (name == "partitions") {
        if (!read_number<std::uint32_t>(value, 1, 100'000, into.partitions)) return wrong("partitions must be a number from 1 to 100000");
    } else if (name == "replicas") {
        if (!read_number<std::int64_t>(value, 1, 100, number)) return wrong("replicas must be a number from 1 to 100");
        into.replicas = static_cast<int>(number);
    } else if (name == "linger") {
        if (!read_number<std::int64_t>(value, 0, most_linger, number))
            return wrong("linger must be a number of milliseconds from 0 to 1000");
        into.linger = std::chrono::milliseconds(number);
    } else if (name == "retention") {
        if (!read_number<std::int64_t>(value, 60'000, most_retention, number))
            return wrong("retention must be a number of milliseconds, at least 60000");
        into.retention = std::chrono::milliseconds(number);
    } else if (name == "compression") {
        if (value != "none" && value != "lz4") return wrong("compression must be none or lz4");
        into.compress = value == "lz4";
    } else if (name == "create-topics") {
        if (value != "true" && value != "false") return wrong("create-topics must be true or false");
        into.create_topics = value == "true";
    } else {
        into.settings[std::string(name)] = value;
    }
    return {};
}

} // namespace kafka::detail

STOMPCHAT_DECL kafka_failure check_kafka_options(const kafka_broker_options& options) {
    using kafka::detail::wrong;
    if (auto failure = kafka::detail::check_brokers(options.brokers); failure.code) return failure;
    if (!kafka::detail::is_topic(options.topic))
        return wrong(
            fmt::format("\"{}\" is no name of a topic: write 1 to 239 letters, digits, dots, hyphens or underscores", options.topic));
    if (options.partitions == 0) return wrong("partitions must be at least 1");
    if (options.replicas && *options.replicas < 1) return wrong("replicas must be at least 1");
    constexpr std::size_t longest = 900 * 1024 * 1024;
    if (options.max_message_length == 0 || options.max_message_length > longest)
        return wrong("max_message_length must be from 1 octet to 900 MiB");
    if (options.linger.count() < 0 || options.linger.count() > 1'000) return wrong("linger must be from 0 to 1000 ms");
    if (options.retention.count() <= 0) return wrong("retention must be positive");
    if (options.max_in_flight == 0 || options.max_in_flight > 10'000'000) return wrong("max_in_flight must be from 1 to 10,000,000");
    if (options.max_in_flight_octets < options.max_message_length) return wrong("max_in_flight_octets must be at least max_message_length");
    if (options.probe_interval.count() <= 0 || options.unavailable_after.count() <= 0)
        return wrong("probe_interval and unavailable_after must be positive");
    return kafka::detail::check_settings(options.settings);
}

STOMPCHAT_DECL boost::system::result<kafka_broker_options, kafka_failure> parse_kafka_url(std::string_view url) {
    using kafka::detail::wrong;
    constexpr std::string_view scheme = "kafka://";
    if (!url.starts_with(scheme)) return wrong("it does not begin with kafka://");
    url.remove_prefix(scheme.size());
    kafka_broker_options read;
    const auto question = url.find('?');
    const std::string_view place = url.substr(0, question);
    const auto slash = place.find('/');
    const std::string_view brokers = place.substr(0, slash);
    // Before the brokers are shown in any message.
    if (brokers.find('@') != brokers.npos)
        return wrong("a user does not stand in front of the brokers: give sasl.username and sasl.password");
    read.brokers = brokers;
    if (slash != place.npos && slash + 1 != place.size()) read.topic = place.substr(slash + 1);
    std::string_view query = question == url.npos ? std::string_view() : url.substr(question + 1);
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        if (auto failure = kafka::detail::read_pair(query.substr(0, end), read); failure.code) return failure;
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    if (auto failure = check_kafka_options(read); failure.code) return failure;
    return read;
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
