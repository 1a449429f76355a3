// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_DETAIL_KEY_NAME_HPP
#define STOMPCHAT_REDIS_DETAIL_KEY_NAME_HPP

#include <stompchat/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::redis {

/** A name as part of a key: without `{`, `}` and `:`, which give a key its form, without spaces and control characters, and never
    empty, because a Redis Cluster takes no notice of empty braces. Such octets become `%` and two digits, the empty name a `%`. */
inline std::string key_name(std::string_view name) {
    if (name.empty()) return "%";
    std::string encoded;
    encoded.reserve(name.size());
    for (const char one : name) {
        const auto octet = static_cast<unsigned char>(one);
        if (octet > ' ' && octet != 0x7F && one != '{' && one != '}' && one != ':' && one != '%') {
            encoded += one;
            continue;
        }
        encoded += '%';
        encoded += "0123456789ABCDEF"[octet >> 4];
        encoded += "0123456789ABCDEF"[octet & 15];
    }
    return encoded;
}

/// The way back. Precondition: key_name() made it.
inline std::string name_of_key(std::string_view encoded) {
    const auto digit = [](char one) { return one <= '9' ? one - '0' : one - 'A' + 10; };
    std::string name;
    name.reserve(encoded.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded[i] != '%') {
            name += encoded[i];
        } else if (i + 2 < encoded.size()) {
            name += static_cast<char>(digit(encoded[i + 1]) << 4 | digit(encoded[i + 2]));
            i += 2;
        }
    }
    return name;
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
