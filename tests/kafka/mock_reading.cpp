// Boost Software License 1.0, see LICENSE

#include "mock_stand.hpp"

using contract::bodies;
using contract::numbers;

namespace {

const std::vector<rd_kafka_resp_err_t> for_the_moment = {
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR__TRANSPORT,          RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
};

} // namespace

TEST_CASE("the past is read in parts, room by room, from where the reader was") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const auto rooms = three_rooms(at);
    const position begin = at.end(0).value();
    publish_rounds(at, rooms, 100, [](int) {});
    check_all(at, rooms, 100);
    CHECK(bodies(at.read_all(rooms[0], begin, {{}, 7, 1024 * 1024})) == numbers(0, 100));
    CHECK(bodies(at.read_all(rooms[1], at.sink.records_of(rooms[1])[40].at(), {})) == numbers(40, 100));
    CHECK(at.read(rooms[0], at.end(0).value()).result.messages.empty());
    CHECK(at.end(0).value().offset > at.sink.records_of(rooms[0]).back().at().offset);
}

TEST_CASE("a read whose fetches fail for the moment is complete all the same") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const std::string room = at.destination_on(0);
    at.publish_and_wait(room, 100);
    const position begin = at.sink.records()[0].at();
    // Only reads of the past fetch from this broker now.
    const partition others[] = {1, 2};
    at.broker.set_partitions(others);
    cluster->fail(mock_cluster::broker_of(0), request::fetch, for_the_moment);
    for (int reads = 0; cluster->failures_left(mock_cluster::broker_of(0), request::fetch) != 0; ++reads) {
        REQUIRE(reads != 10);
        CHECK(bodies(at.read_all(room, begin, {{}, 1'000, 1024 * 1024})) == numbers(0, 100));
    }
    CHECK(bodies(at.read_all(room, begin, {{}, 1'000, 1024 * 1024})) == numbers(0, 100));
}

TEST_CASE("live records whose fetches fail are shown once, in order") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const auto rooms = three_rooms(at);
    auto failures = for_the_moment;
    // This one is not true: the log is as it was.
    failures.push_back(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    cluster->fail(mock_cluster::broker_of(0), request::fetch, failures);
    int round = 0;
    while (cluster->failures_left(mock_cluster::broker_of(0), request::fetch) != 0) {
        REQUIRE(round != 1'000);
        publish_rounds(at, rooms, round, round + 10, [](int) {});
        round += 10;
        REQUIRE(at.run_until([&] { return at.sink.records().size() == rooms.size() * static_cast<std::size_t>(round); }));
    }
    check_all(at, rooms, round);
    CHECK(at.kafka().statistics().new_epochs == 0);
}

TEST_CASE("an end is asked for again when the question fails") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    at.publish_and_wait(at.destination_on(0), 10);
    const position last = at.sink.records().back().at();
    cluster->fail(mock_cluster::broker_of(0), request::list_offsets,
                  {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE});
    const auto end = at.end(0);
    REQUIRE(end);
    CHECK(end->offset > last.offset);
    CHECK(end->epoch == last.epoch);
    CHECK(cluster->failures_left(mock_cluster::broker_of(0), request::list_offsets) == 0);
}
