// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_WEBSOCKET_TRANSCRIPT_HPP
#define STOMPCHAT_TESTS_UNIT_WEBSOCKET_TRANSCRIPT_HPP

#include <doctest/doctest.h>
#include <stompchat/websocket/decoder.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace websocket_test {

namespace ws = stompchat::websocket;
using stompchat::error;
using stompchat::error_code;

inline constexpr ws::mask_key test_key{0x37, 0xfa, 0x21, 0x3d};

// A frame as the given side sends it. `announced` lies about the length, `first` and `second` are xor-ed into the first two octets.
struct frame {
    ws::opcode op = ws::opcode::text;
    std::string payload;
    bool fin = true;
    unsigned first = 0;
    unsigned second = 0;

    std::string from(ws::role sender) const {
        char head[ws::max_header_size];
        std::string body = payload;
        std::size_t size;
        if (sender == ws::role::client) {
            size = ws::write_masked_header(head, op, payload.size(), test_key, fin);
            ws::mask(body, test_key);
        } else {
            size = ws::write_header(head, op, payload.size(), fin);
        }
        head[0] = static_cast<char>(static_cast<unsigned char>(head[0]) ^ first);
        head[1] = static_cast<char>(static_cast<unsigned char>(head[1]) ^ second);
        return std::string(head, size) + body;
    }
};

inline std::string from_client(const std::vector<frame>& frames) {
    std::string octets;
    for (const frame& f : frames) octets += f.from(ws::role::client);
    return octets;
}

inline std::string octets(std::initializer_list<unsigned> values) {
    std::string text;
    for (const unsigned v : values) text += static_cast<char>(v);
    return text;
}

/* What a decoder made of its input, one line for each message, control frame, close and error. Pieces of a message are joined, because
   where they are cut depends on the input; everything else must not. */
class transcript {
public:
    explicit transcript(ws::role side, const ws::decoder_options& options) : decoder_(side, options) {}

    void feed(std::string_view input) {
        std::string copy(input); // the decoder unmasks in place; exactly as long as the input, so that sanitizers see a read behind it
        decoder_.feed(copy);
        for (;;) {
            const ws::event e = decoder_.next();
            switch (e.type) {
            case ws::event_type::need_more: return;
            case ws::event_type::data:
                if (message_.empty()) message_ = e.text ? "text:" : "binary:";
                message_ += e.payload;
                if (e.message_end) {
                    lines.push_back(message_);
                    message_.clear();
                }
                break;
            case ws::event_type::ping: lines.push_back("ping:" + std::string(e.payload)); break;
            case ws::event_type::pong: lines.push_back("pong:" + std::string(e.payload)); break;
            case ws::event_type::close: lines.push_back("close:" + std::to_string(e.code) + ":" + std::string(e.payload)); break;
            case ws::event_type::error: failure = e.ec; return;
            }
        }
    }

    bool at_message_boundary() const { return decoder_.at_message_boundary(); }
    const std::string& unfinished() const { return message_; }

    std::vector<std::string> lines;
    error_code failure;

private:
    ws::decoder decoder_;
    std::string message_;
};

inline const ws::decoder_options default_options{};

// Decodes the input at once, in two pieces at every split point, and octet by octet; all must agree. Returns what they agree on.
inline transcript decode(std::string_view input, ws::role side = ws::role::server, const ws::decoder_options& options = default_options) {
    transcript whole(side, options);
    whole.feed(input);
    const auto same = [&](const transcript& other, std::size_t split) {
        CAPTURE(split);
        CHECK(other.lines == whole.lines);
        CHECK(other.failure == whole.failure);
        CHECK(other.at_message_boundary() == whole.at_message_boundary());
        if (!whole.failure) CHECK(other.unfinished() == whole.unfinished());
    };
    for (std::size_t split = 0; split <= input.size(); ++split) {
        transcript halves(side, options);
        halves.feed(input.substr(0, split));
        halves.feed(input.substr(split));
        same(halves, split);
    }
    transcript single(side, options);
    for (std::size_t i = 0; i != input.size(); ++i) single.feed(input.substr(i, 1));
    same(single, input.size() + 1);
    return whole;
}

using lines = std::vector<std::string>;

} // namespace websocket_test

#endif
