// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_STORE_KEY_HPP
#define STOMPCHAT_DELIVERY_STORE_KEY_HPP

#include <stompchat/config.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** The key of a user's entry in the state store: `<kind>:{<user>}:<part>:<part>`. The user stands in braces, which a Redis Cluster takes as
    what decides on the place, so that all entries of a user lie together. Braces, colons and percent signs inside are percent-encoded, so
    that no two entries share a key. Thread safety: safe to call from any thread. */
inline std::string store_key(std::string_view kind, std::string_view user, std::initializer_list<std::string_view> parts = {}) {
    std::string key(kind);
    const auto add = [&key](std::string_view text) {
        for (const char c : text) {
            switch (c) {
            case '%': key += "%25"; break;
            case ':': key += "%3A"; break;
            case '{': key += "%7B"; break;
            case '}': key += "%7D"; break;
            default: key += c;
            }
        }
    };
    key += ":{";
    add(user);
    key += '}';
    for (const std::string_view part : parts) {
        key += ':';
        add(part);
    }
    return key;
}

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
