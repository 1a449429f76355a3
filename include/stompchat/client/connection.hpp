// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_CONNECTION_HPP
#define STOMPCHAT_CLIENT_CONNECTION_HPP

#include <stompchat/client/detail/driver.hpp>
#include <stompchat/client/handlers.hpp>
#include <stompchat/client/message.hpp>
#include <stompchat/client/options.hpp>
#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {

namespace asio = boost::asio;

/** A STOMP client: one session with a server or a cluster, over WebSocket or TCP, with or without TLS, that is kept up.

    When the connection is lost it is made anew, to the next of the URLs, after a growing and jittered time or when the server asked for it.
    Subscriptions go on behind the last processed message, and say whether they could; SENDs without a RECEIPT are repeated in their order
    under the same `idempotency-key`. With a server of this library that means: each message of a room once and in order, and each SEND
    published once, whatever happens to the connection. There is no such promise for
    - an anonymous user: the server knows the keys of a login, not of a session that is gone;
    - a SEND that was under way when the connection was lost for longer than `resend_within`: it ends with error::outcome_unknown;
    - a subscription that reports `recovered:false` or a `gap`.

    Network errors are no exceptions: they arrive as error_code and text, and compare with `condition`.

    Thread safety: distinct objects are independent; one object, like its io_context, belongs to one thread.
    Lifetime: the io_context must outlive the object. Destroying it closes the connection without DISCONNECT; what waits completes with
    operation_aborted, and no handler is called any more.
    Memory: unanswered SENDs, bounded by `outbox_messages` and `outbox_octets` (then error::outbox_full), and as much again while they are
    written; 16 KiB to read into; one partial frame, bounded by `session.limits`; for each subscription with acknowledgements what is not
    settled, bounded by the server's window and `max_unsettled`. */
class connection {
public:
    /// Of the io_context.
    using executor_type = asio::io_context::executor_type;

    /// Nothing happens before async_connect(), which also tells what is wrong with the options.
    connection(asio::io_context& context, connection_options options)
        : driver_(std::make_shared<detail::driver>(context, std::move(options))) {}
    connection(connection&&) noexcept = default;
    /// Exchanges the two.
    connection& operator=(connection&& other) noexcept {
        std::swap(driver_, other.driver_);
        return *this;
    }
    ~connection() {
        if (driver_) driver_->abandon();
    }

    /// Where handlers are called.
    executor_type get_executor() const noexcept { return driver_->executor(); }

    /// Whom to tell of what happens to the connection. One at a time; not to be called from within the handler itself.
    void on_state(state_handler handler) { driver_->set_state_handler(std::move(handler)); }

    /** Begins, and goes on trying.
        Handler signature: `void(error_code, connected)`.
        Completes when: the session is established, for the first time or at present; or it is given up, see `reconnect`, `attempts` and
        persistent_session.
        Errors: of the last attempt, with its text in `reason`: error::not_authenticated and the other errors that a server names,
        error::server_error with its words where they are unknown, error::no_common_version, error::tls_untrusted_certificate,
        error::websocket_bad_handshake, error::connection_lost, a violation of the protocol, the resolver's and the system's;
        error::bad_option, error::tls_bad_certificate or the system's reason for options that cannot be used; error::stopped behind
        async_disconnect() or close().
        Cancellation: terminal; the connection stops for good.
        Lifetime: the object may go away meanwhile. */
    template <class Token = asio::deferred_t>
    auto async_connect(Token&& token = {}) {
        return start<void(error_code, connected)>(std::forward<Token>(token),
                                                  [](detail::driver& to, auto done) { return to.connect(std::move(done)); });
    }

    /** Sends a message; before the connection is there, and while it is lost, it waits.
        Handler signature: `void(error_code, sent)`.
        Completes when: the RECEIPT has come: the server has the message.
        Errors: error::outbox_full, error::message_too_large (at once: nothing was sent); error::not_authorized,
        error::unknown_destination, error::bad_header_value, error::refused_by_limit, error::rejected and others that a server names, with
        its words in `reason`; error::outcome_unknown when the connection was lost and the message may not be repeated; error::stopped
        behind the end.
        Cancellation: terminal; a message that was not written yet is not sent, another one may be.
        Lifetime: the message is moved in. */
    template <class Token = asio::deferred_t>
    auto async_send(outgoing_message message, Token&& token = {}) {
        return start<void(error_code, sent)>(
            std::forward<Token>(token),
            [](detail::driver& to, auto done, outgoing_message octets) { return to.send(std::move(octets), std::move(done)); },
            std::move(message));
    }

