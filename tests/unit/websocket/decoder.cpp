// Boost Software License 1.0, see LICENSE

#include "transcript.hpp"

using namespace websocket_test;
using ws::opcode;
using ws::role;

namespace {

void refuses(std::string_view input, error expected, role side = role::server, const ws::decoder_options& options = default_options) {
    const transcript t = decode(input, side, options);
    CHECK(t.failure == expected);
}

} // namespace

TEST_CASE("the examples of RFC 6455, 5.7, are understood") {
    CHECK(decode(octets({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), role::client).lines == lines{"text:Hello"});
    CHECK(decode(octets({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})).lines == lines{"text:Hello"});
    CHECK(decode(octets({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}), role::client).lines == lines{"text:Hello"});
    CHECK(decode(octets({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), role::client).lines == lines{"ping:Hello"});
    CHECK(decode(octets({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})).lines == lines{"pong:Hello"});
}

TEST_CASE("messages of every length encoding arrive") {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 300u}) {
        CAPTURE(size);
        const std::string body(size, 'x');
        const transcript t = decode(from_client({{opcode::binary, body}, {opcode::text, "next"}}));
        CHECK(t.lines == lines{"binary:" + body, "text:next"});
        CHECK(t.at_message_boundary());
    }
    for (const std::size_t size : {65535u, 65536u, 70000u}) {
        const std::string body(size, 'x');
        transcript t(role::server, default_options);
        t.feed(from_client({{opcode::binary, body}, {opcode::text, "next"}}));
        CHECK(t.lines == lines{"binary:" + body, "text:next"});
    }
}

TEST_CASE("a message is delivered in pieces before it is complete") {
    std::string input = from_client({{opcode::text, "abcdefgh"}});
    ws::decoder decoder(role::server, default_options);
    decoder.feed({input.data(), 6 + 3});
    ws::event e = decoder.next();
    CHECK(e.type == ws::event_type::data);
    CHECK(e.payload == "abc");
    CHECK(e.payload.data() == input.data() + 6); // a view into the input: nothing was copied
    CHECK(e.text);
    CHECK_FALSE(e.message_end);
    CHECK(decoder.next().type == ws::event_type::need_more);
    CHECK_FALSE(decoder.at_message_boundary());
    decoder.feed({input.data() + 9, input.size() - 9});
    e = decoder.next();
    CHECK(e.payload == "defgh");
    CHECK(e.message_end);
    CHECK(decoder.next().type == ws::event_type::need_more);
    CHECK(decoder.at_message_boundary());
}

TEST_CASE("fragments make one message, with control frames between them") {
    const transcript t = decode(from_client({{opcode::text, "a", false},
                                             {opcode::ping, "1"},
                                             {opcode::continuation, "", false},
                                             {opcode::pong, "2"},
                                             {opcode::continuation, "b", false},
                                             {opcode::continuation, ""},
                                             {opcode::binary, "c", false},
                                             {opcode::continuation, "d"}}));
    CHECK(t.lines == lines{"ping:1", "pong:2", "text:ab", "binary:cd"});
    CHECK(t.at_message_boundary());
}

TEST_CASE("an empty message is a message") {
    const transcript t = decode(from_client({{opcode::text, ""}, {opcode::binary, "", false}, {opcode::continuation, ""}}));
    CHECK(t.lines == lines{"text:", "binary:"});
}

TEST_CASE("an empty fragment gives no piece unless it ends its message") {
    std::string input = from_client({{opcode::text, "", false}, {opcode::continuation, "", false}, {opcode::continuation, ""}});
    ws::decoder decoder(role::server, default_options);
    decoder.feed(input);
    const ws::event e = decoder.next();
    CHECK(e.type == ws::event_type::data);
    CHECK(e.payload.empty());
    CHECK(e.message_end);
    CHECK(decoder.next().type == ws::event_type::need_more);
}

TEST_CASE("a control payload of 125 octets is accepted, a longer one refused") {
    const std::string body(125, 'p');
    CHECK(decode(from_client({{opcode::ping, body}, {opcode::pong, body}})).lines == lines{"ping:" + body, "pong:" + body});
    refuses(from_client({{opcode::ping, body + "p"}}), error::websocket_bad_control);
    refuses(from_client({{opcode::close, std::string(126, '\x03')}}), error::websocket_bad_control);
}

TEST_CASE("a fragmented control frame is refused") {
    for (const opcode op : {opcode::ping, opcode::pong, opcode::close})
        refuses(from_client({{op, "", false}}), error::websocket_bad_control);
}

TEST_CASE("reserved bits are refused") {
    for (const unsigned bit : {0x40u, 0x20u, 0x10u}) {
        refuses(from_client({{opcode::text, "x", true, bit}}), error::websocket_reserved_bits);
        refuses(from_client({{opcode::ping, "x", true, bit}}), error::websocket_reserved_bits);
        refuses(from_client({{opcode::text, "x", false}, {opcode::continuation, "x", true, bit}}), error::websocket_reserved_bits);
    }
}

