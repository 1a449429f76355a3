// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_SUBSCRIBER_HPP
#define STOMPCHAT_CLIENT_SUBSCRIBER_HPP

/*  What a subscription knows that outlives a connection: how to go on, and what the application has seen.

    The token is the id behind which SUBSCRIBE goes on: the RECEIPT's `position`, then the id of each message in turn that is
    - processed, for ack mode auto: the application's handler has returned;
    - settled together with all before it, for the others: the application has acknowledged it (ACK or NACK).
    A server whose RECEIPTs have no `position` has no tokens; ids that begin with `s-` are none.

    With `client` and `client-individual` the messages between token and last delivery are remembered: after a reconnect the server
    delivers them again. What the application still holds it does not get twice; only the value that acknowledges it is new. What it has
    acknowledged meanwhile is acknowledged for it. They come in order, so the first message that is new means that what has not come until
    then does not come any more.

    Where the server goes on earlier than at the token (durable subscriptions, and the history after a failed resume), messages come again
    that were settled long ago: they are told by a memory of the last ids, dropped, and acknowledged. Ids that the application refused by
    NACK are not in it, because a durable subscription delivers them again for good reason.

    While a history is announced and none of it has come, the token stays what it was: the history would be lost otherwise if the
    connection were. */

#include <stompchat/client/message.hpp>
#include <stompchat/client/options.hpp>
#include <stompchat/config.hpp>
#include <stompchat/stomp/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace stompchat::inline STOMPCHAT_ABI::client {

/** See the rules at the top of this file.
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: with acknowledgements one entry for each message behind the token, bounded by `max_unsettled`, and the hashes of the last 1,024
    ids; with a history as many hashes as that is long. */
class subscriber {
public:
    /// A subscription that was not asked for yet.
    subscriber(std::string destination, subscribe_options options, std::size_t max_unsettled)
        : destination_(std::move(destination)), options_(std::move(options)), token_(options_.resume_after), max_unsettled_(max_unsettled) {
    }

    /// Where to.
    const std::string& destination() const noexcept { return destination_; }
    /// How its messages are acknowledged.
    stomp::ack_mode mode() const noexcept { return options_.ack; }
    /// Whether it has a name under which the server keeps its position.
    bool durable() const noexcept { return !options_.durable.empty(); }
    /// The id behind which it goes on; empty where there is none.
    const std::string& token() const noexcept { return token_; }

    /// SUBSCRIBE is being written in a new connection: its headers.
    STOMPCHAT_DECL header_list subscribe_headers();

    /// Its RECEIPT has come.
    STOMPCHAT_DECL subscribed on_receipt(const stomp::frame_view& receipt);

    /// What to do with a MESSAGE.
    enum class verdict : std::uint8_t {
        deliver,      ///< to the application; then processed()
        drop,         ///< the application has it
        drop_and_ack, ///< the application has acknowledged it: do so
    };

    /// A MESSAGE has come; `ack` is what acknowledges it.
    STOMPCHAT_DECL verdict on_message(const stomp::frame_view& message, std::string_view ack);

    /// The application's handler has returned from the message with this id.
    STOMPCHAT_DECL void processed(std::string_view id);

    /** The application acknowledges (or with `refused` rejects) a message. Returns the value for ACK or NACK; nothing when there is nothing
        to write: at present there is no connection that knows it, or it is acknowledged already. */
    STOMPCHAT_DECL std::optional<std::string> settle(std::string_view id, bool refused);

    /// The connection is lost: nothing that it delivered can be acknowledged in it any more.
    STOMPCHAT_DECL void on_lost() noexcept;

    /// Messages behind the token that are remembered.
    std::size_t unsettled() const noexcept { return unsettled_.size(); }

private:
    struct delivered {
        std::string id;
        std::string ack; ///< empty when no present connection has delivered it
        bool settled = false;
        bool refused = false;
        bool awaited = false; ///< will be delivered again
    };

    bool acknowledges() const noexcept { return options_.ack != stomp::ack_mode::auto_; }
    void advance();
    void forget_awaited();
    void give_up_unsettled();
    void remember(std::string_view id);
    bool remembers(std::string_view id) const;
    std::string_view canonical(std::string_view id) const noexcept;
    bool is_token(std::string_view id) const noexcept { return has_tokens_ && !id.empty() && !id.starts_with("s-"); }
    std::deque<delivered>::iterator find(std::string_view id);
    std::size_t memory() const noexcept;

    std::string destination_;
    subscribe_options options_;
    std::string token_;
    bool has_tokens_ = false; // the server's messages have positions
    bool asked_before_ = false;
    bool asked_to_resume_ = false;
    std::size_t awaited_ = 0; // entries of unsettled_ that will be delivered again
    std::deque<delivered> unsettled_;
    std::deque<std::size_t> last_ids_;
    std::unordered_multiset<std::size_t> last_ids_set_;
    std::size_t max_unsettled_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/subscriber.ipp>
#endif

#endif
