// Boost Software License 1.0, see LICENSE

#include "kafka_stand.hpp"

#include <stompchat/kafka/record.hpp>

#include <support/kafka_writer.hpp>

#include <string>
#include <string_view>

using contract::bodies;

namespace {

using strings = std::vector<std::string>;

/// A record as a node writes it.
std::string header_of(std::string_view destination, const record_id& id, const position& base) {
    outgoing one;
    one.destination = destination;
    one.user = "alice";
    one.timestamp = 1'000;
    one.id = id;
    one.base = base;
    std::string header;
    kafka::encode_record_header(header, kafka::record_type::message, one);
    return header;
}

constexpr std::string_view room = "/topic/a";

partition place() { return partition_of(room, 2); }

} // namespace

TEST_CASE("what other programs write is shown and read as plain messages") {
    const auto options = kafka_options("others-plain");
    kafka_stand node(options);
    node.start();
    const position begin = node.end(place()).value();
    support::kafka_writer writer(options.brokers);
    writer.write(options.topic, place(), room, "plain");
    writer.write(options.topic, place(), "nowhere", "no destination");
    writer.write(options.topic, 1 - place(), room, "on a partition where nobody looks for it");
    writer.write(options.topic, place(), room, "last");
    REQUIRE(node.run_until([&] { return node.sink.records().size() == 2; }));
    CHECK(bodies(node.sink.records()) == strings{"plain", "last"});
    CHECK(node.sink.records()[0].view().destination == room);
    CHECK(node.sink.records()[0].view().user.empty());
    CHECK(node.sink.records()[0].view().timestamp > 1'600'000'000'000);
    CHECK(bodies(node.read_all(std::string(room), begin, {})) == strings{"plain", "last"});
    REQUIRE(node.run_until([&] { return node.kafka().statistics().unreadable == 2; }));
}

TEST_CASE("a late copy by a node that was frozen is no message, for one that was not there when the first one came") {
    const auto options = kafka_options("others-copies");
    position base;
    {
        kafka_stand before(options);
        before.start();
        base = before.end(place()).value();
    }
    support::kafka_writer writer(options.brokers);
    const record_id id{0xf00d, 7};
    writer.write(options.topic, place(), room, "first", header_of(room, id, base));
    for (int i = 0; i != 200; ++i) writer.write(options.topic, place(), "/topic/filler", "filler");

    kafka_stand node(options);
    node.start();
    const position middle = node.end(place()).value();
    const offset copy = writer.write(options.topic, place(), room, "copy", header_of(room, id, base));
    writer.write(options.topic, place(), room, "other", header_of(room, {0xf00d, 8}, base));
    writer.write(options.topic, place(), room, "last", header_of(room, {0xf00d, 9}, middle));
    REQUIRE(node.run_until([&] { return node.sink.records().size() == 2; }));
    CHECK(bodies(node.sink.records()) == strings{"other", "last"});
    CHECK(node.kafka().statistics().void_copies == 1);
    CHECK(node.kafka().physical_reads() == 1); // one look back for the three of them

    // Reads see the same, wherever they begin.
    CHECK(bodies(node.read_all(std::string(room), base, {})) == strings{"first", "other", "last"});
    CHECK(bodies(node.read_all(std::string(room), middle, {})) == strings{"other", "last"});
    position at = middle;
    at.offset = copy;
    CHECK(bodies(node.read_all(std::string(room), at, {})) == strings{"other", "last"});

    // Whoever publishes it once more is told of the first one.
    outgoing again;
    again.destination = room;
    again.body = "again";
    again.id = id;
    again.base = base;
    const auto ticket = node.publish(again);
    REQUIRE(node.run_until([&] { return node.sink.results().contains(ticket); }));
    const auto first = node.read(std::string(room), base);
    CHECK(node.sink.results().at(ticket).at == first.result.messages.at(0).at());
}

TEST_CASE("a record of a version that is not known makes the broker refuse to serve, and reads tell of the gap") {
    const auto options = kafka_options("others-newer");
    kafka_stand node(options);
    node.start();
    node.publish_and_wait(room, 2);
    const position begin = node.sink.records()[0].at();
    support::kafka_writer writer(options.brokers);
    const offset gap = writer.write(options.topic, place(), room, "newer", "\x02");
    writer.write(options.topic, place(), room, "behind it");
    REQUIRE(node.run_until([&] { return node.sink.is(broker_state::refused); }));
    CHECK(node.sink.records().size() == 2);
    CHECK(node.observer->has("version"));

    // A node that starts behind it can do its work.
    kafka_stand later(options);
    later.start();
    CHECK(bodies(later.read(std::string(room), begin).result.messages) == strings{"0", "1"});
    position at = begin;
    at.offset = gap;
    const auto lost = later.read(std::string(room), at);
    CHECK(lost.result.status == read_status::lost);
    CHECK(bodies(lost.result.messages) == strings{"behind it"});
}
