// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_KAFKA_KAFKA_STAND_HPP
#define STOMPCHAT_TESTS_KAFKA_KAFKA_STAND_HPP

#include <stompchat/kafka/kafka_broker.hpp>

#include <contract/broker_stand.hpp>
#include <support/services.hpp>

#include <memory>
#include <string>
#include <string_view>

using namespace stompchat;

inline kafka_broker_options kafka_options(const std::string& topic) {
    kafka_broker_options options;
    options.brokers = services::kafka();
    options.topic = topic;
    options.partitions = 2;
    options.replicas = 1;
    return options;
}

/// Keeps what a broker says to its operator.
struct noting_observer final : observer {
    void on_log(severity, std::string_view text) override { (text_ += text) += '\n'; }
    bool has(std::string_view part) const { return text_.find(part) != std::string::npos; }

private:
    std::string text_;
};

/// A broker on a topic, ready to be used.
class kafka_stand : public contract::broker_stand {
public:
    explicit kafka_stand(const kafka_broker_options& options) : kafka_stand(std::make_shared<noting_observer>(), options) {}

    kafka_broker& kafka() { return static_cast<kafka_broker&>(broker); }
    std::uint64_t epoch() { return end(0).value().epoch; }

    std::shared_ptr<noting_observer> observer;

private:
    struct subject_of_kafka final : contract::broker_subject {
        subject_of_kafka(boost::asio::io_context& context, const kafka_broker_options& options, stompchat::observer* watcher)
            : broker_(context.get_executor(), options, watcher) {}
        stompchat::broker& broker() override { return broker_; }
        kafka_broker broker_;
    };

    kafka_stand(std::shared_ptr<noting_observer> watcher, const kafka_broker_options& options)
        : broker_stand(
            [&](boost::asio::io_context& context) { return std::make_unique<subject_of_kafka>(context, options, watcher.get()); }),
          observer(watcher) {}
};

#endif
