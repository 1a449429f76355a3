// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_ENCODER_HPP
#define STOMPCHAT_STOMP_ENCODER_HPP

#include <stompchat/config.hpp>
#include <stompchat/stomp/escape.hpp>
#include <stompchat/stomp/frame.hpp>
#include <stompchat/stomp/version.hpp>

#include <span>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// When encode() writes a content-length header.
enum class content_length : std::uint8_t {
    when_body,      ///< when the body is not empty
    always,         ///< also `content-length:0`
    only_if_needed, ///< when the body holds a NUL octet, which nothing else could carry
};

/** Appends one complete frame, its closing NUL included, with LF as end of line.
    Headers are written in order and escaped as `v` and the command ask; those that are not expressible are left out, and so are
   `content-length` headers, which the encoder writes itself. Thread safety: distinct `out` are independent. Memory: `out` grows once, by
   the frame's size. */
STOMPCHAT_DECL void encode(std::string& out, command cmd, std::span<const header> headers, std::string_view body, version v,
                           content_length policy = content_length::when_body);

/// Appends one header line as a frame of `v` with escaping writes it, or nothing when it is not expressible. Returns whether it was
/// written.
STOMPCHAT_DECL bool append_header(std::string& out, std::string_view name, std::string_view value, version v);

/// Appends `content-length:<octets>` and an end of line.
STOMPCHAT_DECL void append_content_length(std::string& out, std::size_t octets);

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/encoder.ipp>
#endif

#endif
