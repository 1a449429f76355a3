// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_OUTBOX_HPP
#define STOMPCHAT_CLIENT_OUTBOX_HPP

#include <stompchat/client/message.hpp>
#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {

/** SENDs that have no RECEIPT yet, in the order in which the application sent them.
    Each has an `idempotency-key`, so that a repeat in a later connection is no second message.
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: bounded by the number of messages and by their octets, headers included. */
class outbox {
public:
    /// Steady, as everywhere.
    using time_point = std::chrono::steady_clock::time_point;

    /// A SEND without an answer.
    struct entry {
        /// The number by which its sender knows it.
        std::uint64_t tag;
        /// With its `idempotency-key`.
        outgoing_message message;
        /// Of its headers and body.
        std::size_t octets;
        /// When it was written for the first time; nothing while it never was.
        std::optional<time_point> written;
        /// Written in the present connection.
        bool in_flight = false;
    };

    /// `key` is what all generated keys begin with: nobody else may use it.
    outbox(std::size_t messages, std::size_t octets, std::string key)
        : max_messages_(messages), max_octets_(octets), key_(std::move(key)) {}

    /** Takes a message. Precondition: `tag` is larger than those before.
        Errors: error::outbox_full; error::message_too_large when it is larger than the outbox. */
    STOMPCHAT_DECL system::result<entry*> push(std::uint64_t tag, outgoing_message message);

    /// Null when it is not there (any more).
    STOMPCHAT_DECL entry* find(std::uint64_t tag) noexcept;

    /// Takes a message out. False when it is not there (any more).
    STOMPCHAT_DECL bool erase(std::uint64_t tag) noexcept;

    /// How many there are.
    std::size_t messages() const noexcept { return entries_.size(); }
    /// Their octets together.
    std::size_t octets() const noexcept { return octets_; }

    /// In order. Not to be added to or taken from meanwhile.
    std::deque<entry>& entries() noexcept { return entries_; }

private:
    std::deque<entry>::iterator place_of(std::uint64_t tag) noexcept;

    std::deque<entry> entries_; // the tags grow
    std::size_t max_messages_;
    std::size_t max_octets_;
    std::size_t octets_ = 0;
    std::string key_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/outbox.ipp>
#endif

#endif
