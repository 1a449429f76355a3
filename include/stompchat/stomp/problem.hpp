// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_PROBLEM_HPP
#define STOMPCHAT_STOMP_PROBLEM_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/stomp/version.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/** What was wrong with a frame, in terms that can be told to its writer. `where`, `subject` and `value` may hold whatever the peer wrote.
 */
struct problem {
    error code{};                  ///< zero while nothing is wrong
    std::string_view where = {};   ///< the frame's command
    std::string_view subject = {}; ///< the header, command or id it is about
    std::string_view value = {};   ///< the header's value
    std::string_view reason = {};  ///< our own words: what is wrong with it
    std::size_t actual = 0;        ///< for limits: the size that was met
    std::size_t limit = 0;         ///< for limits: the size allowed
    bool at_least = false;         ///< `actual` is only what was seen so far

    /// Whether something is wrong.
    explicit operator bool() const noexcept { return code != error{}; }
};

/** One sentence about a problem: names the header or limit and the actual size. What the peer wrote is quoted shortened and printable. */
STOMPCHAT_DECL std::string describe(const problem& p);

/** Appends the ERROR frame for `code`; every ERROR of the library is written here.
    `message` is the code's own short text, the body is `detail` (or that text again when it is empty), `receipt-id` stands when
   `receipt_id` is not empty. `negotiated` is false before CONNECTED: the client then has no version to unescape by, and `message` is plain
   ASCII without colon and backslash. error::no_common_version adds a `version` header. Codes of other categories are not told to the peer.
 */
STOMPCHAT_DECL void append_error_frame(std::string& out, error_code code, std::string_view detail, std::string_view receipt_id, version v,
                                       bool negotiated);

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/problem.ipp>
#endif

#endif
