// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_KEY_HPP
#define STOMPCHAT_REDIS_DETAIL_KEY_HPP

#include <stompchat/config.hpp>

#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/// Appends a name as a part of a key: braces, colons and percent signs, which have a meaning there, are percent-encoded.
inline void append_name(std::string& key, std::string_view name) {
    for (const char c : name) {
        switch (c) {
        case '%': key += "%25"; break;
        case ':': key += "%3A"; break;
        case '{': key += "%7B"; break;
        case '}': key += "%7D"; break;
        default: key += c;
        }
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
