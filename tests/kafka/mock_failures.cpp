// Boost Software License 1.0, see LICENSE

#include "mock_stand.hpp"

#include <algorithm>

TEST_CASE("requests that Kafka refuses for the moment are repeated: nothing is lost, doubled or out of order") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const auto rooms = three_rooms(at);
    for (int i = 0; i != 2; ++i) {
        cluster->fail(mock_cluster::broker_of(0), request::produce,
                      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT,
                       RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND});
        publish_rounds(at, rooms, i * 50, i * 50 + 50, [](int) {});
        REQUIRE(at.run_until([&] { return cluster->failures_left(mock_cluster::broker_of(0), request::produce) == 0; }));
    }
    check_all(at, rooms, 100);
    CHECK(at.kafka().statistics().fatal_producers == 0);
    CHECK(at.kafka().statistics().void_copies == 0);
}

TEST_CASE("a sequence number that Kafka does not expect ends the producer, and its successor writes the rest in order") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const auto rooms = three_rooms(at);
    publish_rounds(at, rooms, 0, 20, [](int) {});
    cluster->fail(mock_cluster::broker_of(0), request::produce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
    publish_rounds(at, rooms, 20, 60, [](int) {});
    check_all(at, rooms, 60);
    CHECK(at.kafka().statistics().fatal_producers == 1);
    CHECK(at.kafka().statistics().leaked_handles == 0);
}

TEST_CASE("a message that is too long for the topic is told so, and those around it are published") {
    mock_log cluster;
    auto options = cluster.options();
    // One record in each request.
    options.settings["batch.num.messages"] = "1";
    // No probe may meet the failure.
    options.probe_interval = options.unavailable_after = std::chrono::minutes(1);
    kafka_stand at(options);
    at.start();
    const std::string room = at.destination_on(0);
    at.publish_and_wait(room, 1);
    cluster->fail(mock_cluster::broker_of(0), request::produce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    const auto too_long = at.publish(room, "too long");
    for (int i = 1; i != 10; ++i) at.publish(room, std::to_string(i));
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 11 && at.sink.records().size() == 10; }));
    for (const auto& [ticket, result] : at.sink.results())
        CHECK(result.error == (ticket == too_long ? make_error_code(error::message_too_large) : error_code()));
    CHECK(contract::bodies(at.sink.records()) == contract::numbers(0, 10));
}

TEST_CASE("what is in the log twice, because its acknowledgement was lost with the connection, is shown once") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const auto rooms = three_rooms(at);
    publish_rounds(at, rooms, 0, 10, [](int) {});
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 30 && at.sink.records().size() == 30; }));
    cluster->withhold_answer(mock_cluster::broker_of(0), request::produce);
    publish_rounds(at, rooms, 10, 20, [](int) {});
    // It is in the log, and the producer does not know.
    REQUIRE(at.run_until([&] { return cluster->failures_left(mock_cluster::broker_of(0), request::produce) == 0; }));
    REQUIRE(at.run_until([&] { return at.sink.is(broker_state::unavailable); }));
    CHECK(at.sink.results().size() < 60);
    cluster->set_down(mock_cluster::broker_of(0));
    cluster->set_up(mock_cluster::broker_of(0));
    check_shown(at, rooms, 20);
    REQUIRE(at.run_until([&] { return at.kafka().statistics().void_copies != 0; }));
}

TEST_CASE("a broker that goes away makes the log unavailable until it is back, and all that was taken comes out once, in order") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const auto rooms = three_rooms(at);
    publish_rounds(at, rooms, 0, 20, [](int) {});
    const position begin = at.end(0).value();
    int gone = 0;
    SUBCASE("one of three") { gone = mock_cluster::broker_of(0); }
    SUBCASE("all of them") { gone = -1; }
    cluster->set_down(gone);
    publish_rounds(at, rooms, 20, 40, [](int) {});
    REQUIRE(at.run_until([&] { return at.sink.is(broker_state::unavailable); }));
    publish_rounds(at, rooms, 40, 60, [](int) {});
    CHECK(at.read(rooms[0], begin).error == error::broker_unavailable);
    CHECK(at.sink.records_of(rooms[0]).size() <= 20);
    cluster->set_up(gone);
    check_shown(at, rooms, 60);
    using enum broker_state;
    CHECK(at.sink.states == std::vector<broker_state>{starting, ready, unavailable, ready});
}

TEST_CASE("records that Kafka refuses because the topic may not be used for a moment are written again, each once and in order") {
    mock_log cluster;
    kafka_stand at(cluster.options());
    at.start();
    const std::string room = at.destination_on(0);
    // librdkafka then takes no more records for the topic, until the next producer.
    cluster->fail(mock_cluster::broker_of(0), request::produce, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
    int sent = 0;
    REQUIRE(at.run_until([&] {
        if (sent < 1'000) at.publish(room, std::to_string(sent++));
        return at.observer->has("the producer lost track of its records");
    }));
    const auto count = static_cast<std::size_t>(sent);
    REQUIRE(at.run_until([&] { return at.sink.results().size() == count && at.sink.records().size() >= count; }));
    for (const auto& [ticket, result] : at.sink.results()) CHECK(!result.error);
    CHECK(contract::bodies(at.sink.records()) == contract::numbers(0, sent));
    CHECK(at.kafka().statistics().fatal_producers >= 1);
}

TEST_CASE("a record that Kafka refuses once is not overtaken by those that wait behind it") {
    mock_log cluster;
    auto options = cluster.options();
    // One record in each request, one request at a time.
    options.settings["batch.num.messages"] = "1";
    options.probe_interval = options.unavailable_after = std::chrono::minutes(1);
    kafka_stand at(options);
    at.start();
    const std::string room = at.destination_on(0);
    at.publish_and_wait(room, 1);
    cluster->fail(mock_cluster::broker_of(0), request::produce, {RD_KAFKA_RESP_ERR_INVALID_RECORD});
    for (int i = 1; i != 200; ++i) at.publish(room, std::to_string(i));
    REQUIRE(at.run_until([&] { return at.sink.results().size() == 200 && at.sink.records().size() >= 200; }));
    for (const auto& [ticket, result] : at.sink.results()) CHECK(!result.error);
    auto shown = contract::bodies(at.sink.records());
    // The mock takes the next request, which was made already. Kafka would refuse it, because a sequence number is left out.
    if (shown.at(1) == "2") std::swap(shown[1], shown.at(2));
    CHECK(shown == contract::numbers(0, 200));
}
