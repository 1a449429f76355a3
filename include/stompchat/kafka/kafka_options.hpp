// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_KAFKA_OPTIONS_HPP
#define STOMPCHAT_KAFKA_KAFKA_OPTIONS_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a kafka_broker is like, and where its Kafka is. */
struct kafka_broker_options {
    /// Where to look for the cluster first: `host:port`, several with commas between them.
    std::string brokers;

    /// The log. It is created when it is not there and `create_topics` allows it. Beside it there are `<topic>.ephemeral` and
    /// `stompchat.meta`.
    std::string topic = "stompchat.log";

    /// Names this deployment to Kafka's operators, as a part of `client.id`.
    std::string cluster = "stompchat";

    /// Of the log; it never changes. A log that has another number of them is refused, because destinations would be looked for in the
    /// wrong ones.
    std::uint32_t partitions = 256;

    /// On how many brokers each record is kept. Absent = three, or as many as there are brokers. With fewer than three a broker that is
    /// lost for good takes messages with it, which is told as a warning.
    std::optional<int> replicas;

    /// Whether topics that are not there may be created.
    bool create_topics = true;

    /// How long the log is kept, for topics that are created here.
    std::chrono::milliseconds retention = std::chrono::hours(7 * 24);

    /// The longest message in octets: destination, user, headers and body. A longer one is answered with `error::message_too_large`.
    std::size_t max_message_length = 1024 * 1024;

    /// How long the producer collects records for one request. Zero is the fastest for single messages.
    std::chrono::milliseconds linger{0};

    /// Compress records with LZ4: costs processor time here, saves disk and network there.
    bool compress = false;

    /// What librdkafka may hold of messages that Kafka has not acknowledged: messages. What comes beyond waits here, in order.
    std::size_t max_in_flight = 100'000;
    /// The same in octets.
    std::size_t max_in_flight_octets = 256 * 1024 * 1024;

    /// How often a record goes through the log and back when nothing else does, to see whether it still works.
    std::chrono::milliseconds probe_interval = std::chrono::seconds(5);
    /// A record that is not acknowledged, or not seen back, for so long means that the broker is unavailable.
    std::chrono::milliseconds unavailable_after = std::chrono::seconds(5);

    /// Options of librdkafka, by its names: `security.protocol`, `sasl.mechanism`, `ssl.ca.location`, ... Those on which the guarantees of
    /// the log depend are refused.
    std::map<std::string, std::string> settings;
};

/// Why Kafka's options cannot be used: what a program reacts to, and one line that names what is wrong.
struct kafka_failure {
    kafka_failure() = default; ///< no failure
    /// A failure with its line of text.
    kafka_failure(error_code c, std::string t) : code(c), text(std::move(t)) {}

    /// What a program reacts to.
    error_code code;
    /// One line for people.
    std::string text;
};

/// result<T>::value() on a failure throws a system_error with its code and text.
[[noreturn]] inline void throw_exception_from_error(const kafka_failure& reason, const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(reason.code, reason.text), where);
}

/** Reads `kafka://host:port[,host:port...][/topic][?name=value&...]`. Names are `partitions`, `replicas`, `linger` and `retention` (in
    milliseconds), `compression` (`none` or `lz4`), `create-topics` (`true` or `false`), and the options of librdkafka; values may be
    percent-encoded.
    Errors: `error::bad_option` with a line that names the part that is wrong; it never shows a value that may be a password.
    Thread safety: safe to call from any thread. */
STOMPCHAT_DECL boost::system::result<kafka_broker_options, kafka_failure> parse_kafka_url(std::string_view url);

/** Checks options: ranges, and that librdkafka knows and takes the settings. Returns no failure when they are good.
    Thread safety: safe to call from any thread. */
STOMPCHAT_DECL kafka_failure check_kafka_options(const kafka_broker_options& options);

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/kafka_options.ipp>
#endif

#endif
