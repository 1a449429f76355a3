// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_RESERVED_HEADER_HPP
#define STOMPCHAT_NODE_DETAIL_RESERVED_HEADER_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** Headers that only the server writes, or that belong to one hop: from a client or an application they are dropped, so that none can be
    forged and none contradicts the server's own. `destination` is carried beside the headers. */
inline bool is_reserved_header(std::string_view name) noexcept {
    static constexpr std::array<std::string_view, 14> reserved = {"destination",  "receipt", "transaction", "content-length", "ack",
                                                                  "subscription", "gap",     "recovered",   "position",       "durable",
                                                                  "status",       "user",    "timestamp",   "message-id"};
    return std::find(reserved.begin(), reserved.end(), name) != reserved.end();
}

/// The octets of a header_block without its reserved headers.
inline std::string without_reserved_headers(std::string block) {
    const header_block all{block};
    if (std::none_of(all.begin(), all.end(), [](const header_field& one) { return is_reserved_header(one.name); })) return block;
    std::string kept;
    for (const header_field one : all) {
        if (!is_reserved_header(one.name)) append_header(kept, one.name, one.value);
    }
    return kept;
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
