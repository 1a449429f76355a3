// Boost Software License 1.0, see LICENSE

#include "kafka_stand.hpp"

#include <support/kafka_admin.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace std::chrono_literals;

namespace {

/// A broker that is started and does not become ready.
struct unready {
    explicit unready(const kafka_broker_options& options) : broker(context.get_executor(), options, &observer) { broker.start(sink); }
    ~unready() {
        bool stopped = false;
        broker.async_stop(0ms, [&](error_code) { stopped = true; });
        CHECK(support::run_until(context, [&] { return stopped; }));
    }
    bool says(std::string_view text) {
        return support::run_until(context, [&] { return observer.has(text); });
    }

    boost::asio::io_context context;
    noting_observer observer;
    contract::recording_sink sink;
    kafka_broker broker;
};

} // namespace

TEST_CASE("a log with another number of partitions is refused, and the operator is told both numbers") {
    support::kafka_admin(services::kafka()).create_topic("seven", 7);
    unready at(kafka_options("seven"));
    CHECK(at.says("topic seven has 7 partitions, and 2 are configured"));
    CHECK(!at.sink.is(broker_state::ready));
}

TEST_CASE("a topic that is not there is not created when the options say so") {
    kafka_broker_options options = kafka_options("nowhere");
    options.create_topics = false;
    unready at(options);
    CHECK(at.says("topic nowhere is not there"));
    CHECK(!at.sink.is(broker_state::ready));
}

TEST_CASE("a topic that cannot be created is told with Kafka's reason") {
    kafka_broker_options options = kafka_options("too-safe");
    options.replicas = 3;
    unready at(options);
    CHECK(at.says("topic too-safe cannot be created: "));
    CHECK(!at.sink.is(broker_state::ready));
}

TEST_CASE("fewer than three replicas are a warning") {
    kafka_stand at(kafka_options("alone"));
    at.start();
    CHECK(at.observer->has("topic alone has 1 replica: with fewer than 3, the loss of a broker may lose messages"));
}

TEST_CASE("a broker that does not answer leaves the adapter starting, and it can be stopped") {
    kafka_broker_options options = kafka_options("x");
    // Nobody listens there.
    options.brokers = "127.0.0.1:1";
    unready at(options);
    CHECK(at.says("no answer about topic x"));
    CHECK(at.sink.is(broker_state::starting));
}

TEST_CASE("options that librdkafka refuses are refused by the constructor, with their name") {
    kafka_broker_options options = kafka_options("x");
    options.settings["security.protocol"] = "ssl";
    options.settings["ssl.ca.location"] = "/there/is/no/such/file";
    boost::asio::io_context context;
    std::string text;
    try {
        kafka_broker broker(context.get_executor(), options);
    } catch (const boost::system::system_error& wrong) {
        CHECK(wrong.code() == error::bad_option);
        text = wrong.what();
    }
    CHECK(text.find("ssl.ca.location") != std::string::npos);
}

TEST_CASE("a broker that is destroyed without a stop ends its handles") {
    boost::asio::io_context context;
    contract::recording_sink sink;
    {
        kafka_broker broker(context.get_executor(), kafka_options("abandoned"));
        broker.start(sink);
        context.poll();
    }
    context.restart();
    context.poll();
    CHECK(!sink.is(broker_state::ready));
}
