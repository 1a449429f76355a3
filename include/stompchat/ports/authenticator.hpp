// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_AUTHENTICATOR_HPP
#define STOMPCHAT_PORTS_AUTHENTICATOR_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/message.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a client showed when it connected. */
struct credentials {
    credentials() = default;

    /// CONNECT's `login` and `passcode`; absent and empty are different.
    std::optional<std::string> login;
    /// See `login`.
    std::optional<std::string> passcode;
    /// CONNECT's `authorization`, else the upgrade request's `Authorization`.
    std::optional<std::string> authorization;
    /// The upgrade request's `Cookie`; empty over TCP.
    std::string cookie;
    /// CONNECT's `host`; empty when the client sent none.
    std::string host;
    /// The peer's address as text, for example `127.0.0.1`.
    std::string remote_address;
    /// The id of the session, as CONNECTED will tell it.
    std::string session;
};

/** What an authenticator may attach to a user for its authorizer, loaded once at CONNECT so that authorisation is synchronous. */
struct grants {
    virtual ~grants() = default;
};

/** Who a session belongs to. */
struct identity {
    identity() = default;
    /// A user without grants whose login does not end.
    explicit identity(std::string user_name) : user(std::move(user_name)) {}

    /// The user's name: UTF-8 without CR, LF and NUL, at most 255 octets. Empty = the node names the user `anonymous-<session>`.
    std::string user;
    /// For the authorizer; may be null.
    std::shared_ptr<const stompchat::grants> grants;
    /// When the login ends, and with it the session.
    std::optional<std::chrono::system_clock::time_point> expires;
};

/** Decides who a client is.
    Thread safety: called from all shards at once. Lifetime: outlives the node. */
class authenticator {
public:
    virtual ~authenticator() = default;

    /** Checks credentials.
        Handler signature: `void(error_code, identity)`.
        Completes when: the decision is made; the node gives up when its CONNECT time limit ends. The hook may complete from any thread.
        Errors: `error::not_authenticated`; any other error is told to the client as a failure of the service, not of the login.
        Cancellation: none.
        Lifetime: `shown` is moved in. */
    template <class Token>
    auto async_authenticate(asio::any_io_executor executor, credentials shown, Token&& token) {
        return detail::async_initiate_on<void(error_code, identity)>(
            executor, std::forward<Token>(token),
            [this, shown = std::move(shown)](detail::completion<void(error_code, identity)> done) mutable {
                do_authenticate(std::move(shown), std::move(done));
            });
    }

private:
    virtual void do_authenticate(credentials shown, detail::completion<void(error_code, identity)> done) = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
