// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_DECODER_HEAD_IPP
#define STOMPCHAT_STOMP_IMPL_DECODER_HEAD_IPP

// The part of the decoder that deals with command and header lines.

#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/escape.hpp>
#include <stompchat/utf8.hpp>

#include <charconv>
#include <cstring>

namespace stompchat::inline STOMPCHAT_ABI::stomp {
namespace detail {

inline bool octet_is_plain(char c) noexcept { return c != '\0' && c != '\r' && c != '\\' && static_cast<unsigned char>(c) < 0x80; }

/// True when no octet needs a second look: no NUL, CR, backslash, and nothing beyond ASCII. Eight octets at a time.
inline bool is_plain(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    constexpr std::uint64_t tops = 0x8080808080808080u;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (; end - at >= 8; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        // (x - ones) & ~x & tops is not zero when, and only when, some octet of x is zero.
        const std::uint64_t cr = word ^ (ones * 0x0D);
        const std::uint64_t backslash = word ^ (ones * 0x5C);
        const std::uint64_t zeros = ((word - ones) & ~word) | ((cr - ones) & ~cr) | ((backslash - ones) & ~backslash);
        if (((zeros | word) & tops) != 0) return false;
    }
    for (; at != end; ++at) {
        if (!octet_is_plain(*at)) return false;
    }
    return true;
}

inline std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

inline std::string_view name_in(std::string_view line) noexcept { return line.substr(0, line.find(':')); }

} // namespace detail

STOMPCHAT_DECL decoder::scan_result decoder::seek_blank_line(std::string_view text, frame_view& frame) {
    const std::size_t searched = scanned_;
    std::size_t from = searched;
    for (;;) {
        const auto* newline = static_cast<const char*>(std::memchr(text.data() + from, '\n', text.size() - from));
        if (newline == nullptr) {
            if (!tail_is_sound(text, line_)) return collect(text, frame);
            scanned_ = static_cast<std::uint32_t>(text.size());
            return scan_result::incomplete;
        }
        const auto end = static_cast<std::size_t>(newline - text.data());
        std::size_t size = end - line_;
        if (size != 0 && text[end - 1] == '\r') --size;
        if (size == 0) {
            head_size_ = static_cast<std::uint32_t>(end + 1);
            return scan_result::complete;
        }
        ++lines_;
        if (size > limits_->header_line || lines_ > limits_->headers + 1) return collect(text, frame);
        from = end + 1;
        line_ = static_cast<std::uint32_t>(from);
    }
}

/// Reads the head from its first octet. `text` may go on behind it.
STOMPCHAT_DECL decoder::scan_result decoder::collect(std::string_view text, frame_view& frame) {
    constexpr std::size_t kept = 64 * 1024;
    auto& headers = scratch_->headers_;
    if (headers.capacity() * sizeof(header) > kept) std::vector<header>().swap(headers);
    if (scratch_->unescaped_.capacity() > kept) std::string().swap(scratch_->unescaped_);
    headers.clear();
    scratch_->unescaped_.clear();
    scratch_->problem_ = {};

    std::string_view command_line;
    std::size_t at = 0;
    std::size_t lines = 0;
    for (;;) {
        const char* const start = text.data() + at;
        const auto* newline = static_cast<const char*>(std::memchr(start, '\n', text.size() - at));
        if (newline == nullptr) {
            if (tail_is_sound(text, at)) {
                line_ = static_cast<std::uint32_t>(at);
                lines_ = static_cast<std::uint32_t>(lines);
                scanned_ = static_cast<std::uint32_t>(text.size());
                return scan_result::incomplete;
            }
            note_bad_tail(text, at);
            break;
        }
        std::string_view line(start, static_cast<std::size_t>(newline - start));
        const std::size_t next = at + line.size() + 1;
        // STOMP 1.2, "Augmented BNF": a CR may stand before the LF. Many clients of 1.0 and 1.1 write one too.
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (line.empty()) {
            head_size_ = static_cast<std::uint32_t>(next);
            at = next;
            break;
        }
        if (line.size() > limits_->header_line) {
            note_size(error::header_line_too_long, detail::name_in(line), line.size(), limits_->header_line, false);
            break;
        }
        if (lines == 0) {
            command_line = line;
        } else if (lines > limits_->headers) {
            note_size(error::too_many_headers, {}, lines, limits_->headers, true);
            break;
        } else {
            // A colon in a value should be written as \c, but many clients do not: the first one separates.
            const auto* colon = static_cast<const char*>(std::memchr(line.data(), ':', line.size()));
            if (colon != nullptr && colon != line.data()) {
                const auto name = static_cast<std::size_t>(colon - line.data());
                headers.push_back({line.substr(0, name), line.substr(name + 1)});
            } else if (line.find('\0') != std::string_view::npos) {
                note(error::unexpected_nul, line);
            } else {
                note(error::bad_header, line, colon == nullptr ? "has no colon" : "has an empty name");
            }
        }
        ++lines;
        at = next;
    }
    interpret(text.substr(0, at), command_line, frame);
    frame.headers = headers;
    return scratch_->problem_ ? scan_result::failed : scan_result::complete;
}

STOMPCHAT_DECL void decoder::interpret(std::string_view head, std::string_view command_line, frame_view& frame) {
    const auto cmd = command_from(command_line, writer_);
    if (cmd) {
        frame.cmd = *cmd;
    } else {
        note(error::bad_command, command_line);
    }
    auto& headers = scratch_->headers_;
    frame.headers = headers;
    const bool trim = wants_trimming(frame);
    if (!trim && detail::is_plain(head)) return;
    const bool escaped = negotiated_ && version_ != version::v1_0 && (!cmd || is_escaped(*cmd));
    std::size_t kept = 0;
    for (std::size_t i = 0; i != headers.size(); ++i) {
        header h = headers[i];
        if (interpret_one(h, trim, escaped, head.size())) headers[kept++] = h;
    }
    headers.resize(kept);
}

/// Makes a header of what stands in its line. Returns false, and notes why, when that cannot be.
STOMPCHAT_DECL bool decoder::interpret_one(header& h, bool trim, bool escaped, std::size_t head_size) {
    const std::string_view line(h.name.data(), h.name.size() + 1 + h.value.size());
    if (detail::is_plain(line) && !trim) return true;
    if (line.find('\0') != std::string_view::npos) {
        note(error::unexpected_nul, h.name);
        return false;
    }
    if (!is_utf8(line)) {
        note(error::bad_utf8, h.name);
        return false;
    }
    // STOMP 1.2, "Augmented BNF": no bare CR in a header. Before, CR was an octet like any other.
    if (escaped && version_ == version::v1_2 && line.find('\r') != std::string_view::npos) {
        note(error::bad_header, h.name, "holds a CR that does not end it");
        return false;
    }
    if (trim) {
        h = {detail::trimmed(h.name), detail::trimmed(h.value)};
        if (h.name.empty()) {
            note(error::bad_header, line, "has an empty name");
            return false;
        }
    }
    if (escaped && line.find('\\') != std::string_view::npos) {
        std::string& out = scratch_->unescaped_;
        out.reserve(head_size); // unescaping never lengthens: earlier views stay valid
        const auto unescape = [&](std::string_view& text) {
            const std::size_t from = out.size();
            if (!append_unescaped(out, text, version_)) return false;
            text = std::string_view(out).substr(from);
            return true;
        };
        const std::string_view raw_name = h.name;
        if (!unescape(h.name) || !unescape(h.value)) {
            note(error::bad_escape, raw_name, to_string(version_));
            return false;
        }
    }
    return true;
}

/// Only 1.0 knows padding. In which version a connecting frame is written follows from the versions it names.
STOMPCHAT_DECL bool decoder::wants_trimming(const frame_view& frame) const noexcept {
    if (negotiated_) return version_ == version::v1_0;
    const auto is_1_0 = [](std::optional<std::string_view> versions) { return negotiate(versions) == version::v1_0; };
    switch (frame.cmd) {
    case command::connect:
    case command::stomp: return is_1_0(frame.find("accept-version"));
    case command::connected: return is_1_0(frame.find("version"));
    default: return false;
    }
}

STOMPCHAT_DECL decoder::scan_result decoder::check_length(frame_view& frame) {
    // From here on the octets up to the body are known: what is looked at again begins behind them.
    scanned_ = head_size_;
    const auto value = frame.find("content-length");
    if (!value) return scan_result::complete;
    std::uint64_t length = 0;
    const char* const end = value->data() + value->size();
    const auto parsed = std::from_chars(value->data(), end, length);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
        // Going on with the first NUL instead would let a peer smuggle frames past whoever reads the number otherwise.
        note(error::bad_content_length, "content-length");
        scratch_->problem_.value = *value;
        return scan_result::failed;
    }
    if (length > body_limit()) {
        note_size(error::body_too_long, {}, length, body_limit(), false);
        if (!negotiated_) scratch_->problem_.reason = " before CONNECT is answered";
        return scan_result::failed;
    }
    if (length != 0 && negotiated_ && version_ != version::v1_0 && !may_have_body(frame.cmd)) {
        note(error::unexpected_body);
        scratch_->problem_.where = to_string(frame.cmd);
        return scan_result::failed;
    }
    has_length_ = true;
    body_size_ = static_cast<std::uint32_t>(length);
    return scan_result::complete;
}

