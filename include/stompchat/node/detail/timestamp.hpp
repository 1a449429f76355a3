// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_TIMESTAMP_HPP
#define STOMPCHAT_NODE_DETAIL_TIMESTAMP_HPP

#include <stompchat/config.hpp>

#include <chrono>
#include <cstdint>

namespace stompchat::inline STOMPCHAT_ABI::node::detail {

/// What the `timestamp` of a message that is published now says.
inline std::int64_t milliseconds_since_1970() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node::detail

#endif
