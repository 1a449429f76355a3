// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_PUBLISH_INTERCEPTOR_HPP
#define STOMPCHAT_PORTS_PUBLISH_INTERCEPTOR_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/message.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

/** What an interceptor says about a message; what is absent stays as the client sent it. */
struct send_verdict {
    /// The reason, when the message is refused.
    std::optional<std::string> rejected;
    /// The octets of a header_block that replaces the application's headers.
    std::optional<std::string> headers;
    /// What replaces the body.
    std::optional<std::string> body;

    /// Lets the message pass as it is.
    static send_verdict pass() { return {}; }
    /// Refuses it: `reason` is told to the client, so it should be a sentence for people.
    static send_verdict reject(std::string reason) {
        send_verdict made;
        made.rejected = std::move(reason);
        return made;
    }
    /// Lets it pass with another body; its headers stay.
    static send_verdict rewrite(std::string body) {
        send_verdict made;
        made.body = std::move(body);
        return made;
    }
    /** The same with other headers. Those that the server stamps cannot be written: they are dropped. An `idempotency-key` stays the
        client's. */
    static send_verdict rewrite(std::span<const header_field> headers, std::string body) {
        send_verdict made = rewrite(std::move(body));
        made.headers.emplace();
        for (const header_field& field : headers) append_header(*made.headers, field.name, field.value);
        return made;
    }
};

/** A message that waits for its verdict. Move it wherever the decision is made and call decide() once; dropping it undecided
    counts as a rejection, "no answer".
    Thread safety: one object is for one thread at a time, any thread; the verdict reaches the session through a post.
    Lifetime: may outlive the session and the node. */
class pending_send {
public:
    /// What the node implements.
    class target {
    public:
        virtual ~target() = default;
        /// Called once.
        virtual void decide(send_verdict what) = 0;
    };

    pending_send() = default;
    /// Made by intercepted_send::defer().
    explicit pending_send(std::unique_ptr<target> to) noexcept : target_(std::move(to)) {}
    pending_send(pending_send&&) noexcept = default;
    /// The message it stood for before counts as dropped.
    pending_send& operator=(pending_send&& other) noexcept {
        if (this != &other) {
            drop();
            target_ = std::move(other.target_);
        }
        return *this;
    }
    ~pending_send() { drop(); }

    /// Says what becomes of the message. Does nothing the second time.
    void decide(send_verdict what) {
        if (target_) std::exchange(target_, nullptr)->decide(std::move(what));
    }

private:
    void drop() {
        if (target_) std::exchange(target_, nullptr)->decide(send_verdict::reject("no answer"));
    }

    std::unique_ptr<target> target_;
};

/** A message of a client that is about to be published. Lifetime: dies when the interceptor returns; copy what is needed later. */
class intercepted_send {
public:
    /// What the node implements.
    class source {
    public:
        /// For intercepted_send::session().
        virtual std::string session() const = 0;
        /// For intercepted_send::defer().
        virtual std::unique_ptr<pending_send::target> defer() = 0;

    protected:
        ~source() = default;
    };

    /// Made by the node for each message.
    intercepted_send(source& from, const identity& sender, std::string_view to, header_block with, std::string_view octets) noexcept
        : who(sender), destination(to), headers(with), body(octets), source_(from) {}
    intercepted_send(const intercepted_send&) = delete;
    intercepted_send& operator=(const intercepted_send&) = delete;

    /// The user, with the authenticator's grants.
    const identity& who;
    /// `/topic/<name>` or `/user/<user>/queue/<name>`, as the client wrote it.
    std::string_view destination;
    /// The client's headers, without those that a client cannot set.
    header_block headers;
    /// Octets, perhaps none.
    std::string_view body;

    /// The session, as in CONNECTED. Written when asked for.
    std::string session() const { return source_.session(); }

    /// Decides later: the verdict is what the returned object is told, and what on_send() returns counts for nothing.
    pending_send defer() { return pending_send(source_.defer()); }

private:
    source& source_;
};

/** Sees each message of a client before it is published: it may moderate, rewrite, reject.

    It is asked for each SEND to a topic or a user that the authorizer has allowed, and for each of those in a transaction, at its COMMIT,
    before the first of them is published. It is not asked for `/app/...`, which is the application's own, nor for what the
    application or the service publishes.

    Order: a session's messages are shown in the order in which they were sent, and those to one destination are published in
    that order, whenever their verdicts come; one that waits holds back those behind it to its destination, not those to others. A
    transaction waits for all before it and holds back all behind it. A rejected message is answered as a refusal, see
    `docs/protocol.md`; in a transaction it makes COMMIT an ERROR, and nothing is published.

    A session that ends leaves its waiting messages behind: they are published when they pass, but for those that have an
    `idempotency-key`, because their client sends them again, and transactions.

    Thread safety: called from all shards at once; on_send() must not block and must not throw.
    Memory: what waits counts as the session's SENDs in flight, see `chat_node_options::max_in_flight`.
    Lifetime: outlives the node. */
class publish_interceptor {
public:
    virtual ~publish_interceptor() = default;

    /// Returns the verdict; letting pass costs nothing. See intercepted_send::defer() for one that takes time.
    virtual send_verdict on_send(intercepted_send& message) = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