TEST_CASE("reserved opcodes are refused") {
    for (const unsigned op : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
        refuses(from_client({{static_cast<opcode>(op), ""}}), error::websocket_bad_opcode);
    }
}

TEST_CASE("a server insists on masks, a client on their absence") {
    refuses(frame{opcode::text, "x"}.from(role::server), error::websocket_not_masked, role::server);
    refuses(frame{opcode::ping, ""}.from(role::server), error::websocket_not_masked, role::server);
    refuses(frame{opcode::text, "x"}.from(role::client), error::websocket_not_masked, role::client);
    CHECK(decode(frame{opcode::text, "x"}.from(role::server), role::client).lines == lines{"text:x"});
}

TEST_CASE("a continuation needs a message to continue, and a new message has to wait for its end") {
    refuses(from_client({{opcode::continuation, "x"}}), error::websocket_bad_continuation);
    refuses(from_client({{opcode::text, "x"}, {opcode::continuation, "x"}}), error::websocket_bad_continuation);
    refuses(from_client({{opcode::text, "x", false}, {opcode::text, "x"}}), error::websocket_bad_continuation);
    refuses(from_client({{opcode::binary, "x", false}, {opcode::continuation, "", false}, {opcode::binary, "x"}}),
            error::websocket_bad_continuation);
}

TEST_CASE("lengths that are not minimally encoded are refused") {
    refuses(octets({0x82, 0xFE, 0, 125, 1, 2, 3, 4}), error::websocket_bad_length);
    refuses(octets({0x82, 0xFE, 0, 0, 1, 2, 3, 4}), error::websocket_bad_length);
    refuses(octets({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4}), error::websocket_bad_length);
    refuses(octets({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4}), error::websocket_bad_length);
}

TEST_CASE("a 64-bit length with its highest bit set is refused as malformed, not as too long") {
    refuses(octets({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4}), error::websocket_bad_length);
    refuses(octets({0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4}), error::websocket_bad_length);
    refuses(octets({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4}), error::websocket_message_too_long);
    refuses(octets({0x82, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}), error::websocket_message_too_long);
}

TEST_CASE("a message over the limit is refused by its header, before its payload is there") {
    const ws::decoder_options small{200};
    CHECK(decode(from_client({{opcode::binary, std::string(200, 'x')}}), role::server, small).lines.size() == 1);
    refuses(octets({0x82, 0xFE, 0, 201, 1, 2, 3, 4}), error::websocket_message_too_long, role::server, small);
    CHECK(decode(from_client({{opcode::binary, std::string(201, 'x')}}), role::server, small).lines.empty());
}

TEST_CASE("the limit of a message counts all its fragments and nothing else") {
    const ws::decoder_options small{10};
    const std::string five(5, 'x');
    CHECK(decode(from_client({{opcode::text, five, false},
                              {opcode::ping, std::string(100, 'p')},
                              {opcode::continuation, five},
                              {opcode::text, five + five}}),
                 role::server, small)
              .lines.size()
          == 3);
    refuses(from_client({{opcode::text, five, false}, {opcode::continuation, five, false}, {opcode::continuation, "x"}}),
            error::websocket_message_too_long, role::server, small);
}

TEST_CASE("a limit of nothing still lets empty messages pass") {
    const ws::decoder_options none{0};
    CHECK(decode(from_client({{opcode::text, ""}}), role::server, none).lines == lines{"text:"});
    refuses(from_client({{opcode::text, "x"}}), error::websocket_message_too_long, role::server, none);
}

TEST_CASE("text is checked as UTF-8 over pieces and fragments, binary is not") {
    const std::string snowman = "\xE2\x98\x83 and \xF0\x9F\x98\x80";
    CHECK(decode(from_client({{opcode::text, snowman}})).lines == lines{"text:" + snowman});
    CHECK(decode(from_client({{opcode::text, snowman.substr(0, 1), false},
                              {opcode::ping, "\xFF"},
                              {opcode::continuation, snowman.substr(1, 1), false},
                              {opcode::continuation, snowman.substr(2)}}))
              .lines
          == lines{"ping:\xFF", "text:" + snowman});
    CHECK(decode(from_client({{opcode::binary, "\xFF\xC0"}})).lines == lines{"binary:\xFF\xC0"});
    refuses(from_client({{opcode::text, "ok \xC0\xAF"}}), error::websocket_bad_utf8);
    refuses(from_client({{opcode::text, "\xED\xA0\x80"}}), error::websocket_bad_utf8);
    refuses(from_client({{opcode::text, "\xE2\x98", false}, {opcode::continuation, "x"}}), error::websocket_bad_utf8);
}

TEST_CASE("a text message must not end inside a code point") {
    refuses(from_client({{opcode::text, "\xE2\x98"}}), error::websocket_bad_utf8);
    refuses(from_client({{opcode::text, "\xE2\x98", false}, {opcode::continuation, ""}}), error::websocket_bad_utf8);
    // The next message begins afresh.
    CHECK(decode(from_client({{opcode::binary, "\xE2"}, {opcode::text, "a"}})).lines == lines{"binary:\xE2", "text:a"});
}