/// Whether a line that has not ended yet may still become one.
STOMPCHAT_DECL bool decoder::tail_is_sound(std::string_view text, std::size_t line) const noexcept {
    const std::size_t searched = scanned_;
    if (std::memchr(text.data() + searched, '\0', text.size() - searched) != nullptr) return false;
    std::size_t size = text.size() - line;
    if (size != 0 && text.back() == '\r') --size;
    return size <= limits_->header_line;
}

STOMPCHAT_DECL void decoder::note_bad_tail(std::string_view text, std::size_t line) {
    const std::string_view tail = text.substr(line);
    if (tail.size() > limits_->header_line) {
        const distance more = input_until('\n', text);
        note_size(error::header_line_too_long, detail::name_in(tail), tail.size() + more.octets, limits_->header_line, !more.found);
    } else if (tail.find('\0') != std::string_view::npos) {
        note(error::unexpected_nul, tail); // else it is in a line before, which interpret() names
    }
}

STOMPCHAT_DECL void decoder::note(error code, std::string_view subject, std::string_view reason) {
    if (scratch_->problem_) return; // the first is the one that its writer can do something about
    scratch_->problem_.code = code;
    scratch_->problem_.subject = subject;
    scratch_->problem_.reason = reason;
}

STOMPCHAT_DECL void decoder::note_size(error code, std::string_view subject, std::size_t actual, std::size_t limit, bool at_least) {
    if (scratch_->problem_) return;
    note(code, subject);
    scratch_->problem_.actual = actual;
    scratch_->problem_.limit = limit;
    scratch_->problem_.at_least = at_least;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
