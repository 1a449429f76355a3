// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_VERSION_HPP
#define STOMPCHAT_VERSION_HPP

#include <stompchat/config.hpp>

// CMakeLists.txt reads these three lines: they are the only place that states the version.
#define STOMPCHAT_VERSION_MAJOR 0
#define STOMPCHAT_VERSION_MINOR 1
#define STOMPCHAT_VERSION_PATCH 0

#define STOMPCHAT_VERSION_TEXT_OF_(x) #x
#define STOMPCHAT_VERSION_TEXT_(a, b, c) STOMPCHAT_VERSION_TEXT_OF_(a) "." STOMPCHAT_VERSION_TEXT_OF_(b) "." STOMPCHAT_VERSION_TEXT_OF_(c)

namespace stompchat::inline STOMPCHAT_ABI {

/// The library's version as text, for example `0.1.0`.
inline constexpr char version_text[] = STOMPCHAT_VERSION_TEXT_(STOMPCHAT_VERSION_MAJOR, STOMPCHAT_VERSION_MINOR, STOMPCHAT_VERSION_PATCH);

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