    /** Subscribes, and subscribes again after each reconnect.
        Handler signature: `void(error_code, subscribed)`.
        Completes when: the RECEIPT has come: every message whose SEND starts afterwards is delivered. Handlers may be called before.
        Errors: as for async_send(), then there is no subscription; error::bad_header_value also when a server of STOMP 1.0 does not know
        the ack mode; error::stopped when it was unsubscribed meanwhile, or the connection has stopped.
        Cancellation: terminal; it is unsubscribed.
        Lifetime: the handlers live until the subscription ends. */
    template <class Token = asio::deferred_t>
    auto async_subscribe(std::string destination, subscribe_options options, subscription_handlers handlers, Token&& token = {}) {
        return start<void(error_code, subscribed)>(
            std::forward<Token>(token),
            [](detail::driver& to, auto done, std::string where, subscribe_options how, subscription_handlers whom) {
                return to.subscribe(std::move(where), std::move(how), std::move(whom), std::move(done));
            },
            std::move(destination), std::move(options), std::move(handlers));
    }
    /// The same with ack mode auto, and without a word about reconnects.
    template <class Token = asio::deferred_t>
    auto async_subscribe(std::string destination, message_handler handler, Token&& token = {}) {
        return async_subscribe(std::move(destination), subscribe_options(), subscription_handlers(std::move(handler)),
                               std::forward<Token>(token));
    }

    /** Ends a subscription. Its handlers are not called any more from now on.
        Handler signature: `void(error_code)`.
        Completes when: the RECEIPT has come, or the connection is lost: the next one does not subscribe.
        Errors: error::unknown_subscription.
        Cancellation: terminal; it is unsubscribed all the same. */
    template <class Token = asio::deferred_t>
    auto async_unsubscribe(subscription_id id, Token&& token = {}) {
        return start<void(error_code)>(std::forward<Token>(token),
                                       [id](detail::driver& to, auto done) { return to.unsubscribe(id, std::move(done)); });
    }

    /** Acknowledges a message of a subscription with ack mode `client` (with all before it) or `client_individual`. It may have come in an
        earlier connection. Doing so twice is harmless. Errors: error::unknown_subscription. */
    error_code ack(subscription_id id, std::string_view message_id) { return driver_->settle(id, message_id, false); }
    /// Rejects it. What that means is the server's; with a durable subscription it comes again in a later session.
    error_code nack(subscription_id id, std::string_view message_id) { return driver_->settle(id, message_id, true); }

    /// The id behind which a subscription goes on: keep it for `resume_after` of a later life. Empty where there is none.
    std::string token(subscription_id id) const { return driver_->session().token(id); }

    /// Begins a transaction, which lives as long as the present connection. Errors: error::connection_lost while there is none.
    system::result<transaction_id> begin() { return driver_->begin(); }
    /// Sends within a transaction. Errors: error::unknown_transaction: it has ended, or its connection has.
    error_code send_in(transaction_id id, outgoing_message message) { return driver_->send_in(id, std::move(message)); }
    /// Forgets what a transaction has sent. Errors: error::unknown_transaction.
    error_code abort(transaction_id id) { return driver_->abort(id); }
    /** Publishes what a transaction has sent.
        Handler signature: `void(error_code, std::string)`; the text is the server's reason.
        Completes when: the RECEIPT has come: all of it is published.
        Errors: error::unknown_transaction (nothing was published); error::outcome_unknown when the connection was lost before the answer;
        those that a server names.
        Cancellation: terminal; it takes effect all the same. */
    template <class Token = asio::deferred_t>
    auto async_commit(transaction_id id, Token&& token = {}) {
        return start<void(error_code, std::string)>(std::forward<Token>(token),
                                                    [id](detail::driver& to, auto done) { return to.commit(id, std::move(done)); });
    }

    /** Says goodbye. The object is of no further use then.
        Handler signature: `void(error_code)`.
        Completes when: the server has confirmed DISCONNECT, by which it has answered all SENDs before; at once when there is no connection.
        Errors: of the connection when it was lost instead; `timed_out` after `close_timeout`. What was not answered then has ended with
        error::outcome_unknown or error::stopped.
        Cancellation: terminal; it goes on all the same. */
    template <class Token = asio::deferred_t>
    auto async_disconnect(Token&& token = {}) {
        return start<void(error_code)>(std::forward<Token>(token),
                                       [](detail::driver& to, auto done) { return to.disconnect(std::move(done)); });
    }

    /// Ends at once, without DISCONNECT. What waits ends with error::stopped, or error::outcome_unknown.
    void close() { driver_->close(); }

    /// Whether there is a session with a server at present.
    bool online() const noexcept { return driver_->session().online(); }
    /// SENDs without an answer.
    std::size_t outbox_messages() const noexcept { return driver_->session().outbox_messages(); }
    /// Their octets, headers included.
    std::size_t outbox_octets() const noexcept { return driver_->session().outbox_octets(); }

private:
    template <class Signature, class Token, class Begin, class... Args>
    auto start(Token&& token, Begin begin, Args... args) {
        return asio::async_initiate<Token, Signature>(
            [to = driver_, begin](auto handler, auto... moved) {
                asio::any_completion_handler<Signature> erased(std::move(handler));
                auto slot = asio::get_associated_cancellation_slot(erased);
                const std::uint64_t number =
                    begin(*to, stompchat::detail::completion<Signature>(std::move(erased), to->executor()), std::move(moved)...);
                if (number == 0 || !slot.is_connected()) return;
                slot.assign([weak = std::weak_ptr<detail::driver>(to), number](asio::cancellation_type type) {
                    if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
                    if (const auto alive = weak.lock()) alive->cancel(number);
                });
            },
            token, std::move(args)...);
    }

    std::shared_ptr<detail::driver> driver_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
