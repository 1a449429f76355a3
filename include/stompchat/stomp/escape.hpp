// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_ESCAPE_HPP
#define STOMPCHAT_STOMP_ESCAPE_HPP

#include <stompchat/config.hpp>
#include <stompchat/stomp/version.hpp>

#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/** Appends a header name or value as `v` writes it. 1.0 escapes nothing, 1.1 knows `\n \c \\`, 1.2 also `\r`.
    What `v` cannot express must be kept away with expressible(): it would be written raw. */
STOMPCHAT_DECL void append_escaped(std::string& out, std::string_view text, version v);

/** Appends what an escaped name or value means in `v`. Returns false at a sequence that `v` does not define; `out` then holds what stood
 * before. */
STOMPCHAT_DECL bool append_unescaped(std::string& out, std::string_view text, version v);

/** Whether a frame of `v` can carry this header. A NUL or an empty name never can; 1.0 has no way to write CR or LF, nor `:` in a name; 1.1
   none for CR. Such a header is left out of a frame: written raw, `x:a\nuser\cadmin` of a 1.2 client would become a second header for a 1.0
   client. */
STOMPCHAT_DECL bool expressible(std::string_view name, std::string_view value, version v) noexcept;

/** True when some version would write the header differently from how it reads, or not at all. Without such headers one encoding serves all
 * versions. */
STOMPCHAT_DECL bool needs_escaping(std::string_view name, std::string_view value) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/stomp/impl/escape.ipp>
#endif

#endif
