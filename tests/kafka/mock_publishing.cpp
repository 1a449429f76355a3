// Boost Software License 1.0, see LICENSE

#include "mock_stand.hpp"

namespace {

using strings = std::vector<std::string>;

/// One on each partition.
strings rooms_of(const kafka_stand& at) {
    strings rooms;
    for (partition p = 0; p != mock_cluster::partitions; ++p) rooms.push_back(at.destination_on(p));
    return rooms;
}

} // namespace

TEST_CASE("what is published on several partitions is shown once, in order, and each result names its place") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    strings rooms = rooms_of(at);
    rooms.push_back(at.destination_on(0, 1));
    publish_rounds(at, rooms, 200, [](int) {});
    check_all(at, rooms, 200);
    CHECK(at.kafka().statistics().void_copies == 0);
    CHECK(at.kafka().statistics().in_flight == 0);
}

TEST_CASE("what one node publishes is shown at another one") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    kafka_stand other(cluster.options());
    at.start();
    other.start();
    CHECK(at.epoch() == other.epoch());
    const strings rooms = rooms_of(at);
    publish_rounds(at, rooms, 50, [](int) {});
    check_all(at, rooms, 50);
    REQUIRE(other.run_until([&] { return other.sink.records().size() == 3 * 50; }));
    for (const std::string& room : rooms) CHECK(contract::bodies(other.sink.records_of(room)) == contract::numbers(0, 50));
}

TEST_CASE("brokers that are far away change nothing but the time it takes") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    cluster->set_round_trip(-1, 40);
    const strings rooms = rooms_of(at);
    publish_rounds(at, rooms, 50, [](int) {});
    check_all(at, rooms, 50);
    cluster->set_round_trip(-1, 0);
}

TEST_CASE("a partition that moves to another broker again and again keeps all messages, in order") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const strings rooms = three_rooms(at);
    int round = 0;
    for (const int leader : {2, 3, 1}) {
        publish_rounds(at, rooms, round, round + 20, [](int) {});
        cluster->set_leader("log", 0, leader);
        publish_rounds(at, rooms, round + 20, round + 40, [](int) {});
        round += 40;
        REQUIRE(at.run_until([&] { return at.sink.records().size() == rooms.size() * static_cast<std::size_t>(round); }));
    }
    check_all(at, rooms, round);
    CHECK(at.kafka().statistics().fatal_producers == 0);
}

TEST_CASE("a partition without a leader makes the broker unavailable until it has one, and nothing is lost") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const strings rooms = three_rooms(at);
    cluster->set_leader("log", 0, -1);
    publish_rounds(at, rooms, 30, [](int) {});
    REQUIRE(at.run_until([&] { return at.sink.is(broker_state::unavailable); }));
    CHECK(at.sink.records_of(rooms[0]).empty());
    cluster->set_leader("log", 0, mock_cluster::broker_of(0));
    check_all(at, rooms, 30);
}
