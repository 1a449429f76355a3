// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_STOMP_DECODING_HPP
#define STOMPCHAT_TESTS_UNIT_STOMP_DECODING_HPP

#include "support/split.hpp"

#include <stompchat/stomp/decoder.hpp>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stompchat_test {

/// A decoded frame with its own memory.
struct owned_frame {
    stompchat::stomp::command cmd{};
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool has_content_length = false;

    explicit owned_frame(const stompchat::stomp::frame_view& from)
        : cmd(from.cmd), body(from.body), has_content_length(from.has_content_length) {
        for (const auto& h : from.headers) headers.emplace_back(h.name, h.value);
    }
    bool operator==(const owned_frame&) const = default;

    std::string operator[](std::string_view name) const {
        for (const auto& h : headers) {
            if (h.first == name) return h.second;
        }
        return "(absent)";
    }
};

/// What came out of a decoder.
struct decoded {
    std::vector<owned_frame> frames;
    bool beats = false;
    std::optional<stompchat::error> error;
    std::string sentence;
    std::string receipt; // of the frame in error
    std::size_t largest_buffer = 0;
    std::size_t last_buffer = 0;
};

/// Octets in a memory block of exactly their size, so that a sanitizer sees whoever reads them too late or too far.
class exact_copy {
public:
    explicit exact_copy(std::string_view octets) : size_(octets.size()), block_(new char[octets.size()]) {
        if (size_ != 0) std::memcpy(block_.get(), octets.data(), size_);
    }
    operator std::string_view() const { return {block_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<char[]> block_;
};

struct decoding {
    std::optional<stompchat::stomp::version> version = stompchat::stomp::version::v1_2; // nothing: not negotiated
    stompchat::stomp::peer writer = stompchat::stomp::peer::client;
    stompchat::stomp::decode_limits limits;
};

inline decoded decode(const pieces& input, const decoding& how = {}) {
    using namespace stompchat::stomp;
    decoded out;
    parse_scratch scratch;
    decoder d(how.writer, how.limits);
    if (how.version) d.set_version(*how.version);
    for (const auto piece : input) {
        const exact_copy copy(piece);
        d.feed(copy, scratch);
        for (bool more = true; more && !out.error;) {
            frame_view frame;
            switch (d.next(frame)) {
            case decode_status::frame: out.frames.emplace_back(frame); break;
            case decode_status::heart_beat: out.beats = true; break;
            case decode_status::need_more: more = false; break;
            case decode_status::error:
                out.error = d.problem().code;
                out.sentence = describe(d.problem());
                out.receipt = frame.value_of("receipt");
                break;
            }
            out.largest_buffer = std::max(out.largest_buffer, d.buffer_capacity());
        }
    }
    out.last_buffer = d.buffer_capacity();
    return out;
}

inline decoded decode(std::string_view input, const decoding& how = {}) { return decode(pieces{input}, how); }

/// The text with every `^@` made a NUL octet, as the specification writes it.
inline std::string octets(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (text.substr(i, 2) == "^@") {
            out.push_back('\0');
            ++i;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

} // namespace stompchat_test

#endif
