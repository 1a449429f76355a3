// Boost Software License 1.0, see LICENSE

#include "adapters.hpp"
#include "option_error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace stompchat_server;

namespace {

/// The text of the error, or "accepted".
std::string refusal(const std::string& broker) {
    try {
        parse_broker(broker);
    } catch (const option_error& wrong) {
        return wrong.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("a broker is memory or a URL, and the message says so") {
    CHECK(parse_broker("memory") == "memory");
    CHECK(contains(refusal("disk"), "\"disk\" is neither memory nor the URL of a Kafka"));
    CHECK(contains(refusal(""), "\"\" is neither"));
}

TEST_CASE("a log line about the broker shows no password") {
    server_options options;
    options.broker = "kafka://a:1,b:2/log?sasl.username=u&sasl.password=secret";
    CHECK(show_broker(options) == "kafka://a:1,b:2/log");
}

#ifdef STOMPCHAT_SERVER_KAFKA

TEST_CASE("the URL of a Kafka is checked before anything starts") {
    CHECK(refusal("kafka://127.0.0.1:9092") == "accepted");
    CHECK(refusal("kafka://a:1,b:2,c:3/chat.log?partitions=16&replicas=3&compression=lz4&linger=2&security.protocol=sasl_ssl")
          == "accepted");
    const struct {
        const char* url;
        const char* says;
    } wrong[] = {
        {"kafka://", "HOST:PORT"},
        {"kafka://127.0.0.1", "\"127.0.0.1\" is not HOST:PORT"},
        {"kafka://a:1,b", "\"b\" is not HOST:PORT"},
        {"kafka://a:70000", "\"a:70000\" is not HOST:PORT"},
        {"kafka://a:1/no topic", "no name of a topic"},
        {"kafka://a:1?partitions=none", "partitions must be a number"},
        {"kafka://a:1?partitions=0", "partitions must be a number"},
        {"kafka://a:1?replicas=0", "replicas must be a number"},
        {"kafka://a:1?compression=gzip", "compression must be none or lz4"},
        {"kafka://a:1?partitons=3", "there is no option \"partitons\""},
        {"kafka://a:1?partitions", "\"partitions\" is not NAME=VALUE"},
        {"kafka://a:1?acks=1", "option acks cannot be set"},
        {"kafka://a:1?security.protocol=magic", "option security.protocol has a value that librdkafka does not take"},
    };
    for (const auto& one : wrong) {
        INFO(one.url);
        CHECK_MESSAGE(contains(refusal(one.url), one.says), refusal(one.url));
    }
}

TEST_CASE("a wrong URL of a Kafka is refused without showing what may be a password") {
    const std::string urls[] = {
        "kafka://a:1?sasl.password=secret&nothing=1",
        "kafka://user:secret@a:1",
        "kafka://a:1?sasl.password=secret%zz",
        "kafk://a:1?sasl.password=secret",
        "kafka://a:1?enable.sasl.oauthbearer.unsecure.jwt=secret",
    };
    for (const std::string& url : urls) {
        INFO(url);
        CHECK(refusal(url) != "accepted");
        CHECK(!contains(refusal(url), "secret"));
    }
}

#endif
