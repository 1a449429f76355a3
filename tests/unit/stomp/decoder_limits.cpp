// Boost Software License 1.0, see LICENSE

#include "decoding.hpp"

#include <doctest/doctest.h>

using namespace stompchat::stomp;
using namespace stompchat_test;
using stompchat::error;

namespace {

decoding small() {
    decoding how;
    how.limits.header_line = 20;
    how.limits.headers = 3;
    how.limits.body = 50;
    how.limits.body_before_connect = 10;
    return how;
}

/// The outcome is the same in every split, and no split makes the decoder hold much.
decoded limited_everywhere(std::string_view text, const decoding& how) {
    const decoded whole = decode(text, how);
    for_each_split(text, [&](const pieces& p) {
        const decoded r = decode(p, how);
        CHECK(r.error == whole.error);
        CHECK(r.receipt == whole.receipt);
        CHECK(r.frames == whole.frames);
    });
    return whole;
}

} // namespace

TEST_CASE("everything exactly at its limit is accepted") {
    const std::string line = "receipt:" + std::string(12, 'x');
    for (const char* eol : {"\n", "\r\n"}) {
        std::string text = std::string("SEND") + eol;
        for (int i = 0; i != 3; ++i) text += line + eol;
        text += eol + std::string(50, 'b') + octets("^@");
        const auto r = limited_everywhere(text, small());
        CHECK_FALSE(r.error);
        CHECK(r.frames.size() == 1);
    }
}

TEST_CASE("a header line over its limit is an error in every split, with the frame's receipt and the actual size") {
    const auto text = octets("SEND\nreceipt:5\nlong:" + std::string(16, 'x') + "\n\n^@");
    const auto r = limited_everywhere(text, small());
    CHECK(r.error == error::header_line_too_long);
    CHECK(r.receipt == "5");
    CHECK(r.sentence == "header line 'long' has 21 octets, the limit is 20");
    CHECK(limited_everywhere(std::string(21, 'X') + octets("\n\n^@"), small()).error == error::header_line_too_long);
}

