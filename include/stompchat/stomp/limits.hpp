// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_LIMITS_HPP
#define STOMPCHAT_STOMP_LIMITS_HPP

#include <stompchat/config.hpp>

#include <cstddef>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/** What a decoder accepts. A frame beyond a limit is an error as soon as that is known, before its octets are buffered. */
struct decode_limits {
    /// Longest command or header line in octets, as written and without its end of line. Longer: error::header_line_too_long.
    std::size_t header_line = 8 * 1024;
    /// Most header lines of a frame. More: error::too_many_headers.
    std::size_t headers = 100;
    /// Longest body in octets (at most 1 GiB). Longer: error::body_too_long.
    std::size_t body = 256 * 1024;
    /// The same until a version is negotiated, so that a stranger cannot make a server hold much.
    std::size_t body_before_connect = 64 * 1024;
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
