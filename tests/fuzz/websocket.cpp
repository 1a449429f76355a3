// Boost Software License 1.0, see LICENSE

/*  The WebSocket decoder, both sides: the same events however the octets are cut, nothing delivered beyond the limit or that is not UTF-8
    though it says so, and what a server accepts is what our own writers would have sent.
    Choice: bit 0 the side, bit 1 a small limit of message length.  */

#include "fuzz.hpp"

#include <stompchat/utf8.hpp>
#include <stompchat/websocket/decoder.hpp>
#include <stompchat/websocket/frame.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace stompchat::websocket;
using namespace stompchat_fuzz;

namespace {

/// Whole messages, control frames and how it ended; pieces of messages are put together.
struct seen {
    event_type type;
    bool text;
    bool complete;
    std::uint16_t code;
    std::string payload;
    int error;
    bool operator==(const seen&) const = default;
};

std::vector<seen> decode(const std::vector<std::string_view>& pieces, role side, const decoder_options& options) {
    std::vector<seen> out;
    decoder d(side, options);
    std::string message;
    bool open = false;
    bool text = false;
    bool over = false;
    for (const std::string_view piece : pieces) {
        block copy(piece);
        d.feed({copy.data(), copy.size()});
        for (bool more = true; more;) {
            const event ev = d.next();
            switch (ev.type) {
            case event_type::need_more: more = false; break;
            case event_type::data:
                FUZZ_CHECK(!over);
                FUZZ_CHECK(!open || text == ev.text);
                open = true;
                text = ev.text;
                message.append(ev.payload);
                FUZZ_CHECK(message.size() <= options.max_message);
                if (ev.message_end) {
                    FUZZ_CHECK(!text || stompchat::is_utf8(message));
                    out.push_back({ev.type, text, true, 0, std::move(message), 0});
                    message.clear();
                    open = false;
                }
                break;
            case event_type::ping:
            case event_type::pong:
                FUZZ_CHECK(!over);
                FUZZ_CHECK(ev.payload.size() <= max_control_payload);
                out.push_back({ev.type, false, true, 0, std::string(ev.payload), 0});
                break;
            case event_type::close:
                FUZZ_CHECK(!over);
                FUZZ_CHECK(ev.code == close_no_status || is_wire_close_code(ev.code));
                FUZZ_CHECK(stompchat::is_utf8(ev.payload));
                out.push_back({ev.type, false, true, ev.code, std::string(ev.payload), 0});
                over = true;
                break;
            case event_type::error:
                FUZZ_CHECK(ev.ec);
                FUZZ_CHECK(is_wire_close_code(close_code_for(ev.ec)));
                if (!over) out.push_back({ev.type, false, true, 0, {}, ev.ec.value()});
                over = true;
                more = false;
                break;
            }
        }
    }
    if (open && !over) out.push_back({event_type::data, text, false, 0, message, 0});
    return out;
}

std::string written(const std::vector<seen>& events, role by) {
    const mask_key key{1, 2, 3, 250};
    std::string out;
    for (const seen& one : events) {
        if (!one.complete || one.type == event_type::error) continue;
        const auto control = [&](const control_frame& frame) { out.append(frame.view()); };
        const opcode op = one.type == event_type::ping ? opcode::ping : opcode::pong;
        switch (one.type) {
        case event_type::data: {
            char head[max_header_size];
            const opcode kind = one.text ? opcode::text : opcode::binary;
            std::string payload = one.payload;
            if (by == role::client) mask(payload, key);
            out.append(head, by == role::client ? write_masked_header(head, kind, payload.size(), key)
                                                : write_header(head, kind, payload.size()));
            out.append(payload);
            break;
        }
        case event_type::close:
            control(by == role::client ? encode_close(one.code, one.payload, key) : encode_close(one.code, one.payload));
            break;
        default: control(by == role::client ? encode_control(op, one.payload, key) : encode_control(op, one.payload)); break;
        }
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const input in(data, size);
    const role side = (in.choice & 1) != 0 ? role::client : role::server;
    decoder_options options;
    if ((in.choice & 2) != 0) options.max_message = 60;

    const auto whole = decode({in.octets}, side, options);
    cutter cuts(in.octets);
    for (int i = 0; i != 2; ++i) {
        const auto cut = decode(cuts.cut(in.octets), side, options);
        FUZZ_CHECK(cut == whole);
    }

    const std::string again = written(whole, side == role::server ? role::client : role::server);
    auto expected = whole;
    std::erase_if(expected, [](const seen& one) { return !one.complete || one.type == event_type::error; });
    FUZZ_CHECK(decode({again}, side, options) == expected);
    return 0;
}
