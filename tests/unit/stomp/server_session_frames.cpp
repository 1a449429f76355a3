// Boost Software License 1.0, see LICENSE

#include "conversation.hpp"

using namespace stompchat::stomp;
using namespace stompchat_test;
using stompchat::error;

namespace {

/// A new conversation in which the frame must fail.
owned_frame fails(const char* accept_version, std::string_view text, error code, std::string_view before = {}) {
    conversation c;
    c.connect(accept_version);
    if (!before.empty()) {
        auto ev = c.write(before);
        while (ev.kind != event_kind::need_more) {
            REQUIRE(ev.kind != event_kind::failed);
            ev = c.server.next();
        }
    }
    return c.fail(text, code);
}

constexpr const char* every_version[] = {"", "1.1", "1.2"};
constexpr const char* later_versions[] = {"1.1", "1.2"};

} // namespace

TEST_CASE("SEND has a destination, a body and all its headers") {
    for (const char* v : every_version) {
        conversation c;
        c.connect(v);
        const auto ev = c.write("SEND\ndestination:/topic/a\nreceipt:r\npriority:9\n\nhello^@");
        CHECK(ev.kind == event_kind::send);
        CHECK(ev.destination == "/topic/a");
        CHECK(ev.receipt == "r");
        CHECK(ev.frame.body == "hello");
        CHECK(ev.frame.headers.size() == 3);
        CHECK(fails(v, "SEND\nreceipt:r-1\n\nhello^@", error::missing_header).body == "SEND needs the header 'destination'");
    }
}

TEST_CASE("before 1.2 what has to be sent back may not hold a CR, and 1.2 has an escape for it") {
    for (const char* v : {"1.0", "1.1"}) {
        for (const char* text : {"SEND\ndestination:a\nreceipt:r\rs\n\n^@", "SEND\ndestination:a\rb\n\n^@",
                                 "SUBSCRIBE\nid:a\rb\ndestination:a\n\n^@", "SUBSCRIBE\nid:a\ndestination:\ra\n\n^@"}) {
            conversation c;
            c.connect(v);
            CHECK(c.fail(text, error::bad_header_value).body.ends_with(", it must be without a CR"));
        }
        conversation c;
        c.connect(v);
        CHECK(c.write("SEND\ndestination:a\nother:x\ry\nreceipt:r\r\n\n^@").receipt == "r");
    }
    conversation c;
    c.connect("1.2");
    const std::string receipt(c.write("SEND\ndestination:a\nreceipt:r\\rs\n\n^@").receipt);
    CHECK(c.read(c.server.receipt(receipt))["receipt-id"] == "r\rs");
}

TEST_CASE("the first of repeated headers counts for the session too") {
    conversation c;
    c.connect("1.2");
    CHECK(c.write("SEND\ndestination:/topic/a\ndestination:/topic/b\n\n^@").destination == "/topic/a");
    CHECK(c.write("SEND\ndestination:\ndestination:/topic/b\n\n^@").destination == "");
}

TEST_CASE("a destination over 255 octets is an ERROR with both sizes") {
    const auto of = [](std::size_t size) { return "destination:" + std::string(size, 'd') + "\nreceipt:r-1\n\n^@"; };
    conversation c;
    c.connect("1.2");
    CHECK(c.write("SEND\n" + of(255)).kind == event_kind::send);
    CHECK(fails("1.2", "SEND\n" + of(256), error::destination_too_long).body == "the destination has 256 octets, the limit is 255");
    fails("1.2", "SUBSCRIBE\nid:1\n" + of(256), error::destination_too_long);
}

TEST_CASE("SUBSCRIBE makes a subscription with its acknowledgement mode") {
    conversation c;
    c.connect("1.2");
    const struct {
        const char* ack;
        ack_mode mode;
    } cases[] = {{"", ack_mode::auto_},
                 {"ack:auto\n", ack_mode::auto_},
                 {"ack:client\n", ack_mode::client},
                 {"ack:client-individual\n", ack_mode::client_individual}};
    int id = 0;
    for (const auto& one : cases) {
        const auto ev = c.write("SUBSCRIBE\nid:" + std::to_string(id) + "\ndestination:/topic/a\nreceipt:r\n" + one.ack + "\n^@");
        REQUIRE(ev.kind == event_kind::subscribe);
        CHECK(ev.receipt == "r");
        CHECK(ev.destination == "/topic/a");
        CHECK(ev.sub->mode == one.mode);
        CHECK(ev.sub->id == std::to_string(id));
        CHECK(c.server.find(std::to_string(id)) == ev.sub);
        ++id;
    }
    CHECK(c.server.subscriptions() == 4);
}