TEST_CASE("invalid text is refused as soon as it arrives, without being delivered") {
    std::string input = from_client({{opcode::text, std::string("abc\xFF") + std::string(1000, 'x')}});
    ws::decoder decoder(role::server, default_options);
    decoder.feed({input.data(), 8 + 4});
    const ws::event e = decoder.next();
    CHECK(e.type == ws::event_type::error);
    CHECK(e.ec == error::websocket_bad_utf8);
}

TEST_CASE("a close frame carries a code and a reason, or nothing") {
    CHECK(decode(from_client({{opcode::close, ""}})).lines == lines{"close:1005:"});
    CHECK(decode(from_client({{opcode::close, "\x03\xE8"}})).lines == lines{"close:1000:"});
    CHECK(decode(from_client({{opcode::close, "\x0F\xA0 bye"}})).lines == lines{"close:4000: bye"});
    const std::string longest = "\x03\xE8" + std::string(123, 'r');
    CHECK(decode(from_client({{opcode::close, longest}})).lines == lines{"close:1000:" + std::string(123, 'r')});
}

TEST_CASE("a close payload of one octet, a code that may not be sent, and a reason that is not UTF-8 are refused") {
    refuses(from_client({{opcode::close, "\x0F"}, {opcode::ping, ""}}), error::websocket_bad_close);
    for (const unsigned code : {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u}) {
        CAPTURE(code);
        refuses(from_client({{opcode::close, octets({code >> 8, code & 0xFF})}}), error::websocket_bad_close);
    }
    for (const unsigned code : {1000u, 1001u, 1002u, 1003u, 1007u, 1011u, 1014u, 3000u, 3999u, 4000u, 4999u}) {
        CAPTURE(code);
        CHECK(decode(from_client({{opcode::close, octets({code >> 8, code & 0xFF})}})).lines
              == lines{"close:" + std::to_string(code) + ":"});
    }
    refuses(from_client({{opcode::close, "\x03\xE8\xC3\x28"}}), error::websocket_bad_utf8);
    refuses(from_client({{opcode::close, "\x03\xE8\xE2\x98"}}), error::websocket_bad_utf8);
}

TEST_CASE("nothing counts behind a close frame, not even nonsense") {
    const transcript t = decode(from_client({{opcode::text, "a"}, {opcode::close, ""}, {opcode::text, "b"}}) + octets({0xFF, 0xFF, 0xFF}));
    CHECK(t.lines == lines{"text:a", "close:1005:"});
    CHECK_FALSE(t.failure);
}

TEST_CASE("input may come at once behind a close frame that was not the end of its input") {
    std::string first = from_client({{opcode::close, "\x03\xE8 bye"}, {opcode::text, "late"}});
    std::string second = from_client({{opcode::text, "later"}});
    ws::decoder decoder(role::server, default_options);
    decoder.feed(first);
    const ws::event e = decoder.next();
    CHECK(e.type == ws::event_type::close);
    CHECK(e.payload == " bye");
    decoder.feed(second);
    CHECK(decoder.next().type == ws::event_type::need_more);
}

TEST_CASE("a close frame may come between fragments") {
    CHECK(decode(from_client({{opcode::text, "a", false}, {opcode::close, "\x03\xE9"}})).lines == lines{"close:1001:"});
}

TEST_CASE("an error stays, whatever comes behind it") {
    std::string bad = from_client({{opcode::continuation, "x"}});
    std::string good = from_client({{opcode::text, "x"}});
    ws::decoder decoder(role::server, default_options);
    decoder.feed(bad);
    CHECK(decoder.next().ec == error::websocket_bad_continuation);
    CHECK(decoder.next().ec == error::websocket_bad_continuation);
    decoder.feed(good);
    const ws::event e = decoder.next();
    CHECK(e.type == ws::event_type::error);
    CHECK(e.ec == error::websocket_bad_continuation);
}

TEST_CASE("empty input needs more") {
    ws::decoder decoder(role::server, default_options);
    CHECK(decoder.next().type == ws::event_type::need_more);
    decoder.feed({});
    CHECK(decoder.next().type == ws::event_type::need_more);
    CHECK(decoder.at_message_boundary());
}

TEST_CASE("a decoder can be moved in the middle of a header and of a control payload") {
    std::string input = from_client({{opcode::ping, "hello"}, {opcode::text, "x"}});
    for (std::size_t split = 0; split <= input.size(); ++split) {
        std::string copy = input;
        ws::decoder first(role::server, default_options);
        first.feed({copy.data(), split});
        std::size_t events = 0;
        while (first.next().type != ws::event_type::need_more) ++events;
        ws::decoder second(std::move(first));
        second.feed({copy.data() + split, copy.size() - split});
        while (second.next().type != ws::event_type::need_more) ++events;
        CHECK(events == 2);
    }
}
