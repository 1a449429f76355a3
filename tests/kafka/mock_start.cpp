// Boost Software License 1.0, see LICENSE

#include "mock_stand.hpp"

TEST_CASE("topics that have no leader yet are waited for") {
    mock_log cluster;
    cluster->set_topic_error("log", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    kafka_stand at(cluster.options());
    at.broker.start(at.sink);
    REQUIRE(at.run_until([&] { return at.observer->has("the topics are being created"); }));
    CHECK(!at.sink.is(broker_state::ready));
    cluster->set_topic_error("log", RD_KAFKA_RESP_ERR_NO_ERROR);
    REQUIRE(at.run_until([&] { return at.sink.is(broker_state::ready); }));
}

TEST_CASE("a topic that may not be used is told to the operator") {
    mock_log cluster;
    cluster->set_topic_error("log.ephemeral", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    kafka_stand at(cluster.options());
    at.broker.start(at.sink);
    REQUIRE(at.run_until([&] { return at.observer->has("topic log.ephemeral may not be used: "); }));
    CHECK(!at.sink.is(broker_state::ready));
    cluster->set_topic_error("log.ephemeral", RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST_CASE("a Kafka that is not ready for producers yet is waited for") {
    mock_log cluster;
    for (int broker = 1; broker <= 3; ++broker)
        cluster->fail(broker, request::init_producer_id, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
    kafka_stand at(cluster.options());
    at.start();
    const auto left = [&] {
        std::size_t all = 0;
        for (int broker = 1; broker <= 3; ++broker) all += cluster->failures_left(broker, request::init_producer_id);
        return all;
    };
    CHECK(left() < 3);
    const auto rooms = three_rooms(at);
    publish_rounds(at, rooms, 10, [](int) {});
    check_all(at, rooms, 10);
}