TEST_CASE("a header line that never ends is refused as soon as it is too long, and is not buffered") {
    const auto text = "SEND\nlong:" + std::string(100'000, 'x');
    const auto whole = decode(text, small());
    CHECK(whole.error == error::header_line_too_long);
    CHECK(whole.sentence == "header line 'long' has at least 100005 octets, the limit is 20");
    CHECK(whole.largest_buffer == 0);
    const std::string_view view = text;
    const auto cut = decode(pieces{view.substr(0, 12), view.substr(12)}, small());
    CHECK(cut.error == error::header_line_too_long);
    CHECK(cut.sentence == "header line 'long' has at least 100005 octets, the limit is 20");
    CHECK(cut.largest_buffer < 100);
}

TEST_CASE("too many headers are an error before the head is complete") {
    const auto r = limited_everywhere("SEND\nreceipt:5\nb:1\nc:1\nd:1\n", small());
    CHECK(r.error == error::too_many_headers);
    CHECK(r.receipt == "5");
    CHECK(r.sentence == "the frame has at least 4 headers, the limit is 3");
}

TEST_CASE("an announced body over the limit is refused as soon as the head is complete") {
    const auto text = std::string("SEND\nreceipt:5\ncontent-length:51\n\n");
    const auto r = limited_everywhere(text, small());
    CHECK(r.error == error::body_too_long);
    CHECK(r.receipt == "5");
    CHECK(r.sentence == "the body has 51 octets, the limit is 50");
}

TEST_CASE("a body that ends with NUL is refused when it is too long, and is not buffered") {
    const std::string head = "SEND\nreceipt:5\n\n";
    const auto exact = limited_everywhere(head + std::string(60, 'b') + octets("^@"), small());
    CHECK(exact.error == error::body_too_long);
    CHECK(exact.receipt == "5");
    CHECK(exact.sentence == "the body has 60 octets, the limit is 50");

    const std::string text = head + std::string(100'000, 'b');
    const std::string_view view = text;
    CHECK(decode(text, small()).sentence == "the body has at least 100000 octets, the limit is 50");
    for (const std::size_t cut : {head.size() - 1, head.size(), head.size() + 1, head.size() + 50}) {
        const auto r = decode(pieces{view.substr(0, cut), view.substr(cut)}, small());
        CHECK(r.error == error::body_too_long);
        CHECK(r.receipt == "5");
        CHECK(r.largest_buffer < 200);
    }
}

TEST_CASE("before negotiation the smaller body limit holds") {
    auto how = small();
    how.version.reset();
    const auto announced = limited_everywhere("CONNECT\ncontent-length:11\n\n", how);
    CHECK(announced.error == error::body_too_long);
    CHECK(announced.sentence == "the body has 11 octets, the limit is 10 before CONNECT is answered");
    CHECK(limited_everywhere("CONNECT\n\n" + std::string(11, 'x'), how).error == error::body_too_long);
    CHECK_FALSE(limited_everywhere("CONNECT\n\n" + std::string(10, 'x') + octets("^@"), how).error);
}

TEST_CASE("a frame that is whole in the input is not copied, and a partial one is freed when it is done") {
    const auto text = octets("SEND\na:b\n\n" + std::string(200, 'x') + "^@SEND\na:c\n\n^@");
    const auto whole = decode(text);
    CHECK(whole.frames.size() == 2);
    CHECK(whole.largest_buffer == 0);
    for_each_split(text, [&](const pieces& p) { CHECK(decode(p).last_buffer == 0); });
}

TEST_CASE("the partial buffer takes only what belongs to the partial frame") {
    const std::string big = octets("SEND\n\n" + std::string(40'000, 'x') + "^@");
    const std::string text = octets("SEND\na:b\n\nbody^@") + big + big;
    const std::string_view view = text;
    for (std::size_t cut = 1; cut != 15; ++cut) {
        const auto r = decode(pieces{view.substr(0, cut), view.substr(cut)});
        CHECK(r.frames.size() == 3);
        CHECK(r.largest_buffer < 100);
    }
}

TEST_CASE("held input goes on where it stopped, though the input has died") {
    const auto text = octets("SEND\nn:1\n\n^@SEND\nn:2\n\n^@SEND\nn:3\n\nbody^@SEND\nn:4\n\n^@");
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const decode_limits limits;
        decoder d(peer::client, limits);
        d.set_version(version::v1_2);
        std::string seen;
        frame_view frame;
        {
            parse_scratch scratch;
            const exact_copy first(std::string_view(text).substr(0, cut));
            d.feed(first, scratch);
            CHECK_FALSE(d.held());
            if (d.next(frame) == decode_status::frame) seen += frame.value_of("n");
            d.hold();
        }
        const auto read_all = [&] {
            for (auto s = d.next(frame); s != decode_status::need_more; s = d.next(frame)) {
                REQUIRE(s == decode_status::frame);
                seen += frame.value_of("n");
            }
        };
        parse_scratch scratch;
        d.resume(scratch);
        if (cut % 2 == 0) read_all();
        CHECK((cut % 2 != 0 || !d.held()));
        const exact_copy second(std::string_view(text).substr(cut));
        d.feed(second, scratch);
        read_all();
        CHECK(seen == "1234");
        CHECK(d.unread() == 0);
    }
}

TEST_CASE("the version can change between two frames of one input") {
    const auto text = octets("CONNECT\naccept-version:1.1\nlogin:a\\cb\n\n^@SEND\na:\\c\n\n^@");
    const decode_limits limits;
    parse_scratch scratch;
    decoder d(peer::client, limits);
    d.feed(text, scratch);
    frame_view frame;
    REQUIRE(d.next(frame) == decode_status::frame);
    CHECK(frame.value_of("login") == "a\\cb");
    d.set_version(version::v1_1);
    REQUIRE(d.next(frame) == decode_status::frame);
    CHECK(frame.value_of("a") == ":");
}

TEST_CASE("a frame that comes octet by octet costs no time that grows with its square") {
    // 2 MiB of body in pieces of one octet: 2^21 calls, each of which must look at that octet only.
    decoding how;
    how.limits.body = 4 << 20;
    const std::string body(1 << 21, 'x');
    const std::string text = octets("SEND\n\n") + body + octets("^@");
    const decode_limits& limits = how.limits;
    parse_scratch scratch;
    decoder d(peer::client, limits);
    d.set_version(version::v1_2);
    frame_view frame;
    decode_status last = decode_status::need_more;
    for (std::size_t i = 0; i != text.size(); ++i) {
        d.feed(std::string_view(text).substr(i, 1), scratch);
        last = d.next(frame);
    }
    CHECK(last == decode_status::frame);
    CHECK(frame.body == body);
}
