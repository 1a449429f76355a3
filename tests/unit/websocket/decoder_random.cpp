// Boost Software License 1.0, see LICENSE

#include "transcript.hpp"

#include <algorithm>
#include <random>

using namespace websocket_test;
using ws::opcode;
using ws::role;

namespace {

using generator = std::mt19937;

std::size_t below(generator& random, std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); }

std::string random_text(generator& random, std::size_t code_points) {
    static const std::string alphabet[] = {"a", "\n", std::string(1, '\0'), "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    std::string text;
    for (std::size_t i = 0; i != code_points; ++i) text += alphabet[below(random, std::size(alphabet))];
    return text;
}

std::string random_octets(generator& random, std::size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(below(random, 256));
    return text;
}

ws::mask_key random_key(generator& random) {
    ws::mask_key key;
    for (unsigned char& octet : key) octet = static_cast<unsigned char>(below(random, 256));
    return key;
}

std::string encode(generator& random, role sender, opcode op, std::string payload, bool fin) {
    char head[ws::max_header_size];
    std::size_t size;
    if (sender == role::client) {
        const ws::mask_key key = random_key(random);
        size = ws::write_masked_header(head, op, payload.size(), key, fin);
        // In two pieces, as a client does that gathers.
        const std::size_t cut = below(random, payload.size() + 1);
        ws::mask({payload.data(), cut}, key);
        ws::mask({payload.data() + cut, payload.size() - cut}, key, cut);
    } else {
        size = ws::write_header(head, op, payload.size(), fin);
    }
    return std::string(head, size) + payload;
}

// Feeds the input in random pieces.
void feed_in_pieces(generator& random, transcript& t, std::string_view input) {
    while (!input.empty()) {
        const std::size_t size = std::min(input.size(), 1 + below(random, below(random, 4) == 0 ? 3000 : 20));
        t.feed(input.substr(0, size));
        input.remove_prefix(size);
    }
}

} // namespace

TEST_CASE("what is encoded at random is decoded to the same, however it is cut") {
    generator random(20240501);
    for (int round = 0; round != 2000; ++round) {
        const role sender = below(random, 2) == 0 ? role::client : role::server;
        std::string input;
        lines expected;
        const std::size_t messages = 1 + below(random, 6);
        for (std::size_t m = 0; m != messages; ++m) {
            const bool text = below(random, 2) == 0;
            const std::size_t size = below(random, below(random, 8) == 0 ? 2000 : 60);
            const std::string body = text ? random_text(random, size) : random_octets(random, size);
            std::size_t at = 0;
            opcode op = text ? opcode::text : opcode::binary;
            bool fin = false;
            while (!fin) {
                if (below(random, 4) == 0) {
                    const std::string payload = random_octets(random, below(random, 126));
                    const bool ping = below(random, 2) == 0;
                    input += encode(random, sender, ping ? opcode::ping : opcode::pong, payload, true);
                    expected.push_back((ping ? "ping:" : "pong:") + payload);
                }
                const std::size_t left = body.size() - at;
                const std::size_t part = below(random, 2) == 0 ? left : below(random, left + 1);
                fin = part == left && below(random, 3) != 0;
                input += encode(random, sender, op, body.substr(at, part), fin);
                op = opcode::continuation;
                at += part;
            }
            expected.push_back((text ? "text:" : "binary:") + body);
        }
        transcript t(sender == role::client ? role::server : role::client, default_options);
        feed_in_pieces(random, t, input);
        CAPTURE(round);
        REQUIRE_FALSE(t.failure);
        REQUIRE(t.lines == expected);
        REQUIRE(t.at_message_boundary());
    }
}

TEST_CASE("hostile input never does more than fail, and fails the same however it is cut") {
    generator random(7);
    for (int round = 0; round != 20000; ++round) {
        std::string input;
        if (below(random, 2) == 0) {
            input = random_octets(random, below(random, 200));
        } else {
            // Nearly right: a few frames with a few octets changed.
            for (std::size_t i = 0; i != 3; ++i) {
                static constexpr opcode ops[] = {opcode::text, opcode::binary, opcode::continuation, opcode::ping, opcode::close};
                input += encode(random, role::client, ops[below(random, std::size(ops))], random_octets(random, below(random, 140)),
                                below(random, 4) != 0);
            }
            for (std::size_t i = 0; i != 2; ++i) input[below(random, input.size())] ^= static_cast<char>(1u << below(random, 8));
        }
        const ws::decoder_options options{below(random, 2) == 0 ? 300u : 100000u};
        transcript whole(role::server, options);
        whole.feed(input);
        transcript pieces(role::server, options);
        feed_in_pieces(random, pieces, input);
        CAPTURE(round);
        REQUIRE(pieces.lines == whole.lines);
        REQUIRE(pieces.failure == whole.failure);
        if (whole.failure)
            REQUIRE((whole.failure == stompchat::condition::protocol_violation || whole.failure == error::websocket_message_too_long));
    }
}
