// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_POSITION_HPP
#define STOMPCHAT_PORTS_POSITION_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI {

/// A partition of the log, counted from 0.
using partition = std::uint32_t;

/// An offset in a partition. Offsets grow; they need not be dense.
using offset = std::int64_t;

/** Where a message stands in the log. Two positions can be ordered only within one epoch and partition.
    Thread safety: a value type. */
struct position {
    /// Identifies the log. It changes when the log was made anew or truncated, so that an old token is never taken for a new one.
    std::uint64_t epoch = 0;
    /// Which partition of the log.
    stompchat::partition partition = 0;
    /// Where in the partition; -1 = before the first record.
    stompchat::offset offset = -1;

    friend bool operator==(const position&, const position&) = default;
};

/** The 64-bit FNV-1a hash of `text` (Fowler, Noll, Vo; offset basis 0xcbf29ce484222325, prime 0x100000001b3).
    It decides on which partition a destination lives, so it must never change. Thread safety: safe to call from any thread. */
constexpr std::uint64_t fnv1a_64(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3u;
    }
    return hash;
}

/** What decides on the partition of a destination: the destination itself, but `/user/<user>` for all queues of a user, so that what is
   sent to one user has one order. */
constexpr std::string_view partition_key(std::string_view destination) noexcept {
    if (destination.substr(0, 6) != "/user/") return destination;
    return destination.substr(0, destination.find('/', 6));
}

/// The partition of a destination in a log of `partitions` partitions. Precondition: `partitions > 0`.
constexpr partition partition_of(std::string_view destination, std::uint32_t partitions) noexcept {
    return static_cast<partition>(fnv1a_64(partition_key(destination)) % partitions);
}

/** The part of a token that identifies its destination. */
constexpr std::uint32_t destination_check(std::string_view destination) noexcept {
    const std::uint64_t hash = fnv1a_64(destination);
    // The upper half is mixed in because the lower one already chose the partition.
    return static_cast<std::uint32_t>(hash >> 32) ^ static_cast<std::uint32_t>(hash * 0x9E3779B97F4A7C15u >> 32);
}

/** A position as text: the `message-id` of a logged message, which is also a resume token.
    It uses only `[0-9a-f-]` and carries a check of its destination, so that a position of one room is never taken for one of another.
    Thread safety: a value type; text() is valid as long as the object. */
class position_token {
public:
    /// The longest text, in octets.
    static constexpr std::size_t max_length = 16 + 1 + 8 + 1 + 16 + 1 + 8;

    /// `check` is destination_check() of the destination.
    STOMPCHAT_DECL position_token(const position& at, std::uint32_t check) noexcept;
    /// Makes the check itself.
    position_token(const position& at, std::string_view destination) noexcept : position_token(at, destination_check(destination)) {}

    /// The token. Lifetime: as long as this object.
    std::string_view text() const noexcept { return {text_.data(), length_}; }

private:
    std::array<char, max_length> text_;
    std::uint8_t length_ = 0;
};

/** A parsed token: the position, and the check of the destination it was made for. */
struct parsed_token {
    /// Where the message stands.
    position at;
    /// destination_check() of the destination it was made for.
    std::uint32_t check = 0;
};

/** Reads a token without knowing its destination.
    Errors: `error::bad_header_value` when `text` is not a token. Thread safety: safe to call from any thread. */
STOMPCHAT_DECL system::result<parsed_token> parse_token(std::string_view text) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/ports/impl/position.ipp>
#endif

#endif
