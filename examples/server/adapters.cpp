// Boost Software License 1.0, see LICENSE

#include "adapters.hpp"

#include "option_error.hpp"

#ifdef STOMPCHAT_SERVER_KAFKA
#include <stompchat/kafka/kafka_broker.hpp>
#endif
#include <stompchat/memory/memory_broker.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace stompchat_server {
namespace {

constexpr std::string_view kafka_scheme = "kafka://";

/// Beside the body: destination, user, and headers as many and as long as a frame may have.
std::size_t max_message_length(const server_options& from) { return from.max_body + 4096 + from.max_headers * from.max_header_line; }

#ifdef STOMPCHAT_SERVER_KAFKA
stompchat::kafka_broker_options read_kafka(std::string_view url) {
    auto read = stompchat::parse_kafka_url(url);
    if (!read) throw option_error(fmt::format("the URL of Kafka is wrong: {}", read.error().text));
    return std::move(*read);
}

std::unique_ptr<stompchat::broker> make_kafka(const server_options& options, stompchat::asio::any_io_executor executor,
                                              stompchat::observer& watcher) {
    stompchat::kafka_broker_options to = read_kafka(options.broker);
    to.cluster = options.cluster;
    to.max_message_length = max_message_length(options);
    to.max_in_flight_octets = std::max(to.max_in_flight_octets, 16 * to.max_message_length);
    try {
        return std::make_unique<stompchat::kafka_broker>(std::move(executor), std::move(to), &watcher);
    } catch (const boost::system::system_error& wrong) {
        throw option_error(fmt::format("{}: {}", options.where("broker"), wrong.what()));
    }
}
#else
constexpr const char* no_kafka = "this stompchat-server was built without Kafka";
#endif

} // namespace

std::string parse_broker(std::string_view text) {
    if (text == "memory") return std::string(text);
    if (!text.starts_with(kafka_scheme))
        throw option_error(fmt::format("{} is neither memory nor the URL of a Kafka: write memory, or for example kafka://127.0.0.1:9092",
                                       in_quotes(text.substr(0, text.find(':')))));
#ifdef STOMPCHAT_SERVER_KAFKA
    read_kafka(text);
    return std::string(text);
#else
    throw option_error(no_kafka);
#endif
}

std::string show_broker(const server_options& options) { return options.broker.substr(0, options.broker.find('?')); }

std::unique_ptr<stompchat::broker> make_broker(const server_options& options, stompchat::asio::any_io_executor executor,
                                               [[maybe_unused]] stompchat::observer& watcher) {
    if (options.broker.starts_with(kafka_scheme)) {
#ifdef STOMPCHAT_SERVER_KAFKA
        return make_kafka(options, std::move(executor), watcher);
#else
        throw option_error(no_kafka);
#endif
    }
    stompchat::memory_broker_options to;
    to.max_message_length = max_message_length(options);
    to.history_octets_per_partition = std::max(to.history_octets_per_partition, 4 * to.max_message_length);
    return std::make_unique<stompchat::memory_broker>(std::move(executor), to);
}

} // namespace stompchat_server
