// Boost Software License 1.0, see LICENSE

#include <stompchat/kafka/record.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stompchat;
using namespace stompchat::kafka;

namespace {

std::string octets(std::string_view hex) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string made;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) made += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    return made;
}

// The vectors of docs/kafka.md.
const std::string room_vector =
    octets("010000008877665544332211050000000000000007000000000000000300000000000000e8030000000000000500000000000000616c696365");
const std::string queue_vector =
    octets("010000008877665544332211050000000000000007000000000000000300000000000000e803000000000000050013001c000000616c6963652f75"
           "7365722f616c6963652f71756575652f780c000a000000636f6e74656e742d74797065746578742f706c61696e");

outgoing sample(std::string_view destination) {
    outgoing one;
    one.destination = destination;
    one.user = "alice";
    one.timestamp = 1'000;
    one.body = "hello";
    one.id = {0x1122334455667788u, 5};
    one.base = {7, partition_of(destination, 16), 3};
    return one;
}

std::string encoded(const outgoing& one, record_type type = record_type::message) {
    std::string header;
    encode_record_header(header, type, one);
    return header;
}

raw_record raw(std::string_view key, std::optional<std::string_view> header, partition on, std::string_view body = "hello") {
    raw_record record;
    record.at = {7, on, 11};
    record.key = key;
    record.header = header;
    record.body = body;
    record.timestamp = 9'000;
    return record;
}

decoded_record read(std::string_view destination, std::optional<std::string_view> header) {
    return decode_record(raw(partition_key(destination), header, partition_of(destination, 16)), 16);
}

} // namespace

TEST_CASE("the header is written as it is documented") {
    CHECK(encoded(sample("/topic/general")) == room_vector);
    outgoing queue = sample("/user/alice/queue/x");
    std::string fields;
    append_header(fields, "content-type", "text/plain");
    queue.headers = header_block(fields);
    CHECK(encoded(queue) == queue_vector);
}

TEST_CASE("a record has the key and the partition that its destination has everywhere") {
    CHECK(partition_key("/user/alice/queue/x") == "/user/alice");
    // The vectors of docs/kafka.md.
    CHECK(fnv1a_64("/topic/general") == 0xf444faede5fd172au);
    CHECK(fnv1a_64("/topic/room-1") == 0x6b0f6d2720d57f3fu);
    CHECK(fnv1a_64("/user/alice") == 0x23e78ba5236988fau);
    CHECK(partition_of("/topic/general", 256) == 42);
    CHECK(partition_of("/topic/general", 16) == 10);
    CHECK(partition_of("/user/alice/queue/x", 256) == 250);
    CHECK(partition_of("/user/alice/queue/x", 16) == 10);
}

