// Boost Software License 1.0, see LICENSE

#include "memory_stand.hpp"

// What the memory broker keeps of the past, and how it is read, beyond what tests/contract asks of every broker.

using namespace memory_test;

TEST_CASE("history is bounded in octets") {
    memory_broker_options options = one_partition();
    options.history_octets_per_partition = 100'000;
    stand at(options);
    const std::string body(1'000, 'x');
    for (int i = 0; i != 1'000; ++i) {
        at.publish("/topic/" + std::to_string(i % 7), body);
        if (i % 10 == 0) at.run();
    }
    at.run();
    CHECK(at.sink.bodies.size() == 1'000);
    CHECK(at.subject.history_octets() <= options.history_octets_per_partition);
    CHECK(at.subject.history_messages() > 50);
    CHECK(at.read("/topic/1", 0).status == read_status::lost);
}

TEST_CASE("history is bounded in messages") {
    memory_broker_options options = one_partition();
    options.history_messages_per_partition = 10;
    stand at(options);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", std::to_string(i));
    // What was not shown yet is kept.
    CHECK(at.subject.history_messages() == 25);
    at.run();
    CHECK(at.sink.bodies.size() == 25);
    CHECK(at.subject.history_messages() == 10);
    CHECK(at.read("/topic/a", 14).status == read_status::lost);
    const read_result kept = at.read("/topic/a", 15);
    CHECK(kept.status == read_status::complete);
    CHECK(kept.messages.size() == 10);
    CHECK(kept.messages[0].view().body == "15");
}

TEST_CASE("a partition that nobody wants keeps no more than its history") {
    memory_broker_options options = one_partition();
    options.history_messages_per_partition = 10;
    stand at(options);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", "x");
    at.subject.set_partitions({});
    CHECK(at.subject.history_messages() == 10);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", "x");
    CHECK(at.subject.history_messages() == 10);
    at.run();
    CHECK(at.sink.bodies.empty());
}

TEST_CASE("what was dropped is not missed by a reader that would have passed over it") {
    memory_broker_options options = one_partition();
    options.history_messages_per_partition = 10;
    stand at(options);
    for (int i = 0; i != 25; ++i) at.publish("/topic/a", std::to_string(i), 1'000 + i);
    at.run();
    using std::chrono::milliseconds;
    using time_point = std::chrono::system_clock::time_point;
    // Of the messages dropped the youngest was sent at 1014.
    CHECK(at.read("/topic/a", 0, {time_point(milliseconds(1'014)), 100, 10'000}).status == read_status::lost);
    const read_result kept = at.read("/topic/a", 0, {time_point(milliseconds(1'015)), 100, 10'000});
    CHECK(kept.status == read_status::complete);
    CHECK(kept.messages.size() == 10);
}

TEST_CASE("a read from before the beginning is one from the beginning") {
    stand at(one_partition());
    at.publish("/topic/a", "x");
    at.run();
    for (const offset from : {offset{-1}, offset{INT64_MIN}}) {
        const read_result result = at.read("/topic/a", from);
        CHECK(result.status == read_status::complete);
        CHECK(result.messages.size() == 1);
    }
}

TEST_CASE("a read from behind the end is complete and stays where it is") {
    stand at(one_partition());
    at.publish("/topic/a", "x");
    at.run();
    const read_result result = at.read("/topic/a", 1'000);
    CHECK(result.status == read_status::complete);
    CHECK(result.messages.empty());
    CHECK(result.next.offset == 1'000);
}

TEST_CASE("a position of another partition is lost") {
    stand at;
    at.publish("/topic/a", "x");
    at.run();
    std::optional<read_status> status;
    const partition wrong = (partition_of("/topic/a", 16) + 1) % 16;
    at.subject.async_read("/topic/a", position{at.subject.epoch(), wrong, 0}, {},
                          [&](error_code, const read_result& result) { status = result.status; });
    at.run();
    CHECK(status == read_status::lost);
}

TEST_CASE("a read that passes over very many old messages rests on the way") {
    stand at(one_partition());
    for (int i = 0; i != 25'000; ++i) at.publish("/topic/a", "old", 1);
    at.publish("/topic/a", "new", 5'000);
    at.run();
    const read_bounds bounds{std::chrono::system_clock::time_point(std::chrono::milliseconds(5'000)), 10, 10'000};
    int reads = 0;
    read_result result;
    do {
        result = at.read("/topic/a", result.next.offset, bounds);
        ++reads;
    } while (result.status == read_status::more && reads < 10);
    CHECK(reads == 3);
    CHECK(result.status == read_status::complete);
    REQUIRE(result.messages.size() == 1);
    CHECK(result.messages[0].view().body == "new");
}

TEST_CASE("reads of one partition are answered by one physical read, those of two by two") {
    memory_broker_options options;
    options.partitions = 2;
    stand at(options);
    int answered = 0;
    const auto read = [&](const std::string& destination) {
        at.subject.async_read(destination, position{at.subject.epoch(), partition_of(destination, 2), 0}, {},
                              [&](error_code, const read_result&) { ++answered; });
    };
    for (int i = 0; i != 30; ++i) read("/topic/a");
    at.run();
    CHECK(answered == 30);
    CHECK(at.subject.physical_reads() == 1);
    for (int i = 0; i != 30; ++i) read("/topic/" + std::to_string(i));
    at.run();
    CHECK(answered == 60);
    CHECK(at.subject.physical_reads() == 3);
}
