// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/kafka_options.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace stompchat;
using namespace std::chrono_literals;

namespace {

/// What is wrong with a URL, or "".
std::string wrong(std::string_view url) {
    const auto read = parse_kafka_url(url);
    if (!read) CHECK(read.error().code == error::bad_option);
    return read ? "" : read.error().text;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("the URL of a Kafka without options has the defaults") {
    const auto read = parse_kafka_url("kafka://127.0.0.1:9092");
    REQUIRE(read.has_value());
    CHECK(read->brokers == "127.0.0.1:9092");
    CHECK(read->topic == "stompchat.log");
    CHECK(read->partitions == 256);
    CHECK(!read->replicas);
    CHECK(read->create_topics);
    CHECK(!read->compress);
    CHECK(read->retention == std::chrono::hours(7 * 24));
    CHECK(read->settings.empty());
    CHECK(parse_kafka_url("kafka://h:1/")->topic == "stompchat.log");
}

TEST_CASE("the URL of a Kafka names brokers, topic, options of ours and options of librdkafka") {
    const auto read =
        parse_kafka_url("kafka://a:1,b:2,[::1]:3/chat.log-2?partitions=16&replicas=3&linger=2&retention=3600000&compression=lz4"
                        "&create-topics=false&security.protocol=sasl_ssl&sasl.username=me&sasl.password=%26%3d%20x");
    REQUIRE(read.has_value());
    CHECK(read->brokers == "a:1,b:2,[::1]:3");
    CHECK(read->topic == "chat.log-2");
    CHECK(read->partitions == 16);
    CHECK(read->replicas == 3);
    CHECK(read->linger == 2ms);
    CHECK(read->retention == 1h);
    CHECK(read->compress);
    CHECK(!read->create_topics);
    CHECK(read->settings
          == std::map<std::string, std::string>{{"sasl.password", "&= x"}, {"sasl.username", "me"}, {"security.protocol", "sasl_ssl"}});
}

TEST_CASE("what is wrong with the URL of a Kafka is named") {
    const struct {
        std::string_view url, says;
    } cases[] = {
        {"", "kafka://"},
        {"http://a:1", "kafka://"},
        {"kafka://", "HOST:PORT"},
        {"kafka:///log", "HOST:PORT"},
        {"kafka://a", "\"a\""},
        {"kafka://a:1,", "\"\""},
        {"kafka://a:1,b:0", "\"b:0\""},
        {"kafka://a:1x", "\"a:1x\""},
        {"kafka://u:p@a:1", "sasl.username"},
        {"kafka://a:1/a/b", "\"a/b\""},
        {"kafka://a:1/..", "\"..\""},
        {"kafka://a:1?=x", "NAME=VALUE"},
        {"kafka://a:1?linger=1h", "linger"},
        {"kafka://a:1?retention=0", "retention"},
        {"kafka://a:1?create-topics=yes", "create-topics"},
        {"kafka://a:1?client.id=%4", "client.id"},
        {"kafka://a:1?client.id=%4g", "client.id"},
        {"kafka://a:1?enable.idempotence=false", "enable.idempotence"},
        {"kafka://a:1?no.such.thing=1", "\"no.such.thing\""},
        {"kafka://a:1?socket.timeout.ms=soon", "socket.timeout.ms"},
    };
    for (const auto& one : cases) {
        INFO(one.url);
        CHECK_MESSAGE(contains(wrong(one.url), one.says), wrong(one.url));
    }
}

TEST_CASE("options that make no sense are refused one by one") {
    kafka_broker_options good;
    good.brokers = "a:1";
    CHECK(!check_kafka_options(good).code);
    const auto refused = [&](auto change) {
        kafka_broker_options bad = good;
        change(bad);
        return check_kafka_options(bad).code == error::bad_option;
    };
    CHECK(refused([](auto& o) { o.brokers = ""; }));
    CHECK(refused([](auto& o) { o.topic = ""; }));
    CHECK(refused([](auto& o) { o.topic = std::string(240, 'x'); }));
    CHECK(refused([](auto& o) { o.partitions = 0; }));
    CHECK(refused([](auto& o) { o.replicas = 0; }));
    CHECK(refused([](auto& o) { o.max_message_length = 0; }));
    CHECK(refused([](auto& o) { o.max_in_flight = 0; }));
    CHECK(refused([](auto& o) { o.max_in_flight_octets = o.max_message_length - 1; }));
    CHECK(refused([](auto& o) { o.linger = -1ms; }));
    CHECK(refused([](auto& o) { o.retention = 0ms; }));
    CHECK(refused([](auto& o) { o.probe_interval = 0ms; }));
    CHECK(refused([](auto& o) { o.unavailable_after = 0ms; }));
    CHECK(refused([](auto& o) { o.settings["acks"] = "all"; }));
}
