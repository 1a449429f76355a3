// Boost Software License 1.0, see LICENSE

// Frames that no decent client sends, over a real socket. What the decoder makes of each is tested octet by octet in
// tests/unit/websocket; here it is what the peer gets to see, and when.

#include <websocket/both_servers.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace websocket_test;

struct offence {
    std::string name;
    std::string octets;
    unsigned code;
};

std::string describe(unsigned first) {
    static const char digits[] = "0123456789abcdef";
    return {digits[first >> 4], digits[first & 15]};
}

// The close frame at the end of what the server sent. Before it the node says in a STOMP ERROR what was wrong; nothing else may come.
unsigned closed_with(raw_peer& peer, const server_under_test& server) {
    CHECK(peer.read_to_end());
    const std::vector<seen_frame> frames = peer.take_frames();
    CHECK(peer.received().empty());
    REQUIRE(!frames.empty());
    for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
        CHECK(server.is_node);
        CHECK(frames[i].payload.starts_with("ERROR\n"));
    }
    const seen_frame& close = frames.back();
    CHECK(close.first == 0x88);
    if (close.payload.empty()) return 1005;
    REQUIRE(close.payload.size() >= 2);
    return static_cast<unsigned char>(close.payload[0]) << 8 | static_cast<unsigned char>(close.payload[1]);
}

// Every offence ends its connection with its close code, in time, in whatever pieces it arrives, while others are served.
void check_offences(const std::vector<offence>& offences) {
    for_each_server([&](server_under_test& server) {
        for (const offence& one : offences) {
            CAPTURE(one.name);
            for (const bool dripping : {false, true}) {
                CAPTURE(dripping);
                raw_peer peer(server.port);
                peer.upgrade("/ws");
                if (dripping)
                    peer.drip(one.octets);
                else
                    peer.send(one.octets);
                CHECK(closed_with(peer, server) == one.code);
            }
            server.check_serves_others();
        }
    });
}

// FIN and each opcode that there is.
constexpr unsigned opcodes[] = {0x80, 0x81, 0x82, 0x88, 0x89, 0x8a};

} // namespace

TEST_CASE("an unmasked frame of every kind closes with 1002") {
    std::vector<offence> offences;
    for (const unsigned first : opcodes) {
        // Behind the beginning of a message, so that a continuation is wrong for its mask only.
        const std::string before = first == 0x80 ? client_frame(0x01, "a") : "";
        offences.push_back({describe(first) + ", empty", before + raw_frame{first, "", false}.text(), 1002});
        offences.push_back({describe(first), before + raw_frame{first, first == 0x88 ? "\x03\xe8" : "hello", false}.text(), 1002});
    }
    offences.push_back({"16-bit length", raw_frame{0x82, std::string(200, 'x'), false}.text(), 1002});
    offences.push_back({"behind a masked one", client_frame(0x8a, "fine") + raw_frame{0x81, "hello", false}.text(), 1002});
    check_offences(offences);
}

TEST_CASE("a length that is not in its shortest encoding closes with 1002") {
    std::vector<offence> offences;
    for (const unsigned first : {0x81u, 0x82u, 0x01u}) {
        for (const std::size_t size : {0, 1, 125})
            offences.push_back({describe(first) + ", 16 bits for " + std::to_string(size),
                                raw_frame{first, std::string(size, 'x'), true, 2}.text(), 1002});
        for (const std::size_t size : {0, 125, 126, 300})
            offences.push_back({describe(first) + ", 64 bits for " + std::to_string(size),
                                raw_frame{first, std::string(size, 'x'), true, 8}.text(), 1002});
        // Without the payload, which must not be waited for.
        offences.push_back({describe(first) + ", 64 bits for 65535", raw_frame{first, "", true, 8, 65535}.text(), 1002});
    }
    for (const unsigned first : {0x88u, 0x89u, 0x8au}) {
        offences.push_back({describe(first) + ", 16 bits", raw_frame{first, "ab", true, 2}.text(), 1002});
        offences.push_back({describe(first) + ", 64 bits", raw_frame{first, "ab", true, 8}.text(), 1002});
    }
    check_offences(offences);
}

