// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_KAFKA_MOCK_STAND_HPP
#define STOMPCHAT_TESTS_KAFKA_MOCK_STAND_HPP

#include "rounds.hpp"

#include <support/mock_kafka.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>

using request = support::mock_kafka::request;

/// Three brokers, and the three topics as an operator makes them. Partition p of the log is on broker p + 1, that of the marks on broker 3.
struct mock_cluster : support::mock_kafka {
    static constexpr int partitions = 3;

    mock_cluster() : mock_kafka(3) {
        create_topic("log", partitions, 3);
        create_topic("log.ephemeral", partitions, 3);
        create_topic("stompchat.meta", 1, 3);
        for (partition p = 0; p != partitions; ++p) {
            set_leader("log", p, broker_of(p));
            set_leader("log.ephemeral", p, broker_of(p));
        }
        set_leader("stompchat.meta", 0, 3);
    }

    static int broker_of(partition p) { return static_cast<int>(p) + 1; }
};

/** The cluster for a test case, which leaves it as it was. It is made once, because that takes the mock seconds; a case that fails leaves a
    new one to those behind it. */
class mock_log {
public:
    mock_log() : cluster_(shared()) {
        if (!cluster_) cluster_ = std::make_unique<mock_cluster>();
    }
    ~mock_log() {
        if (std::uncaught_exceptions() != 0) cluster_.reset();
    }
    mock_log(const mock_log&) = delete;
    mock_log& operator=(const mock_log&) = delete;

    mock_cluster* operator->() { return cluster_.get(); }

    kafka_broker_options options() const {
        using namespace std::chrono_literals;
        kafka_broker_options to;
        to.brokers = cluster_->addresses();
        to.topic = "log";
        to.partitions = mock_cluster::partitions;
        to.create_topics = false;
        to.probe_interval = 200ms;
        to.unavailable_after = 500ms;
        // A mock takes the request behind one that it refused, which Kafka does not.
        to.settings["max.in.flight.requests.per.connection"] = "1";
        return to;
    }

private:
    static std::unique_ptr<mock_cluster>& shared() {
        static std::unique_ptr<mock_cluster> one;
        return one;
    }
    std::unique_ptr<mock_cluster>& cluster_;
};

#endif
