// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_VERSION_HPP
#define STOMPCHAT_STOMP_VERSION_HPP

#include <stompchat/config.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// A version of the STOMP protocol. Ordered: later ones are greater.
enum class version : std::uint8_t {
    v1_0,
    v1_1,
    v1_2,
};

/// How many versions there are.
inline constexpr std::size_t version_count = 3;

/// The versions spoken here, as the `version` header of an ERROR lists them (STOMP 1.2, "Protocol Negotiation").
inline constexpr std::string_view supported_versions = "1.0,1.1,1.2";

/// The version as it stands in a frame, for example `1.2`.
constexpr std::string_view to_string(version v) noexcept {
    switch (v) {
    case version::v1_0: return "1.0";
    case version::v1_1: return "1.1";
    case version::v1_2: return "1.2";
    }
    return {};
}

/** The highest version that both sides speak, or nothing when there is none.
    `accept_version` is the value of the CONNECT header: a comma list in any order, spaces and unknown versions are tolerated.
    Without the header the client speaks 1.0 only (STOMP 1.1 and 1.2, "Protocol Negotiation"). */
constexpr std::optional<version> negotiate(std::optional<std::string_view> accept_version) noexcept {
    if (!accept_version) return version::v1_0;
    std::optional<version> best;
    std::string_view rest = *accept_version;
    for (bool more = true; more;) {
        const auto comma = rest.find(',');
        std::string_view one = rest.substr(0, comma);
        more = comma != std::string_view::npos;
        if (more) rest.remove_prefix(comma + 1);
        while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
        while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
        for (const auto v : {version::v1_0, version::v1_1, version::v1_2}) {
            if (one == to_string(v) && (!best || *best < v)) best = v;
        }
    }
    return best;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
