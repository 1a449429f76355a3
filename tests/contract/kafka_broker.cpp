// Boost Software License 1.0, see LICENSE

#include "broker_contract.hpp"

#include <stompchat/kafka/kafka_broker.hpp>

#include <support/kafka_admin.hpp>
#include <support/services.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

namespace {

using namespace stompchat;
using namespace std::chrono_literals;

kafka_broker_options options_of(const std::string& topic) {
    kafka_broker_options options;
    options.brokers = services::kafka();
    options.topic = topic;
    options.partitions = 3;
    options.replicas = 1;
    options.max_message_length = 64 * 1024;
    options.probe_interval = 500ms;
    options.unavailable_after = 1s;
    return options;
}

std::string new_topic() {
    static int number = 0;
    return "contract-" + std::to_string(++number);
}

/// Shows what a broker says when somebody looks for a mistake.
struct talking_observer final : observer {
    void on_log(severity, std::string_view text) override {
        if (std::getenv("TEST_VERBOSE")) std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    }
};

class kafka_subject final : public contract::broker_subject {
public:
    kafka_subject(boost::asio::io_context& context, const kafka_broker_options& options)
        : options_(options), broker_(context.get_executor(), options, &observer_) {}
    ~kafka_subject() override {
        if (!available_) set_available(true);
    }

    stompchat::broker& broker() override { return broker_; }
    std::optional<std::size_t> too_long() override { return options_.max_message_length + 1; }
    std::optional<std::uint64_t> physical_reads() override { return broker_.physical_reads(); }
    bool set_available(bool available) override {
        available_ = available;
        services::tell(available ? "go_on kafka-1" : "hold kafka-1");
        return true;
    }
    bool lose(partition of, offset end) override {
        support::kafka_admin(options_.brokers).delete_records(options_.topic, of, end);
        return true;
    }
    bool make_new_log() override {
        support::kafka_admin admin(options_.brokers);
        admin.delete_topic(options_.topic);
        admin.create_topic(options_.topic, options_.partitions);
        return true;
    }

private:
    kafka_broker_options options_;
    talking_observer observer_;
    kafka_broker broker_;
    bool available_ = true;
};

void each_kind(void (*check)(const contract::make_broker&)) {
    const auto run = [check](const kafka_broker_options& options) {
        check([options](boost::asio::io_context& context) { return std::make_unique<kafka_subject>(context, options); });
    };
    run(options_of(new_topic()));
}

} // namespace

TEST_CASE("the Kafka broker publishes as the contract says") { each_kind(contract::check_broker_publishing); }
TEST_CASE("the Kafka broker reads as the contract says") { each_kind(contract::check_broker_reading); }
TEST_CASE("the Kafka broker starts, changes and stops as the contract says") { each_kind(contract::check_broker_life); }
TEST_CASE("the Kafka broker shows one copy of a message as the contract says") { each_kind(contract::check_broker_copies); }
TEST_CASE("the Kafka broker passes ephemeral messages on as the contract says") { each_kind(contract::check_broker_ephemeral); }
