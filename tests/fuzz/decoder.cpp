// Boost Software License 1.0, see LICENSE

/*  The STOMP decoder: whatever the octets are and however they are cut and held, the same frames come out, or the same is refused, with no
   more memory than the limits allow; and what was decoded can be written and decoded again. Choice: bit 0 the writing side, bits 1 and 2
   the version (0 = none yet), bit 3 small limits.  */

#include "fuzz.hpp"

#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/encoder.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace stompchat::stomp;
using namespace stompchat_fuzz;

namespace {

struct owned_frame {
    explicit owned_frame(const frame_view& from) : cmd(from.cmd), body(from.body), has_length(from.has_content_length) {
        for (const header& h : from.headers) headers.emplace_back(h.name, h.value);
    }
    bool operator==(const owned_frame&) const = default;

    command cmd;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool has_length;
};

struct outcome {
    std::vector<owned_frame> frames;
    bool beats = false;
    /// Which of several faults of a frame is told may depend on which one can be seen first, but not whether it is refused.
    bool refused = false;
    bool operator==(const outcome&) const = default;
};

struct setting {
    peer writer = peer::client;
    std::optional<version> negotiated;
    decode_limits limits;
};

std::size_t most_memory(const setting& how) {
    const auto& l = how.limits;
    const std::size_t body = how.negotiated ? l.body : l.body_before_connect;
    return 2 * ((l.headers + 2) * (l.header_line + 2) + body + 2) + 64; // a string grows by doubling
}

/// `holding` chooses after which pieces the rest is held, as back-pressure does.
outcome decode(const std::vector<std::string_view>& pieces, const setting& how, std::uint32_t holding) {
    outcome out;
    parse_scratch scratch;
    decoder d(how.writer, how.limits);
    if (how.negotiated) d.set_version(*how.negotiated);
    for (const std::string_view piece : pieces) {
        std::optional<block> copy(piece);
        d.feed(*copy, scratch);
        for (bool more = true; more && !out.refused;) {
            frame_view frame;
            switch (d.next(frame)) {
            case decode_status::frame: out.frames.emplace_back(frame); break;
            case decode_status::heart_beat: out.beats = true; break;
            case decode_status::need_more:
                more = false;
                FUZZ_CHECK(!d.held());
                FUZZ_CHECK(holding != 0 || d.buffer_capacity() <= most_memory(how)); // what is held is the caller's
                break;
            case decode_status::error:
                out.refused = true;
                FUZZ_CHECK(d.problem().code != stompchat::error{});
                FUZZ_CHECK(!describe(d.problem()).empty());
                FUZZ_CHECK(d.next(frame) == decode_status::error);
                break;
            }
            if (more && (holding >> (out.frames.size() % 32) & 1u) != 0 && copy) {
                d.hold();
                copy.reset();
                d.resume(scratch);
            }
        }
    }
    return out;
}

void write_and_read_again(const owned_frame& frame, const setting& how) {
    const version v = *how.negotiated;
    const version rules = is_escaped(frame.cmd) ? v : version::v1_0;
    std::vector<header> headers;
    owned_frame expected = frame;
    expected.headers.clear();
    for (const auto& [name, value] : frame.headers) {
        headers.push_back({name, value});
        if (name == "content-length") continue;
        if (expressible(name, value, rules)) expected.headers.emplace_back(name, value);
    }
    std::string text;
    encode(text, frame.cmd, headers, frame.body, v, frame.has_length ? content_length::always : content_length::only_if_needed);
    setting roomy = how;
    roomy.limits = {};
    outcome again = decode({text}, roomy, 0);
    FUZZ_CHECK(!again.refused);
    FUZZ_CHECK(again.frames.size() == 1);
    owned_frame& read = again.frames[0];
    std::erase_if(read.headers, [](const auto& h) { return h.first == "content-length"; });
    FUZZ_CHECK(read == expected);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const input in(data, size);
    setting how;
    how.writer = (in.choice & 1) != 0 ? peer::server : peer::client;
    if (const unsigned v = in.choice >> 1 & 3u; v != 0) how.negotiated = static_cast<version>(v - 1);
    if ((in.choice & 8) != 0) how.limits = {40, 4, 30, 20};

    const outcome whole = decode({in.octets}, how, 0);
    cutter cuts(in.octets);
    for (int i = 0; i != 3; ++i) {
        const auto pieces = cuts.cut(in.octets);
        FUZZ_CHECK(decode(pieces, how, i == 0 ? 0 : cuts.random()) == whole);
    }
    FUZZ_CHECK(decode({in.octets}, how, 0xFFFFFFFF) == whole);
    if (how.negotiated) {
        for (const owned_frame& frame : whole.frames) write_and_read_again(frame, how);
    }
    return 0;
}
