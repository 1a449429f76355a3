// Boost Software License 1.0, see LICENSE

#include "stand.hpp"

#include <support/cutting_proxy.hpp>
#include <support/services.hpp>

#include <algorithm>

using namespace redis_test;

namespace {

redis_options options() { return parse_redis_url("redis://" + services::redis() + "/7?timeout=200ms").value(); }

/// Subscribes to its channels on each connection, as users of a subscriber have to.
class recording_subscriber final : public redis::subscriber_listener {
public:
    recording_subscriber(redis_client& client, std::vector<std::string> channels) : client_(client), channels_(std::move(channels)) {}

    void on_subscriber_connected(const redis::server_info&) override {
        ++connections;
        client_.subscriptions()->subscribe(channels_);
    }
    void on_subscriber_lost(error_code) override { subscribed.clear(); }
    void on_subscribed(std::string_view channel) override { subscribed.emplace_back(channel); }
    void on_message(std::string_view channel, std::string_view payload) override {
        messages.push_back(std::string(channel) + "=" + std::string(payload));
    }

    int connections = 0;
    std::vector<std::string> subscribed;
    std::vector<std::string> messages;

private:
    redis_client& client_;
    std::vector<std::string> channels_;
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("what is published on a channel comes, in order, and nothing else") {
    stand at(options());
    const auto listener = std::make_shared<recording_subscriber>(at.client, texts{"a", "b"});
    at.client.subscriptions()->listen(listener);
    REQUIRE(at.until([&] { return listener->subscribed == texts{"a", "b"}; }));
    texts expected;
    for (int i = 0; i != 100; ++i) {
        const std::string channel = i % 2 == 0 ? "a" : "b";
        at.begin(command{"PUBLISH", channel}.add(i));
        at.begin({"PUBLISH", "other", "x"});
        expected.push_back(channel + "=" + std::to_string(i));
    }
    REQUIRE(at.until([&] { return listener->messages.size() == 100; }));
    CHECK(listener->messages == expected);
    at.client.subscriptions()->unsubscribe({"a"});
    at.client.subscriptions()->subscribe({"c"});
    REQUIRE(at.until([&] { return listener->subscribed.back() == "c"; }));
    CHECK(at.send({"PUBLISH", "a", "x"}).answer.integer() == 0);
    CHECK(at.send({"PUBLISH", "b", std::string_view("\0\r\n", 3)}).answer.integer() == 1);
    REQUIRE(at.until([&] { return listener->messages.size() == 101; }));
    CHECK(listener->messages.back() == std::string("b=\0\r\n", 5));
}

TEST_CASE("a subscriber that lost its connection subscribes again") {
    stand at(options());
    const auto listener = std::make_shared<recording_subscriber>(at.client, texts{"a"});
    at.client.subscriptions()->listen(listener);
    REQUIRE(at.until([&] { return listener->subscribed == texts{"a"}; }));
    CHECK(at.send({"CLIENT", "KILL", "TYPE", "pubsub"}).answer.integer() == 1);
    REQUIRE(at.until([&] { return listener->connections == 2 && listener->subscribed == texts{"a"}; }));
    CHECK(at.send({"PUBLISH", "a", "x"}).answer.integer() == 1);
    REQUIRE(at.until([&] { return listener->messages == texts{"a=x"}; }));
    CHECK(at.watcher->losses == 0);
}

TEST_CASE("a subscriber that hears nothing asks, and notices that nobody is there") {
    boost::asio::io_context context;
    const std::string address = services::redis();
    support::cutting_proxy network(context, static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    redis_options through = options();
    through.servers.front().port = network.port();
    recording_observer log;
    redis_client client(context, through, &log);
    const auto listener = std::make_shared<recording_subscriber>(client, texts{"a"});
    client.subscriptions()->listen(listener);
    REQUIRE(support::run_until(context, [&] { return !listener->subscribed.empty(); }));
    network.swallow = true;
    REQUIRE(support::run_until(context, [&] { return listener->subscribed.empty(); }));
    CHECK(log.told("no answer within 200 ms"));
    network.swallow = false;
    REQUIRE(support::run_until(context, [&] { return listener->connections == 2; }));
}

TEST_CASE("a quiet subscriber keeps its connection") {
    stand at(options());
    const auto listener = std::make_shared<recording_subscriber>(at.client, texts{"a"});
    at.client.subscriptions()->listen(listener);
    REQUIRE(at.until([&] { return !listener->subscribed.empty(); }));
    // It has asked three times whether somebody is there.
    const auto pings = [&] {
        const std::string stats = at.send({"INFO", "commandstats"}).answer.text();
        const auto found = stats.find("cmdstat_ping:calls=");
        return found == stats.npos ? 0 : std::stoi(stats.substr(found + 19));
    };
    const int before = pings();
    REQUIRE(at.until([&] { return pings() >= before + 3; }));
    CHECK(listener->connections == 1);
}