TEST_CASE("a length that overflows closes with 1002, one above the limit with 1009, and nobody waits for the payload") {
    std::vector<offence> offences;
    for (const unsigned first : {0x81u, 0x82u, 0x02u}) {
        for (const std::uint64_t length : {std::uint64_t{1} << 63, ~std::uint64_t{0}, (std::uint64_t{1} << 63) + 1})
            offences.push_back({describe(first) + ", highest bit", raw_frame{first, "", true, 8, length}.text(), 1002});
        for (const std::uint64_t length : {(std::uint64_t{1} << 63) - 1, std::uint64_t{1} << 32, std::uint64_t{max_message} + 1})
            offences.push_back(
                {describe(first) + ", too long: " + std::to_string(length), raw_frame{first, "", true, 8, length}.text(), 1009});
    }
    // 2^32 more than what is allowed: a length kept in 32 bits would be small.
    offences.push_back({"wraps around", raw_frame{0x82, "", true, 8, (std::uint64_t{1} << 32) + 5}.text(), 1009});
    offences.push_back({"fragments", client_frame(0x02, "abc") + raw_frame{0x80, "", true, 8, max_message - 2}.text(), 1009});
    check_offences(offences);
}

TEST_CASE("reserved bits close with 1002 on every kind of frame, and so do reserved opcodes") {
    std::vector<offence> offences;
    for (const unsigned first : opcodes) {
        const std::string before = first == 0x80 ? client_frame(0x01, "a") : "";
        const std::string payload = first == 0x88 ? "\x03\xe8" : "x";
        for (unsigned bits = 1; bits != 8; ++bits)
            offences.push_back({describe(first | bits << 4), before + client_frame(first | bits << 4, payload), 1002});
    }
    for (unsigned op = 3; op != 16; ++op) {
        if (op >= 8 && op <= 10) continue;
        offences.push_back({describe(0x80 | op), client_frame(0x80 | op, "x"), 1002});
        offences.push_back({describe(op), client_frame(op), 1002});
    }
    check_offences(offences);
}

TEST_CASE("a control frame that is fragmented or too long closes with 1002") {
    std::vector<offence> offences;
    for (const unsigned op : {0x08u, 0x09u, 0x0au}) {
        offences.push_back({describe(op) + ", fragment", client_frame(op, op == 8 ? "\x03\xe8" : "x"), 1002});
        offences.push_back({describe(op) + ", empty fragment", client_frame(op), 1002});
        offences.push_back({describe(op) + " in a message", client_frame(0x01, "a") + client_frame(op), 1002});
        offences.push_back({describe(op) + ", 126 octets", client_frame(0x80 | op, std::string(126, 'x')), 1002});
        offences.push_back({describe(op) + ", 64-bit length", raw_frame{0x80 | op, "", true, 8, 65536}.text(), 1002});
    }
    check_offences(offences);
}

TEST_CASE("fragments out of order close with 1002") {
    check_offences({
        {"stray continuation", client_frame(0x80, "x"), 1002},
        {"stray first continuation", client_frame(0x00, "x"), 1002},
        {"empty stray continuation", client_frame(0x80), 1002},
        {"text in a text", client_frame(0x01, "a") + client_frame(0x81, "b"), 1002},
        {"binary in a text", client_frame(0x01, "a") + client_frame(0x82, "b"), 1002},
        {"text in a binary", client_frame(0x02, "a") + client_frame(0x01, "b"), 1002},
        {"continuation of a pong", client_frame(0x8a, "a") + client_frame(0x80, "b"), 1002},
    });
}

TEST_CASE("text that is not UTF-8 closes with 1007, as soon as it is there") {
    check_offences({
        {"an octet that is never used", client_frame(0x81, "\xff"), 1007},
        {"an overlong slash", client_frame(0x81, "\xc0\xaf"), 1007},
        {"a surrogate", client_frame(0x81, "\xed\xa0\x80"), 1007},
        {"above U+10FFFF", client_frame(0x81, "\xf4\x90\x80\x80"), 1007},
        {"cut off at the end", client_frame(0x81, "\xe2\x82"), 1007},
        {"in the second fragment", client_frame(0x01, "\xe2") + client_frame(0x80, "\x28"), 1007},
        // Announces more than it sends.
        {"in an unfinished frame", raw_frame{0x81, "\xff", true, 0, 100}.text(), 1007},
    });
}

