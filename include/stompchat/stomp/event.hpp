// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_EVENT_HPP
#define STOMPCHAT_STOMP_EVENT_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/stomp/frame.hpp>
#include <stompchat/stomp/subscription.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// What a server_session wants done, and which members of its event count.
enum class event_kind : std::uint8_t {
    need_more,   ///< nothing to do until more octets are fed
    waiting,     ///< CONNECT is not answered yet; what was fed is kept
    connect,     ///< answer with accept() or fail(), at any later time; version() is chosen
    send,        ///< a SEND outside transactions
    subscribe,   ///< `sub` is new
    unsubscribe, ///< `sub` lives until the following next(); answer with receipt()
    ack,         ///< an ACK or NACK outside transactions; the caller knows whether `id` was delivered
    commit,      ///< `frames` take effect now, in order
    disconnect,  ///< the last thing a client says; answer with receipt() and close
    reply,       ///< send `octets`
    refused,     ///< only with soft errors: a well-formed frame over the limit named by `error`; see server_session::set_soft_errors()
    failed,      ///< send `octets` and close; `error` says why
    closed,      ///< nothing more comes
};

/// One SEND, ACK or NACK of a transaction that is being committed.
struct transaction_frame {
    event_kind kind = event_kind::send; ///< send or ack
    bool nack = false;                  ///< of an ack: it was a NACK
    frame_view frame;                   ///< of a SEND
    std::string_view destination;       ///< of a SEND
    std::string_view id;                ///< of an ACK or NACK, as in event
    subscription* sub = nullptr;        ///< of an ACK or NACK, as in event; null when it has gone since
};

/** What a server_session wants done. Every view in it, and `sub` of an unsubscribe, lives until the following call of a non-const member of
   the session; `frame` also only until the scratch is used for another session. Copy what must live longer. */
struct event {
    event_kind kind = event_kind::need_more; ///< what it is about
    bool nack = false;                       ///< of an ack: it was a NACK
    stompchat::error error{};                ///< of failed and refused
    frame_view frame;                        ///< of connect, send, subscribe, unsubscribe, ack, commit, disconnect, refused
    std::string_view receipt; ///< the receipt that the frame asks for; empty = none. Always empty for connect (STOMP allows none there).
    std::string_view destination; ///< of send, subscribe, and refused
    std::string_view id;          ///< of ack: the `id` header in 1.2, `message-id` before
    std::string_view octets;      ///< of reply and failed: one complete encoded frame. Of refused: a sentence for `reason`.
    /// Of subscribe and unsubscribe. Of ack in 1.1: the one named by the `subscription` header, which must be there; in 1.0 too if the
    /// header names one.
    subscription* sub = nullptr;
    std::span<const transaction_frame> frames; ///< of commit
};

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