TEST_CASE("what was written is read") {
    const auto one = read("/topic/general", room_vector);
    REQUIRE(one.outcome == record_outcome::ours);
    CHECK(one.type == record_type::message);
    CHECK(one.view.at == position{7, 10, 11});
    CHECK(one.view.destination == "/topic/general");
    CHECK(one.view.user == "alice");
    CHECK(one.view.timestamp == 1'000);
    CHECK(one.view.headers.empty());
    CHECK(one.view.body == "hello");
    CHECK(one.id == record_id{0x1122334455667788u, 5});
    CHECK(one.base == position{7, 10, 3});

    const auto queue = read("/user/alice/queue/x", queue_vector);
    REQUIRE(queue.outcome == record_outcome::ours);
    CHECK(queue.view.destination == "/user/alice/queue/x");
    CHECK(queue.view.headers.find("content-type") == "text/plain");
}

TEST_CASE("an empty body, an absent user and a negative offset are values like any other") {
    outgoing bare;
    bare.destination = "/topic/a";
    bare.timestamp = -1;
    const std::string header = encoded(bare, record_type::ephemeral);
    const auto one = decode_record(raw("/topic/a", header, partition_of("/topic/a", 16), ""), 16);
    REQUIRE(one.outcome == record_outcome::ours);
    CHECK(one.type == record_type::ephemeral);
    CHECK(one.view.user.empty());
    CHECK(one.view.body.empty());
    CHECK(one.view.timestamp == -1);
    CHECK(one.id == record_id{});
    CHECK(one.base.offset == -1);
}

TEST_CASE("a header that was cut is malformed wherever it was cut") {
    for (std::size_t length = 0; length != queue_vector.size(); ++length)
        CHECK(read("/user/alice/queue/x", queue_vector.substr(0, length)).outcome == record_outcome::malformed);
}

TEST_CASE("what a later writer adds within the version is ignored") {
    CHECK(read("/topic/general", room_vector + "later").outcome == record_outcome::ours);
    std::string flags = room_vector;
    flags[2] = flags[3] = '\xff';
    CHECK(read("/topic/general", flags).outcome == record_outcome::ours);
    std::string type = room_vector;
    type[1] = 3;
    CHECK(read("/topic/general", type).outcome == record_outcome::unknown_type);
    CHECK(!read("/topic/general", type).readable());
}

TEST_CASE("another version is a gap, however long it is") {
    std::string version = room_vector;
    version[0] = 2;
    CHECK(read("/topic/general", version).outcome == record_outcome::newer);
    CHECK(read("/topic/general", version.substr(0, 1)).outcome == record_outcome::newer);
    version[0] = 0;
    CHECK(read("/topic/general", version).outcome == record_outcome::malformed);
}

TEST_CASE("headers that are not well-formed do not reach a reader") {
    std::string broken = queue_vector;
    broken[52 + 5 + 19] = '\x7f';
    CHECK(read("/user/alice/queue/x", broken).outcome == record_outcome::malformed);
}

TEST_CASE("a probe is shown to nobody and needs no destination") {
    outgoing none;
    const std::string header = encoded(none, record_type::probe);
    const auto one = decode_record(raw("", header, 3), 16);
    CHECK(one.outcome == record_outcome::ours);
    CHECK(one.type == record_type::probe);
    CHECK(one.view.destination.empty());
    // A message does.
    CHECK(decode_record(raw("", encoded(none), 3), 16).outcome == record_outcome::malformed);
}

TEST_CASE("a record without our header is a plain body for the destination in its key") {
    for (const std::string_view destination : {"/topic/general", "/topic/a/b", "/user/alice/queue/x", "/topic/\xc3\xbcml"}) {
        const auto one = decode_record(raw(destination, {}, partition_of(destination, 16)), 16);
        REQUIRE(one.outcome == record_outcome::plain);
        CHECK(one.readable());
        CHECK(one.type == record_type::message);
        CHECK(one.view.destination == destination);
        CHECK(one.view.user.empty());
        CHECK(one.view.timestamp == 9'000);
        CHECK(one.view.body == "hello");
        CHECK(one.id == record_id{});
    }
}

TEST_CASE("a key that is no destination of the log is passed over") {
    using namespace std::string_view_literals;
    for (const std::string_view key :
         {""sv, "general"sv, "/topic/"sv, "/app/x"sv, "/user/alice"sv, "/user//queue/x"sv, "/user/alice/queue/"sv, "/user/queue/x"sv,
          "/topic/a\nb"sv, "/topic/a\0b"sv, "/topic/\xff"sv, "/presence/a"sv})
        for (partition on = 0; on != 16; ++on) CHECK(decode_record(raw(key, {}, on), 16).outcome == record_outcome::malformed);
}

TEST_CASE("a record on another partition than its destination's is passed over") {
    const partition right = partition_of("/topic/general", 16);
    CHECK(decode_record(raw("/topic/general", room_vector, (right + 1) % 16), 16).outcome == record_outcome::misplaced);
    CHECK(decode_record(raw("/topic/general", {}, (right + 1) % 16), 16).outcome == record_outcome::misplaced);
}

TEST_CASE("parts that are too long for the header are told before it is written") {
    const std::string longest(UINT16_MAX, 'x');
    outgoing one;
    one.user = longest;
    CHECK(fits_record_header(one));
    const std::string longer = longest + "x";
    one.user = longer;
    CHECK(!fits_record_header(one));
    one.user = {};
    one.destination = longer;
    CHECK(!fits_record_header(one));
}
