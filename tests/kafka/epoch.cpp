// Boost Software License 1.0, see LICENSE

#include "kafka_stand.hpp"

#include <support/kafka_admin.hpp>

#include <set>
#include <thread>
#include <vector>

TEST_CASE("nodes that start at once on a new log use one epoch, and so does the next one") {
    const auto options = kafka_options("epoch-at-once");
    constexpr int nodes = 3;
    std::vector<std::uint64_t> epochs(nodes);
    std::vector<std::thread> threads;
    for (int i = 0; i != nodes; ++i) {
        threads.emplace_back([&options, &epochs, i] {
            kafka_stand node(options);
            node.start();
            epochs[static_cast<std::size_t>(i)] = node.epoch();
        });
    }
    for (std::thread& one : threads) one.join();
    CHECK(epochs[0] != 0);
    CHECK(std::set<std::uint64_t>(epochs.begin(), epochs.end()).size() == 1);

    kafka_stand later(options);
    later.start();
    CHECK(later.epoch() == epochs[0]);
}

TEST_CASE("another topic of the same Kafka is another log") {
    kafka_stand one(kafka_options("epoch-one"));
    kafka_stand other(kafka_options("epoch-other"));
    one.start();
    other.start();
    CHECK(one.epoch() != other.epoch());
}

TEST_CASE("a log that was made anew while no node ran is found out by its ends") {
    const auto options = kafka_options("epoch-anew");
    position token;
    {
        kafka_stand node(options);
        node.start();
        node.publish_and_wait("/topic/a", 5);
        token = node.sink.records()[2].at();
    }
    {
        // What the log has is written down when a node starts, and each minute.
        kafka_stand node(options);
        node.start();
        CHECK(node.epoch() == token.epoch);
        const auto kept = node.read("/topic/a", token);
        CHECK(kept.result.status == read_status::complete);
        CHECK(contract::bodies(kept.result.messages) == contract::numbers(2, 5));
    }
    support::kafka_admin admin(options.brokers);
    admin.delete_topic(options.topic);
    admin.create_topic(options.topic, options.partitions);
    kafka_stand node(options);
    node.start();
    CHECK(node.epoch() != token.epoch);
    CHECK(node.observer->has("made anew"));
    CHECK(node.read("/topic/a", token).result.status == read_status::lost);
}