TEST_CASE("a close frame that breaks the rules closes with 1002, or 1007 for its text") {
    std::vector<offence> offences{{"one octet", client_frame(0x88, "\x03"), 1002},
                                  {"bad text", close_frame(1000, "\xff"), 1007},
                                  {"text cut off", close_frame(1000, "ab\xe2\x82"), 1007},
                                  {"126 octets", client_frame(0x88, big_endian(1000, 2) + std::string(124, 'x')), 1002}};
    for (const unsigned code : {0u, 1u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 32768u, 65535u})
        offences.push_back({"code " + std::to_string(code), close_frame(code), 1002});
    check_offences(offences);
}

TEST_CASE("a close frame is answered with its code, whatever it is") {
    std::vector<offence> good{{"no code", client_frame(0x88), 1005},
                              {"the longest reason", close_frame(1000, std::string(123, 'x')), 1000}};
    for (const unsigned code :
         {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 1012u, 1013u, 1014u, 3000u, 3999u, 4000u, 4999u})
        good.push_back({"code " + std::to_string(code), close_frame(code, "bye"), code});
    // In the middle of a message that will never end.
    good.push_back({"between fragments", client_frame(0x01, "a") + close_frame(1001), 1001});
    check_offences(good);
}

TEST_CASE("nothing counts behind a close frame, and nothing of it is answered") {
    check_offences({
        {"text", close_frame(1000) + client_frame(0x81, "late"), 1000},
        {"ping", close_frame(1000) + client_frame(0x89, "late"), 1000},
        {"another close", close_frame(1001) + close_frame(1000), 1001},
        {"an offence", close_frame(1000) + raw_frame{0xf3, "late", false}.text(), 1000},
        {"noise", close_frame(1000) + std::string(70000, '\xff'), 1000},
    });
}

TEST_CASE("the close frame arrives although the offender goes on sending") {
    for_each_server([&](server_under_test& server) {
        for (int i = 0; i != 20; ++i) {
            raw_peer peer(server.port);
            peer.upgrade("/ws");
            peer.send(raw_frame{0x81, "hello", false}.text());
            // A server that closed now, with these octets unread, would reset the connection, and the close frame would be lost.
            for (int more = 0; more != 50; ++more) {
                if (!peer.send(std::string(1000, '\xff'))) break;
                std::this_thread::sleep_for(std::chrono::microseconds(100));
            }
            CHECK(closed_with(peer, server) == 1002);

            // So much that there is more to read in the turn of the offence, before anything was written.
            raw_peer flooding(server.port);
            flooding.upgrade("/ws");
            flooding.send(raw_frame{0x81, "hello", false}.text() + std::string(1000000, '\xff'));
            CHECK(closed_with(flooding, server) == 1002);
        }
        server.check_serves_others();
    });
}

TEST_CASE("a ping of every size is answered with its octets, between fragments too") {
    for_each_server([&](server_under_test& server) {
        raw_peer peer(server.port);
        peer.upgrade("/ws");
        for (const std::size_t size : {0, 1, 4, 124, 125}) {
            std::string payload(size, '\0');
            for (std::size_t i = 0; i != size; ++i) payload[i] = static_cast<char>(i * 37);
            REQUIRE(peer.drip(client_frame(0x89, payload)));
            const seen_frame pong = peer.read_frame();
            CHECK(pong.first == 0x8a);
            CHECK(pong.payload == payload);
        }
        REQUIRE(peer.send(client_frame(0x02, "\n") + client_frame(0x89, "between") + client_frame(0x80, "\n")));
        CHECK(peer.read_frame().payload == "between");
        REQUIRE(peer.send(client_frame(0x8a, "an answer that nobody asked for") + close_frame(1000)));
        if (!server.is_node) CHECK(peer.read_frame().payload == "\n\n");
        CHECK(closed_with(peer, server) == 1000);
    });
}
