// Boost Software License 1.0, see LICENSE

#include <stompchat/node/detail/frame.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

using namespace stompchat;
using namespace std::string_literals;
using namespace std::string_view_literals;
using node::frame;
using node::frame_budget;
using node::frame_ref;
using stomp::version;

namespace {

record_view record_with(std::string_view headers, std::string_view body) {
    record_view record;
    record.at = {0xAB, 3, 77};
    record.destination = "/topic/x";
    record.user = "ann";
    record.timestamp = 1700000000123;
    record.headers = header_block(headers);
    record.body = body;
    return record;
}

std::string block(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    std::string octets;
    for (const auto& [name, value] : fields) append_header(octets, name, value);
    return octets;
}

std::string id_of(const record_view& record) { return std::string(position_token(record.at, record.destination).text()); }

std::string as(frame_ref& of, version v) { return std::string(of->for_version(v).octets()); }

} // namespace

TEST_CASE("a message is written with what the server stamps, the sender's headers in order, and its length") {
    const std::string headers = block({{"b", "1"}, {"a", "2"}, {"b", "3"}});
    const record_view record = record_with(headers, "hello");
    frame_ref made = frame::make_message(record);
    CHECK(made->what() == frame::kind::message);
    CHECK(made->at() == record.at);
    CHECK(made->message_id() == id_of(record));
    CHECK(made->octets()
          == "message-id:" + id_of(record)
                 + "\ndestination:/topic/x\ntimestamp:1700000000123\nuser:ann\nb:1\na:2\nb:3\ncontent-length:5\n\nhello\0"s);
    CHECK("message-id:" + std::string(made->message_id()) + "\n" + std::string(made->rest()) == made->octets());
    CHECK(made->text());
}

TEST_CASE("an empty body has its length too, and a message of nobody names no user") {
    record_view record = record_with({}, {});
    record.user = {};
    frame_ref made = frame::make_message(record);
    CHECK(made->rest() == "destination:/topic/x\ntimestamp:1700000000123\ncontent-length:0\n\n\0"sv);
}

TEST_CASE("a frame without anything to escape is the same object for every version") {
    frame_ref made = frame::make_message(record_with(block({{"a", "b"}}), "x"));
    CHECK(&made->for_version(version::v1_0) == made.get());
    CHECK(&made->for_version(version::v1_1) == made.get());
    CHECK(&made->for_version(version::v1_2) == made.get());
}

TEST_CASE("each version reads a header as it can express it, or not at all") {
    const std::string headers = block({{"colon", "a:b"}, {"back", "a\\b"}, {"lf", "a\nb"}, {"cr", "a\rb"}, {"na:me", "v"}, {"plain", "p"}});
    const record_view record = record_with(headers, "body");
    frame_ref made = frame::make_message(record);
    const std::string begin = "message-id:" + id_of(record) + "\ndestination:/topic/x\ntimestamp:1700000000123\nuser:ann\n";
    const std::string end = "plain:p\ncontent-length:4\n\nbody\0"s;
    CHECK(as(made, version::v1_2) == begin + "colon:a\\cb\nback:a\\\\b\nlf:a\\nb\ncr:a\\rb\nna\\cme:v\n" + end);
    CHECK(as(made, version::v1_1) == begin + "colon:a\\cb\nback:a\\\\b\nlf:a\\nb\nna\\cme:v\n" + end);
    CHECK(as(made, version::v1_0) == begin + "colon:a:b\nback:a\\b\n" + end);
    CHECK(made->for_version(version::v1_0).message_id() == id_of(record));
}

TEST_CASE("a variant is made once, from the message and not from what stands behind the view") {
    frame_ref made;
    {
        const std::string headers = block({{"colon", "a:b"}});
        const std::string body(100, 'x');
        made = frame::make_message(record_with(headers, body));
    }
    const frame* const variant = &made->for_version(version::v1_0);
    CHECK(variant != made.get());
    CHECK(&made->for_version(version::v1_0) == variant);
    CHECK(&made->for_version(version::v1_1) != variant);
    CHECK(variant->octets().find("colon:a:b\n") != std::string_view::npos);
    CHECK(variant->octets().ends_with(std::string(100, 'x') + '\0'));
}

TEST_CASE("a user or destination that needs escaping is escaped") {
    record_view record = record_with({}, "x");
    record.user = "an:n";
    record.destination = "/topic/a:b";
    frame_ref made = frame::make_message(record);
    CHECK(as(made, version::v1_2).find("destination:/topic/a\\cb\n") != std::string::npos);
    CHECK(as(made, version::v1_2).find("user:an\\cn\n") != std::string::npos);
    CHECK(as(made, version::v1_0).find("user:an:n\n") != std::string::npos);
}

TEST_CASE("only a frame that is UTF-8 as a whole may travel as text") {
    CHECK(frame::make_message(record_with({}, "gr\xC3\xBC\xC3\x9F"))->text());
    CHECK_FALSE(frame::make_message(record_with({}, "\xC3"))->text());
    CHECK_FALSE(frame::make_message(record_with({}, "a\xFF"))->text());
    CHECK_FALSE(frame::make_message(record_with(block({{"h", "\xFF"}}), "a"))->text());
    CHECK(frame::make(frame::kind::stomp, "RECEIPT\n\n\0"sv)->text());
    CHECK_FALSE(frame::make(frame::kind::stomp, "\xFF")->text());
    CHECK_FALSE(frame::make(frame::kind::wire, "ping")->text());
}

TEST_CASE("a local message has an id that is no token, no user and no timestamp") {
    const std::string headers = block({{"k", "v"}});
    frame_ref made = frame::make_local_message(12, "/session/queue/replies", header_block(headers), "re");
    CHECK(made->octets() == "message-id:s-12\ndestination:/session/queue/replies\nk:v\ncontent-length:2\n\nre\0"sv);
    CHECK(made->message_id() == "s-12");
    CHECK(made->at().offset == 12);
    CHECK_FALSE(parse_token(made->message_id()).has_value());
}

TEST_CASE("other frames are their octets") {
    frame_ref made = frame::make(frame::kind::wire, "octets\0\xFF"sv);
    CHECK(made->what() == frame::kind::wire);
    CHECK(made->octets() == "octets\0\xFF"sv);
    CHECK(&made->for_version(version::v1_0) == made.get());
}

TEST_CASE("a frame counts in the budget until its last reference goes") {
    frame_budget budget;
    frame_ref made = frame::make(frame::kind::stomp, std::string(100, 'x'));
    made->charge(budget);
    CHECK(budget.octets == 100);
    frame_ref other = made;
    made = {};
    CHECK(budget.octets == 100);
    frame* const raw = other.detach();
    CHECK_FALSE(other);
    CHECK(budget.octets == 100);
    frame_ref{raw};
    CHECK(budget.octets == 0);
}

TEST_CASE("references move, and may be assigned to themselves") {
    frame_budget budget;
    frame_ref made = frame::make(frame::kind::stomp, "abc");
    made->charge(budget);
    frame_ref moved = std::move(made);
    CHECK_FALSE(made);
    const frame_ref& alias = moved;
    moved = alias;
    CHECK(moved->octets() == "abc");
    CHECK(budget.octets == 3);
    moved = frame::make(frame::kind::stomp, "");
    CHECK(budget.octets == 0);
    CHECK(moved->octets().empty());
}
