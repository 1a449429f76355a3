// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_DECODER_HPP
#define STOMPCHAT_STOMP_DECODER_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/stomp/frame.hpp>
#include <stompchat/stomp/limits.hpp>
#include <stompchat/stomp/problem.hpp>
#include <stompchat/stomp/version.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/** Working memory for decoding one frame: its header array and the octets of headers that had to be unescaped.
    One per thread serves every decoder of that thread, so that an idle session owns no buffer.
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: as much as the largest frame head needs, but what exceeds 64 KiB is given back at the next frame. */
class parse_scratch {
public:
    parse_scratch() = default;
    parse_scratch(const parse_scratch&) = delete;
    parse_scratch& operator=(const parse_scratch&) = delete;

private:
    friend class decoder;

    std::vector<header> headers_;
    std::string unescaped_;
    problem problem_;
};

/// What decoder::next() found.
enum class decode_status : std::uint8_t {
    frame,      ///< a whole frame, see decoder::frame()
    heart_beat, ///< one or more ends of line (or stray NULs) between frames
    need_more,  ///< the input is used up; the beginning of a frame has been copied
    error,      ///< see decoder::problem(); final
};

/** Incremental decoder for the frames that one side of a connection writes.

    Rules:
    - Between frames any number of LF, CR and NUL octets is skipped. A line ends with LF; a CR before it is not part of the line, whatever
   the version.
    - A header line is split at its first colon. In 1.2 a CR inside a line is an error, in 1.0 and 1.1 it is data. NUL in a line is always
   an error.
    - Names and values are unescaped as the version set with set_version() asks, never in CONNECT, STOMP and CONNECTED. Until then nothing
   is unescaped. 1.0, and a CONNECT that can only become 1.0, has spaces and tabs around names and values trimmed, as 1.0's own examples
   need it; later versions never.
    - content-length is honoured on every command and must be a decimal number; behind that many octets there must be a NUL. Without it the
   first NUL ends the body. A body on a command that has none is an error from 1.1 on. The first of several equal headers counts.
    - Command and header lines must be UTF-8. Bodies may be anything.
    - Limits are checked before octets are buffered: a body as soon as its content-length is read, a line as soon as it is too long.

    A frame's views live until the following call of any non-const member, or use of the same scratch by another decoder. They point into
   the input when the frame was whole in it (nothing is copied then), else into the decoder's own partial buffer. Thread safety: distinct
   objects are independent (but share a scratch only within a thread); one object is for one thread at a time. Memory: `limits` bounds the
   partial buffer to one frame, apart from what hold() copies; it is freed when it is empty. */
class decoder {
public:
    /// See decode_status.
    using status = decode_status;

    /// `writer` is the side whose frames are decoded. `limits` must outlive the decoder.
    decoder(peer writer, const decode_limits& limits) noexcept : limits_(&limits), writer_(writer) {}
    decoder(peer, const decode_limits&&) = delete;

    /// Gives the next octets. They must stay valid until next() has returned need_more or error, or until hold().
    STOMPCHAT_DECL void feed(std::string_view octets, parse_scratch& scratch);

    /// Gives the scratch for going on with held octets when there is nothing to feed.
    void resume(parse_scratch& scratch) noexcept { scratch_ = &scratch; }

    /** The next thing in the octets fed so far. On decode_status::error `frame.headers` are those that could be read, so that an ERROR can
       name the frame's receipt; `frame.cmd` then counts only if the command was known. */
    STOMPCHAT_DECL status next(frame_view& frame);

    /// Copies the unread input, so that it may die; decoding goes on later, with resume() and next() or with feed().
    STOMPCHAT_DECL void hold();

    /// The negotiated version: from here on frames are decoded by its rules, and the larger body limit holds.
    void set_version(version v) noexcept {
        version_ = v;
        negotiated_ = true;
    }

    /// What was wrong, valid as long as a frame would be. Precondition: next() has just returned decode_status::error.
    const stomp::problem& problem() const noexcept { return scratch_->problem_; }

    /// Octets fed and not yet decoded, whoever holds them.
    std::size_t unread() const noexcept { return partial_size() - offset_ + static_cast<std::size_t>(end_ - at_); }

    /// True when hold() copied octets that next() has not looked at yet.
    bool held() const noexcept { return held_; }

    /// Octets of memory held by the partial buffer.
    std::size_t buffer_capacity() const noexcept { return partial_ ? sizeof(std::string) + partial_->capacity() + 1 : 0; }

private:
    enum class scan_result : std::uint8_t {
        complete,
        incomplete,
        failed,
    };

    /// How far the input goes on before `c`, for telling a size that is not buffered.
    struct distance {
        std::size_t octets;
        bool found;
    };

    scan_result scan(std::string_view text, frame_view& frame);
    scan_result seek_blank_line(std::string_view text, frame_view& frame);
    scan_result collect(std::string_view text, frame_view& frame);
    scan_result check_length(frame_view& frame);
    scan_result take_body(std::string_view text, frame_view& frame, bool collected);
    void interpret(std::string_view head, std::string_view command_line, frame_view& frame);
    bool interpret_one(header& h, bool trim, bool unescape, std::size_t head_size);
    bool wants_trimming(const frame_view& frame) const noexcept;
    bool tail_is_sound(std::string_view text, std::size_t line) const noexcept;
    void note_bad_tail(std::string_view text, std::size_t line);
    void note(error code, std::string_view subject = {}, std::string_view reason = {});
    void note_size(error code, std::string_view subject, std::size_t actual, std::size_t limit, bool at_least);
    distance input_until(char c, std::string_view text) const noexcept;
    std::size_t body_limit() const noexcept;
    void pull();
    std::string& partial();
    std::size_t partial_size() const noexcept { return partial_ ? partial_->size() : 0; }
    void start_frame() noexcept;
    void discard_read();

    const decode_limits* limits_;
    parse_scratch* scratch_ = nullptr;
    const char* at_ = nullptr; // the unread input is [at_, end_)
    const char* end_ = nullptr;
    // Octets before the input, never empty; those before offset_ are read. Nearly always null, and then eight octets instead of thirty-two.
    std::unique_ptr<std::string> partial_;
    std::uint32_t offset_ = 0;

    // The frame being read, as far as it is known; offsets count from its first octet.
    std::uint32_t scanned_ = 0;   // searched up to here; zero at the beginning of a frame
    std::uint32_t line_ = 0;      // where the current header line starts
    std::uint32_t lines_ = 0;     // complete lines before it
    std::uint32_t head_size_ = 0; // command, headers and the blank line; zero until the blank line is found
    std::uint32_t body_size_ = 0; // meaningful with has_length_
    bool has_length_ = false;

    peer writer_;
    version version_ = version::v1_0;
    bool negotiated_ = false;
    bool failed_ = false;
    bool held_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/decoder.ipp>
#endif

#endif