TEST_CASE("what SUBSCRIBE lacks or has wrong is an ERROR") {
    for (const char* v : every_version) {
        fails(v, "SUBSCRIBE\nid:1\nreceipt:r-1\n\n^@", error::missing_header);
        fails(v, "SUBSCRIBE\nid:1\ndestination:/topic/a\nack:sometimes\nreceipt:r-1\n\n^@", error::bad_header_value);
        fails(v, "SUBSCRIBE\nid:1\ndestination:/topic/b\nreceipt:r-1\n\n^@", error::duplicate_subscription,
              "SUBSCRIBE\nid:1\ndestination:/topic/a\n\n^@");
    }
    for (const char* v : later_versions) {
        fails(v, "SUBSCRIBE\ndestination:/topic/a\nreceipt:r-1\n\n^@", error::missing_header);
        fails(v, "SUBSCRIBE\nid:\ndestination:/topic/a\nreceipt:r-1\n\n^@", error::missing_header);
    }
    CHECK(fails("", "SUBSCRIBE\ndestination:/topic/a\nack:client-individual\n\n^@", error::bad_header_value).body
          == "header 'ack' of SUBSCRIBE is 'client-individual', it must be auto or client");
}

TEST_CASE("a 1.0 client may subscribe without an id, its destination stands for it") {
    conversation c;
    c.connect("");
    const auto ev = c.write("SUBSCRIBE\ndestination:/topic/a\n\n^@");
    REQUIRE(ev.kind == event_kind::subscribe);
    CHECK(ev.sub->id.empty());
    CHECK(*ev.sub->destination_if_no_id == "/topic/a");
    CHECK(c.write("SUBSCRIBE\nid:/topic/a\ndestination:/topic/a\n\n^@").kind == event_kind::subscribe);
    auto gone = c.write("UNSUBSCRIBE\ndestination:/topic/a\n\n^@");
    REQUIRE(gone.kind == event_kind::unsubscribe);
    CHECK(gone.sub->id.empty());
    gone = c.write("UNSUBSCRIBE\nid:/topic/a\ndestination:/topic/a\n\n^@");
    REQUIRE(gone.kind == event_kind::unsubscribe);
    CHECK(gone.sub->id == "/topic/a");
    fails("", "SUBSCRIBE\ndestination:/topic/a\nreceipt:r-1\n\n^@", error::duplicate_subscription, "SUBSCRIBE\ndestination:/topic/a\n\n^@");
    fails("", "UNSUBSCRIBE\nreceipt:r-1\n\n^@", error::missing_header);
    fails("", "UNSUBSCRIBE\ndestination:/topic/a\nreceipt:r-1\n\n^@", error::unknown_subscription,
          "SUBSCRIBE\nid:1\ndestination:/topic/a\n\n^@");
}

TEST_CASE("UNSUBSCRIBE hands the subscription out for the last time, then its id is free") {
    for (const char* v : every_version) {
        conversation c;
        c.connect(v);
        auto ev = c.write("SUBSCRIBE\nid:a\ndestination:/topic/a\n\n^@");
        int mine = 0;
        ev.sub->context = &mine;
        ev = c.write("UNSUBSCRIBE\nid:a\nreceipt:r\n\n^@");
        REQUIRE(ev.kind == event_kind::unsubscribe);
        CHECK(ev.sub->context == &mine);
        CHECK(ev.receipt == "r");
        CHECK(c.server.find("a") == nullptr);
        CHECK(c.write("SUBSCRIBE\nid:a\ndestination:/topic/b\n\n^@").kind == event_kind::subscribe);
        fails(v, "UNSUBSCRIBE\nid:b\nreceipt:r-1\n\n^@", error::unknown_subscription, "SUBSCRIBE\nid:a\ndestination:/topic/a\n\n^@");
    }
    for (const char* v : later_versions) fails(v, "UNSUBSCRIBE\ndestination:/topic/a\nreceipt:r-1\n\n^@", error::missing_header);
}

TEST_CASE("subscriptions are bounded, and an UNSUBSCRIBE makes room") {
    session_options options;
    options.max_subscriptions = 2;
    conversation c(options);
    c.connect("1.2");
    for (const char* id : {"1", "2"})
        CHECK(c.write(std::string("SUBSCRIBE\ndestination:a\nid:") + id + "\n\n^@").kind == event_kind::subscribe);
    c.write("UNSUBSCRIBE\nid:1\n\n^@");
    CHECK(c.write("SUBSCRIBE\ndestination:a\nid:3\n\n^@").kind == event_kind::subscribe);
    CHECK(c.fail("SUBSCRIBE\ndestination:a\nid:4\nreceipt:r-1\n\n^@", error::too_many_subscriptions).body
          == "this would make 3 subscriptions, the limit is 2");
}

