// Boost Software License 1.0, see LICENSE

#include "decoding.hpp"

#include <stompchat/stomp/encoder.hpp>

#include <doctest/doctest.h>

#include <random>

using namespace stompchat::stomp;
using namespace stompchat_test;

namespace {

/// Text made of what breaks codecs.
std::string hostile(std::mt19937& random, std::size_t longest) {
    static const std::string_view parts[] = {
        "a",       "b c",     ":",    "\n",   "\r", "\\", "\\n", "\\c", "\r\n", " ", "\t", "\xC3\xBC", "\xF0\x9F\x98\x80", "content-length",
        "receipt", {"\0", 1}, "\n\n", "SEND", "0"};
    std::string out;
    const std::size_t count = random() % (longest + 1);
    for (std::size_t i = 0; i != count; ++i) out += parts[random() % std::size(parts)];
    return out;
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
    return text;
}

} // namespace

TEST_CASE("what the encoder writes the decoder reads, whatever is in headers and body, in every version and cut") {
    std::mt19937 random(12);
    for (int round = 0; round != 3000; ++round) {
        const auto v = static_cast<version>(random() % 3);
        const auto cmd = random() % 2 != 0 ? command::send : command::message;
        std::vector<std::pair<std::string, std::string>> written(random() % 6);
        for (auto& [name, value] : written) {
            name = hostile(random, 4);
            value = hostile(random, 6);
        }
        const std::string body = hostile(random, 12);
        std::vector<header> headers;
        for (const auto& [name, value] : written) headers.push_back({name, value});
        std::string text;
        encode(text, cmd, headers, body, v, static_cast<content_length>(random() % 3));

        std::vector<std::pair<std::string, std::string>> expected;
        for (const auto& [name, value] : written) {
            if (name == "content-length" || !expressible(name, value, v)) continue;
            expected.emplace_back(name, value);
            // Padding does not survive 1.0, and neither does a name that is nothing else: such a round is of no use.
            if (v == version::v1_0) expected.back() = {trimmed(name), trimmed(value)};
        }
        bool usable = true;
        for (const auto& one : expected) usable = usable && !one.first.empty() && one.first != "content-length";
        if (!usable) continue;

        decoding how;
        how.version = v;
        how.writer = cmd == command::send ? peer::client : peer::server;
        const auto check = [&](const pieces& p) {
            const auto r = decode(p, how);
            REQUIRE_FALSE(r.error);
            REQUIRE(r.frames.size() == 1);
            auto got = r.frames[0];
            if (got.has_content_length) {
                CHECK(got.headers.back() == std::pair<std::string, std::string>("content-length", std::to_string(body.size())));
                got.headers.pop_back();
            }
            CHECK(got.cmd == cmd);
            CHECK(got.headers == expected);
            CHECK(got.body == body);
        };
        check(pieces{text});
        for_random_two_cuts(text, static_cast<unsigned>(round), 4, check);
    }
}

TEST_CASE("random octets never make the decoder read out of bounds, hold more than it may, or depend on the cut") {
    std::mt19937 random(99);
    static const std::string_view parts[] = {"SEND\n",
                                             "ACK\n",
                                             "CONNECT\n",
                                             "a:b\n",
                                             "content-length:3\n",
                                             "content-length:9\n",
                                             "\n",
                                             "\r\n",
                                             {"\0", 1},
                                             "abc",
                                             "\\c",
                                             "\\x",
                                             ":",
                                             "\xFF",
                                             "receipt:1\n",
                                             "\r",
                                             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
    for (int round = 0; round != 4000; ++round) {
        std::string text;
        for (std::size_t i = random() % 14; i != 0; --i) text += parts[random() % std::size(parts)];
        decoding how;
        how.version = static_cast<version>(random() % 3);
        how.limits.header_line = 40;
        how.limits.headers = 4;
        how.limits.body = 60;
        const auto whole = decode(text, how);
        const auto check = [&](const pieces& p) {
            const auto r = decode(p, how);
            CHECK(r.frames == whole.frames);
            // Which of several faults of a frame is told may depend on which one can be seen first, but not whether it is refused.
            CHECK(r.error.has_value() == whole.error.has_value());
            CHECK(r.largest_buffer < 2 * (5 * 42 + 60));
        };
        for_random_two_cuts(text, static_cast<unsigned>(round), 6, check);
        pieces single;
        for (std::size_t i = 0; i != text.size(); ++i) single.push_back(std::string_view(text).substr(i, 1));
        check(single);
    }
}
