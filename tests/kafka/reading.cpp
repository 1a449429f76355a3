// Boost Software License 1.0, see LICENSE

#include "kafka_stand.hpp"

#include <string>

using contract::bodies;

TEST_CASE("a read is never complete without what was acknowledged before, while the broker dies and comes back") {
    const auto options = kafka_options("reading-kill");
    kafka_stand node(options);
    node.start();
    const std::string room = "/topic/a";
    const position begin = node.end(partition_of(room, options.partitions)).value();
    int complete = 0;
    int failed = 0;
    const auto look = [&] {
        // Those with results stand in the log in the order of their tickets.
        const std::size_t acknowledged = node.sink.results().size();
        const auto [failure, result] = node.read(room, begin, {{}, 100'000, 64 * 1024 * 1024});
        if (failure) {
            CHECK(failure == error::broker_unavailable);
            ++failed;
            return;
        }
        if (result.status != read_status::complete) return;
        ++complete;
        CHECK(result.messages.size() >= acknowledged);
        for (std::size_t i = 0; i != result.messages.size(); ++i) CHECK(result.messages[i].view().body == std::to_string(i));
    };
    int sent = 0;
    const auto send = [&](int count) {
        for (int i = 0; i != count; ++i) node.publish(room, std::to_string(sent++));
    };
    send(200);
    look();
    services::tell("kill kafka-1");
    send(200);
    look();
    services::tell("start kafka-1");
    for (int i = 0; i != 5; ++i) {
        send(20);
        look();
    }
    REQUIRE(node.run_until([&] { return node.sink.results().size() == static_cast<std::size_t>(sent); }));
    REQUIRE(node.run_until([&] { return node.sink.is(broker_state::ready); }));
    look();
    CHECK(complete >= 2);
    CHECK(failed >= 1);
    CHECK(bodies(node.sink.records()) == contract::numbers(0, sent));
}

TEST_CASE("reads that wait when the broker is stopped are told so") {
    kafka_stand node(kafka_options("reading-stop"));
    node.start();
    node.publish_and_wait("/topic/a", 50);
    const position begin = node.sink.records()[0].at();
    int told = 0;
    for (int i = 0; i != 20; ++i) {
        node.broker.async_read("/topic/a", begin, {}, [&](error_code failure, const read_result&) {
            CHECK((!failure || failure == error::stopped));
            ++told;
        });
        node.broker.async_end(0, [&](error_code failure, const position&) {
            CHECK((!failure || failure == error::stopped));
            ++told;
        });
    }
    node.context.poll_one();
    node.stop();
    CHECK(node.run_until([&] { return told == 40; }));
    CHECK(node.read("/topic/a", begin).error == error::stopped);
}

TEST_CASE("many readers of a long log each get all of their room, in a few passes") {
    auto options = kafka_options("reading-storm");
    kafka_stand node(options);
    node.start();
    constexpr int rooms = 50;
    constexpr int each = 200;
    const auto name = [](int room) { return "/topic/room-" + std::to_string(room); };
    position begin[2];
    for (partition p = 0; p != 2; ++p) begin[p] = node.end(p).value();
    for (int i = 0; i != each; ++i)
        for (int room = 0; room != rooms; ++room) node.publish(name(room), std::to_string(i));
    REQUIRE(node.run_until([&] { return node.sink.results().size() == std::size_t{rooms * each}; }));
    const std::uint64_t before = node.kafka().physical_reads();
    int done = 0;
    for (int reader = 0; reader != 4 * rooms; ++reader) {
        const std::string room = name(reader % rooms);
        node.broker.async_read(room, begin[partition_of(room, 2)], {{}, 1'000, 1024 * 1024},
                               [&](error_code failure, const read_result& result) {
                                   CHECK(!failure);
                                   CHECK(result.status == read_status::complete);
                                   CHECK(bodies(result.messages) == contract::numbers(0, each));
                                   ++done;
                               });
    }
    REQUIRE(node.run_until([&] { return done == 4 * rooms; }));
    CHECK(node.kafka().physical_reads() - before == 2);
}