TEST_CASE("with soft errors a frame over a limit is refused and the session goes on") {
    session_options options;
    options.max_subscriptions = 1;
    conversation c(options);
    c.connect("1.2");
    c.server.set_soft_errors(true);
    auto ev = c.write("SEND\nreceipt:r\ndestination:" + std::string(300, 'd') + "\n\n^@");
    REQUIRE(ev.kind == event_kind::refused);
    CHECK(ev.error == error::destination_too_long);
    const header answer[] = {{"status", "refused"}, {"reason", ev.octets}};
    CHECK(c.read(c.server.receipt(ev.receipt, answer))["reason"] == "the destination has 300 octets, the limit is 255");
    CHECK(c.write("SUBSCRIBE\nid:1\ndestination:/topic/a\n\n^@").kind == event_kind::subscribe);
    ev = c.write("SUBSCRIBE\nid:2\ndestination:/topic/a\nreceipt:r\n\n^@");
    REQUIRE(ev.kind == event_kind::refused);
    CHECK(ev.error == error::too_many_subscriptions);
    CHECK(c.server.subscriptions() == 1);
    c.fail("SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r-1\n\n^@", error::duplicate_subscription); // malformed stays malformed
}

TEST_CASE("1.0: ACK names a message, NACK does not exist") {
    conversation c;
    c.connect("");
    auto ev = c.write("ACK\nmessage-id:m-1\nreceipt:r\n\n^@");
    REQUIRE(ev.kind == event_kind::ack);
    CHECK(ev.id == "m-1");
    CHECK(ev.receipt == "r");
    CHECK(ev.sub == nullptr);
    const auto sub = c.write("SUBSCRIBE\nid:s\ndestination:a\n\n^@").sub;
    CHECK(c.write("ACK\nmessage-id:m-1\nsubscription:s\n\n^@").sub == sub);
    fails("", "ACK\nid:m-1\nreceipt:r-1\n\n^@", error::missing_header);
    fails("", "NACK\nmessage-id:m-1\nreceipt:r-1\n\n^@", error::bad_command);
}

TEST_CASE("1.1: ACK and NACK name a message and its subscription") {
    conversation c;
    c.connect("1.1");
    const auto sub = c.write("SUBSCRIBE\nid:s\ndestination:a\nack:client\n\n^@").sub;
    auto ev = c.write("ACK\nmessage-id:m-1\nsubscription:s\n\n^@");
    CHECK(ev.kind == event_kind::ack);
    CHECK(ev.sub == sub);
    CHECK_FALSE(ev.nack);
    ev = c.write("NACK\nmessage-id:m-2\nsubscription:s\n\n^@");
    CHECK(ev.kind == event_kind::ack);
    CHECK(ev.nack);
    CHECK(ev.id == "m-2");
    for (const char* cmd : {"ACK", "NACK"}) {
        fails("1.1", std::string(cmd) + "\nmessage-id:m-1\nreceipt:r-1\n\n^@", error::missing_header);
        fails("1.1", std::string(cmd) + "\nsubscription:s\nreceipt:r-1\n\n^@", error::missing_header);
        fails("1.1", std::string(cmd) + "\nmessage-id:m-1\nsubscription:x\nreceipt:r-1\n\n^@", error::unknown_subscription);
    }
}

TEST_CASE("1.1: an ACK that crossed the UNSUBSCRIBE is ignored, but its receipt is answered") {
    conversation c;
    c.connect("1.1");
    c.write("SUBSCRIBE\nid:s\ndestination:a\nack:client\n\n^@");
    c.write("UNSUBSCRIBE\nid:s\n\n^@");
    CHECK(c.write("ACK\nmessage-id:m-1\nsubscription:s\n\n^@").kind == event_kind::need_more);
    const auto ev = c.write("ACK\nmessage-id:m-2\nsubscription:s\nreceipt:r\n\n^@");
    REQUIRE(ev.kind == event_kind::reply);
    CHECK(c.read(ev.octets)["receipt-id"] == "r");
    const auto again = c.write("SUBSCRIBE\nid:t\ndestination:a\nack:client\n\n^@").sub;
    c.server.remove(*again);
    CHECK(c.server.find("t") == nullptr);
    CHECK(c.write("ACK\nmessage-id:m-1\nsubscription:t\n\n^@").kind == event_kind::need_more);
}

TEST_CASE("1.2: ACK and NACK name a delivery, a subscription header means nothing") {
    conversation c;
    c.connect("1.2");
    auto ev = c.write("ACK\nid:a-1\nsubscription:nonsense\nmessage-id:x\n\n^@");
    CHECK(ev.kind == event_kind::ack);
    CHECK(ev.id == "a-1");
    CHECK(ev.sub == nullptr);
    ev = c.write("NACK\nid:a-2\nreceipt:r\n\n^@");
    CHECK(ev.nack);
    CHECK(ev.receipt == "r");
    fails("1.2", "ACK\nmessage-id:m-1\nsubscription:s\nreceipt:r-1\n\n^@", error::missing_header);
    fails("1.2", "NACK\nid:\nreceipt:r-1\n\n^@", error::missing_header);
    conversation unknown;
    unknown.connect("1.2");
    ev = unknown.write("ACK\nid:a-1\nreceipt:r\n\n^@");
    unknown.was_connected = true;
    CHECK(unknown.read(unknown.server.fail(error::unknown_ack, "no message 'a-1'", ev.receipt))["receipt-id"] == "r");
}
