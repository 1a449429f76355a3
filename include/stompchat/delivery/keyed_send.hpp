// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_KEYED_SEND_HPP
#define STOMPCHAT_DELIVERY_KEYED_SEND_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/// The longest idempotency key, in octets. A longer one is refused.
inline constexpr std::size_t max_idempotency_key = 64;

/** What stands in the state store under an idempotency key while its message is on the way into the log. */
struct key_reservation {
    /// The incarnation of the node that holds it, and the number it gave the SEND: together they name one try.
    std::uint64_t holder = 0;
    /// Counts the SENDs with keys of that node.
    std::uint64_t nonce = 0;
    /// When it was made, by the holder's clock.
    std::chrono::system_clock::time_point since;
    /// Of the message, over all of its copies.
    record_id id;
    /// No copy stands below it.
    position base;

    /// As it stands in the store.
    STOMPCHAT_DECL std::string text() const;
    /// Reads what text() wrote; nothing when it is something else.
    STOMPCHAT_DECL static std::optional<key_reservation> parse(std::string_view text);

    /// Whether it is of the same try.
    bool same_try(const key_reservation& other) const noexcept { return holder == other.holder && nonce == other.nonce; }
};

/** One SEND with an idempotency key: the state machine that decides whether it is published, or a repeat.

    The state store holds for each key nothing, a reservation, or the message-id of the published message.
    1. A SEND reserves its key first: compare-and-set from nothing to its reservation. Whoever has reserved publishes. A store that fails
       may have done what it was asked to: the same is asked again, and a reservation of this very try is one's own.
    2. A repeat that finds a message-id is answered with it.
    3. A repeat that finds the reservation of another try waits: until a message-id stands there, or nothing (that try ended unpublished),
   or the holder is known to be dead, or `patience` has passed since the reservation was made or since it was first seen. Then it takes the
   reservation over, by compare-and-set, with the id and the base of that try, and publishes a copy.
    4. That is safe however wrong the guess about the holder was: the broker shows one copy of an id, the first one in the log, and the
       results of all others name it. Liveness and patience only decide how soon.
    5. After the publish the message-id replaces the reservation; a SEND that certainly was not published, and was the first try, removes
   its reservation: of a copy nobody knows what became of the others. Where that fails the reservation stays, and a repeat goes on with 3.
    6. Nothing is reserved later than `most_waiting` after the SEND was read; then it is given up, unpublished. Entries live longer than
   that together with the time that a key is good for, so that a node that was frozen cannot reserve a key that was used and forgotten.

    Thread safety: one object is for one thread at a time. Memory: two reservations. */
class keyed_send {
public:
    /// The clock by which reservations are dated.
    using time_point = std::chrono::system_clock::time_point;
    /// What the store holds, or is to hold.
    using value = std::optional<std::string>;

    /// How long a repeat is recognised.
    static constexpr std::chrono::minutes good_for{10};
    /// Rule 6.
    static constexpr std::chrono::minutes most_waiting{5};
    /// How long an entry lives: rule 6.
    static constexpr std::chrono::minutes lifetime = good_for + most_waiting;
    /// Rule 3.
    static constexpr std::chrono::seconds patience{5};
    /// The pauses between two looks at the store, while waiting: the first, and the longest.
    static constexpr std::chrono::milliseconds first_pause{10};
    /// The longest pause.
    static constexpr std::chrono::milliseconds longest_pause{250};

    /// What is to be done next.
    struct step {
        /// The kinds of doing.
        enum class action : std::uint8_t {
            compare_and_set, ///< of the key, from `expected` to `desired`, after `pause`; then on_store()
            publish,         ///< with `id` and `base`; then on_published()
            answer,          ///< it is a repeat: of `message_id`
            give_up,         ///< rule 6: it was not published
        };

        /// What is to be done.
        action what = action::give_up;
        /// Of a compare-and-set.
        std::chrono::milliseconds pause{0};
        /// Of a compare-and-set.
        value expected;
        /// Of a compare-and-set.
        value desired;
        /// Of a publish.
        record_id id;
        /// Of a publish.
        position base;
        /// Of an answer.
        std::string message_id;
        /// Whom it waits for, if it does: it pays to ask whether that node lives.
        std::uint64_t waits_for = 0;
    };

    /** `mine` names the try; its id and base are those of a message that is published for the first time. `until` is when it gives up: rule
        6. */
    keyed_send(const key_reservation& mine, time_point until) : mine_(mine), until_(until) {}

    /// Rule 1: the first step.
    STOMPCHAT_DECL step begin(time_point now);
    /// What the store answered: whether it failed, whether it swapped, and what stood there.
    STOMPCHAT_DECL step on_store(bool failed, bool swapped, const value& found, time_point now);
    /// A node is known to be dead: rule 3 need not wait for it.
    void on_dead(std::uint64_t holder) noexcept { dead_ = holder; }

    /** Rule 5: what to do with the store when the broker has answered, nothing if there is nothing to do. Its outcome does not matter.
        `message_id` is the published message's. */
    STOMPCHAT_DECL std::optional<step> on_published(error_code outcome, std::string_view message_id) const;

private:
    step reserve(std::chrono::milliseconds pause, time_point now);
    step ask(std::chrono::milliseconds pause, time_point now) const;
    step publish() const;
    step wait(const key_reservation& other, const std::string& found, time_point now);
    static value published(std::string_view message_id);

    key_reservation mine_;     // what is asked for
    key_reservation reserved_; // what the store was last asked to hold
    value expected_;
    std::optional<key_reservation> seen_; // whom it waits for
    time_point until_;
    time_point seen_since_;
    std::uint64_t dead_ = 0;
    bool copy_ = false; // it has asked for a reservation of another try
    std::chrono::milliseconds pause_ = first_pause;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/delivery/impl/keyed_send.ipp>
#endif

#endif
