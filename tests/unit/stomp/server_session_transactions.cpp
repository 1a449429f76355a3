// Boost Software License 1.0, see LICENSE

#include "conversation.hpp"

using namespace stompchat::stomp;
using namespace stompchat_test;
using stompchat::error;

namespace {

void expect_nothing(conversation& c, std::string_view text) { CHECK(c.write(text).kind == event_kind::need_more); }

} // namespace

TEST_CASE("COMMIT hands out what was enrolled, in order, though the input is long gone") {
    conversation c;
    c.connect("1.2");
    expect_nothing(c, "BEGIN\ntransaction:t\n\n^@");
    expect_nothing(c, "SEND\ndestination:/topic/a\ntransaction:t\nx:\\c\\n\n\nfirst^@");
    expect_nothing(c, "ACK\nid:m-1\ntransaction:t\n\n^@");
    expect_nothing(c, "NACK\nid:m-2\ntransaction:t\n\n^@");
    expect_nothing(c, "SEND\ndestination:/topic/b\ntransaction:t\ncontent-length:3\n\na^@b^@");
    CHECK(c.write("SEND\ndestination:/topic/c\n\noutside^@").kind == event_kind::send);
    const auto ev = c.write("COMMIT\ntransaction:t\nreceipt:r\n\n^@");
    REQUIRE(ev.kind == event_kind::commit);
    CHECK(ev.receipt == "r");
    REQUIRE(ev.frames.size() == 4);
    CHECK(ev.frames[0].kind == event_kind::send);
    CHECK(ev.frames[0].destination == "/topic/a");
    CHECK(ev.frames[0].frame.value_of("x") == ":\n");
    CHECK(ev.frames[0].frame.body == "first");
    CHECK(ev.frames[1].kind == event_kind::ack);
    CHECK(ev.frames[1].id == "m-1");
    CHECK_FALSE(ev.frames[1].nack);
    CHECK(ev.frames[2].nack);
    CHECK(ev.frames[2].id == "m-2");
    CHECK(ev.frames[3].frame.body == octets("a^@b"));
    CHECK(ev.frames[3].frame.has_content_length);
    CHECK(c.server.next().kind == event_kind::need_more);
    c.fail("COMMIT\ntransaction:t\nreceipt:r-1\n\n^@", error::unknown_transaction);
}

TEST_CASE("receipts inside a transaction confirm the enrolment at once") {
    conversation c;
    c.connect("1.2");
    const auto replied = [&](std::string_view text) {
        const auto ev = c.write(text);
        REQUIRE(ev.kind == event_kind::reply);
        return c.read(ev.octets)["receipt-id"];
    };
    CHECK(replied("BEGIN\ntransaction:t\nreceipt:1\n\n^@") == "1");
    CHECK(replied("SEND\ndestination:a\ntransaction:t\nreceipt:2\n\n^@") == "2");
    CHECK(replied("ACK\nid:a\ntransaction:t\nreceipt:3\n\n^@") == "3");
    CHECK(replied("ABORT\ntransaction:t\nreceipt:4\n\n^@") == "4");
}

TEST_CASE("an aborted transaction has no effect and its id is free again") {
    conversation c;
    c.connect("1.1");
    expect_nothing(c, "BEGIN\ntransaction:t\n\n^@");
    expect_nothing(c, "SEND\ndestination:a\ntransaction:t\n\n^@");
    expect_nothing(c, "ABORT\ntransaction:t\n\n^@");
    expect_nothing(c, "BEGIN\ntransaction:t\n\n^@");
    const auto ev = c.write("COMMIT\ntransaction:t\n\n^@");
    CHECK(ev.kind == event_kind::commit);
    CHECK(ev.frames.empty());
}

TEST_CASE("transactions of one session do not mix") {
    conversation c;
    c.connect("1.2");
    expect_nothing(c, "BEGIN\ntransaction:1\n\n^@BEGIN\ntransaction:2\n\n^@");
    expect_nothing(c, "SEND\ndestination:a\ntransaction:1\n\n^@SEND\ndestination:b\ntransaction:2\n\n^@");
    const auto ev = c.write("COMMIT\ntransaction:2\n\n^@");
    REQUIRE(ev.frames.size() == 1);
    CHECK(ev.frames[0].destination == "b");
}

TEST_CASE("what is wrong with a transaction is an ERROR") {
    const auto fails = [](std::string_view text, error code) {
        conversation c;
        c.connect("1.2");
        expect_nothing(c, "BEGIN\ntransaction:t\n\n^@");
        c.fail(text, code);
    };
    for (const char* cmd : {"BEGIN", "COMMIT", "ABORT"}) {
        fails(std::string(cmd) + "\nreceipt:r-1\n\n^@", error::missing_header);
        fails(std::string(cmd) + "\ntransaction:\nreceipt:r-1\n\n^@", error::missing_header);
    }
    fails("BEGIN\ntransaction:t\nreceipt:r-1\n\n^@", error::duplicate_transaction);
    for (const char* cmd : {"COMMIT\n", "ABORT\n", "SEND\ndestination:a\n", "ACK\nid:1\n", "NACK\nid:1\n"}) {
        fails(std::string(cmd) + "transaction:u\nreceipt:r-1\n\n^@", error::unknown_transaction);
    }
    fails("SEND\ndestination:a\ntransaction:\nreceipt:r-1\n\n^@", error::unknown_transaction);
    fails("SEND\ntransaction:t\nreceipt:r-1\n\n^@", error::missing_header);
    fails("ACK\ntransaction:t\nreceipt:r-1\n\n^@", error::missing_header);
    conversation none;
    none.connect("1.2");
    none.fail("SEND\ndestination:a\ntransaction:t\n\n^@", error::unknown_transaction);
}

