// Boost Software License 1.0, see LICENSE

#include "rounds.hpp"

#include <support/kafka_admin.hpp>

#include <doctest/doctest.h>

using namespace std::chrono_literals;

TEST_CASE("a producer that lost track of its records is replaced, and what it had not acknowledged is written once, in order") {
    kafka_stand at(kafka_options("fatal"));
    at.start();
    const auto rooms = three_rooms(at);
    constexpr int count = 600;
    publish_rounds(at, rooms, count, [&](int i) {
        if (i % 200 == 100) at.kafka().inject_fatal_producer();
    });
    check_all(at, rooms, count);
    CHECK(at.kafka().statistics().fatal_producers >= 1);
    CHECK(at.kafka().statistics().in_flight == 0);
    CHECK(at.kafka().statistics().leaked_handles == 0);
}

TEST_CASE("what Kafka got twice, from a producer that is gone and from its successor, is shown once") {
    kafka_broker_options options = kafka_options("twice");
    options.unavailable_after = 1s;
    kafka_stand at(options);
    at.start();
    const auto rooms = three_rooms(at);
    constexpr int count = 40;
    // The first part is in the broker's socket when the producer is given up; the broker reads it when it goes on.
    services::tell("hold kafka-1");
    publish_rounds(at, rooms, count / 2, [](int) {});
    REQUIRE(at.run_until([&] { return at.sink.is(broker_state::unavailable); }));
    at.kafka().inject_fatal_producer();
    for (int i = count / 2; i != count; ++i)
        for (const std::string& room : rooms) at.publish(room, std::to_string(i));
    // The new producer has been made when the old one has been waited for in vain.
    REQUIRE(at.run_until([&] { return at.observer->has("the new producer has"); }));
    services::tell("go_on kafka-1");
    check_all(at, rooms, count);
    CHECK(at.kafka().statistics().void_copies != 0);
}

TEST_CASE("a log whose topic was deleted and made anew while messages were on their way gets all of them") {
    kafka_stand at(kafka_options("anew"));
    at.start();
    const std::string room = at.destination_on(0);
    at.publish_and_wait(room, 50);
    support::kafka_admin admin(services::kafka());
    admin.delete_topic("anew");
    for (int i = 50; i != 60; ++i) at.publish(room, std::to_string(i));
    admin.create_topic("anew", 2);
    at.sink.expect_new_log();
    REQUIRE(support::run_until(
        at.context, [&] { return at.sink.results().size() == 60 && at.sink.records().size() == 60; }, 60s));
    CHECK(contract::bodies(at.sink.records_of(room)) == contract::numbers(0, 60));
    for (const auto& [ticket, result] : at.sink.results()) CHECK(!result.error);
}

TEST_CASE("more than librdkafka may hold waits, in order") {
    kafka_broker_options options = kafka_options("narrow");
    options.max_in_flight = 16;
    kafka_stand at(options);
    at.start();
    const auto rooms = three_rooms(at);
    publish_rounds(at, rooms, 500, [](int) {});
    check_all(at, rooms, 500);
}

TEST_CASE("what is published before the log is found is written when it is") {
    kafka_stand at(kafka_options("early"));
    const auto rooms = three_rooms(at);
    publish_rounds(at, rooms, 20, [](int) {});
    at.start();
    const position begin{at.epoch(), 0, 0};
    for (const std::string& room : rooms) {
        position from = begin;
        from.partition = partition_of(room, at.broker.partitions());
        REQUIRE(at.run_until([&] { return at.sink.results().size() == 60; }));
        CHECK(contract::bodies(at.read_all(room, from, {})) == contract::numbers(0, 20));
    }
}

TEST_CASE("compressed records are read as they were") {
    kafka_broker_options options = kafka_options("compressed");
    options.compress = true;
    options.linger = 5ms;
    kafka_stand at(options);
    at.start();
    const auto rooms = three_rooms(at);
    publish_rounds(at, rooms, 100, [](int) {});
    check_all(at, rooms, 100);
}