TEST_CASE("transactions are bounded in number, frames and octets") {
    session_options options;
    options.max_transactions = 2;
    options.max_transaction_frames = 3;
    options.max_transaction_octets = 1000;
    const auto with = [&](auto&& f) {
        conversation c(options);
        c.connect("1.2");
        expect_nothing(c, "BEGIN\ntransaction:t\n\n^@");
        f(c);
    };
    with([](conversation& c) {
        expect_nothing(c, "BEGIN\ntransaction:u\n\n^@");
        CHECK(c.fail("BEGIN\ntransaction:v\nreceipt:r-1\n\n^@", error::too_many_transactions).body
              == "this would make 3 open transactions, the limit is 2");
    });
    with([](conversation& c) {
        for (int i = 0; i != 3; ++i) expect_nothing(c, "ACK\nid:1\ntransaction:t\n\n^@");
        CHECK(c.fail("ACK\nid:1\ntransaction:t\nreceipt:r-1\n\n^@", error::transaction_too_long).body
              == "transaction 't' would have 4 frames, the limit is 3");
    });
    with([](conversation& c) {
        expect_nothing(c, "SEND\ndestination:a\ntransaction:t\n\n" + std::string(500, 'x') + "^@");
        const auto frame =
            c.fail("SEND\ndestination:a\ntransaction:t\nreceipt:r-1\n\n" + std::string(500, 'x') + "^@", error::transaction_too_long);
        CHECK(frame.body.find("octets, the limit is 1000") != std::string::npos);
    });
}

TEST_CASE("all open transactions of a session together are bounded in octets, and one that ends makes room") {
    session_options options;
    options.max_transactions_octets = 2000;
    const std::string body(700, 'x');
    for (const char* end : {"COMMIT", "ABORT", ""}) {
        conversation c(options);
        c.connect("1.2");
        expect_nothing(c, "BEGIN\ntransaction:t\n\n^@BEGIN\ntransaction:u\n\n^@BEGIN\ntransaction:v\n\n^@");
        expect_nothing(c, "SEND\ndestination:a\ntransaction:t\n\n" + body + "^@SEND\ndestination:a\ntransaction:u\n\n" + body + "^@");
        const std::string third = "SEND\ndestination:a\ntransaction:v\nreceipt:r-1\n\n" + body + "^@";
        if (*end == '\0') {
            const auto frame = c.fail(third, error::transaction_too_long);
            CHECK(frame.body.starts_with("the open transactions of this session would together have "));
            CHECK(frame.body.ends_with(" octets, the limit is 2000"));
        } else {
            c.write(std::string(end) + "\ntransaction:t\n\n^@");
            CHECK(c.write(third).kind == event_kind::reply);
        }
    }
}

TEST_CASE("DISCONNECT and a failure abort open transactions") {
    for (const bool orderly : {true, false}) {
        conversation c;
        c.connect("1.2");
        expect_nothing(c, "BEGIN\ntransaction:t\n\n^@SEND\ndestination:a\ntransaction:t\n\n" + std::string(1000, 'x') + "^@");
        CHECK(c.server.heap_octets() > 1000);
        if (orderly) {
            CHECK(c.write("DISCONNECT\n\n^@").kind == event_kind::disconnect);
        } else {
            c.server.fail(error::rejected);
        }
        CHECK(c.server.heap_octets() < 300);
        CHECK(c.write("COMMIT\ntransaction:t\n\n^@").kind == event_kind::closed);
    }
}

TEST_CASE("1.1: an enrolled ACK finds its subscription at COMMIT, if that is still there") {
    conversation c;
    c.connect("1.1");
    const auto kept = c.write("SUBSCRIBE\nid:kept\ndestination:a\nack:client\n\n^@").sub;
    c.write("SUBSCRIBE\nid:gone\ndestination:a\nack:client\n\n^@");
    expect_nothing(c, "BEGIN\ntransaction:t\n\n^@");
    expect_nothing(c, "ACK\nmessage-id:1\nsubscription:kept\ntransaction:t\n\n^@");
    expect_nothing(c, "ACK\nmessage-id:2\nsubscription:gone\ntransaction:t\n\n^@");
    CHECK(c.write("UNSUBSCRIBE\nid:gone\n\n^@").kind == event_kind::unsubscribe);
    const auto ev = c.write("COMMIT\ntransaction:t\n\n^@");
    REQUIRE(ev.frames.size() == 2);
    CHECK(ev.frames[0].sub == kept);
    CHECK(ev.frames[0].id == "1");
    CHECK(ev.frames[1].sub == nullptr);
}

TEST_CASE("a refused SEND spoils its transaction: COMMIT is an ERROR") {
    conversation c;
    c.connect("1.2");
    c.server.set_soft_errors(true);
    expect_nothing(c, "BEGIN\ntransaction:t\n\n^@SEND\ndestination:a\ntransaction:t\n\n^@");
    CHECK(c.write("SEND\ntransaction:t\ndestination:" + std::string(300, 'd') + "\n\n^@").kind == event_kind::refused);
    const auto frame = c.fail("COMMIT\ntransaction:t\nreceipt:r-1\n\n^@", error::destination_too_long);
    CHECK(frame.body == "a frame of this transaction was refused, nothing of it takes effect");
}

TEST_CASE("a committed transaction survives a failure in the middle of it") {
    conversation c;
    c.connect("1.2");
    expect_nothing(c, "BEGIN\ntransaction:t\n\n^@SEND\ndestination:first\ntransaction:t\n\n^@");
    const auto ev = c.write("COMMIT\ntransaction:t\n\n^@");
    REQUIRE(ev.frames.size() == 1);
    c.server.fail(error::not_authorized, {}, ev.receipt);
    CHECK(ev.frames[0].destination == "first");
}
