// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_APP_HANDLER_HPP
#define STOMPCHAT_PORTS_APP_HANDLER_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/message.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

/** A SEND or SUBSCRIBE to `/app/...`. Lifetime: a view that dies when the handler returns; copy what is needed later. */
struct app_request {
    /// The user, with the authenticator's grants.
    const identity& who;
    /// The session, as in CONNECTED.
    std::string_view session;
    /// The whole destination, for example `/app/echo`.
    std::string_view destination;
    /// The client's headers, raw.
    header_block headers;
    /// Empty for a SUBSCRIBE.
    std::string_view body;
};

/** How an application answers one request. Move it wherever the work goes on and call one of done(), reject() when it is finished;
    dropping it unanswered counts as reject("no answer").
    Thread safety: one object is for one thread at a time, any thread; what it does reaches the session through a post.
    Lifetime: may outlive the session and the node; it then does nothing. */
class app_reply {
public:
    /// What the node implements.
    class target {
    public:
        virtual ~target() = default;
        /// For app_reply::publish(); `headers` are the octets of a header_block.
        virtual void publish(std::string destination, std::string headers, std::string body) = 0;
        /// For app_reply::reply().
        virtual void reply(std::string headers, std::string body) = 0;
        /// For done(), or with an error for reject(). Nothing follows.
        virtual void finish(error_code outcome, std::string reason) = 0;
    };

    app_reply() = default;
    /// Made by the node for each request.
    explicit app_reply(std::unique_ptr<target> to) noexcept : target_(std::move(to)) {}
    app_reply(app_reply&&) noexcept = default;
    /// The request it stood for before counts as dropped.
    app_reply& operator=(app_reply&& other) noexcept {
        if (this != &other) {
            drop();
            target_ = std::move(other.target_);
        }
        return *this;
    }
    ~app_reply() { drop(); }

    /** Publishes a message to everyone subscribed to `destination`, in the name of the requesting user. The application is trusted: it is
       not asked of the authorizer. done() after it waits until the message is in the log. `headers` may not contain the headers that the
       server stamps; those are dropped. */
    void publish(std::string destination, std::span<const header_field> headers, std::string body) {
        if (target_) target_->publish(std::move(destination), pack(headers), std::move(body));
    }

    /** Answers the requesting session: for a SEND a MESSAGE to each of its subscriptions below `/session/queue/`, with the request's
        `correlation-id`; for a SUBSCRIBE the one MESSAGE of that subscription, and only the first call counts. Headers as for publish(). */
    void reply(std::span<const header_field> headers, std::string body) {
        if (target_) target_->reply(pack(headers), std::move(body));
    }

    /// The request is processed: its RECEIPT goes out.
    void done() {
        if (target_) std::exchange(target_, nullptr)->finish({}, {});
    }

    /// The request is refused: `reason` is told to the client, so it should be a sentence for people.
    void reject(std::string reason) {
        if (target_) std::exchange(target_, nullptr)->finish(error::rejected, std::move(reason));
    }

private:
    static std::string pack(std::span<const header_field> headers) {
        std::string block;
        for (const header_field& field : headers) append_header(block, field.name, field.value);
        return block;
    }
    void drop() {
        if (target_) std::exchange(target_, nullptr)->finish(error::rejected, "no answer");
    }

    std::unique_ptr<target> target_;
};

/** The application behind `/app/...`. Called on the session's shard, in the order of the session's frames; it must not block.
    Answers may come later, from any thread, in any order.
    Thread safety: called from all shards at once. Lifetime: outlives the node. */
class app_handler {
public:
    virtual ~app_handler() = default;

    /// A SEND to `/app/...`. Return false when there is no such destination.
    virtual bool on_send(const app_request& request, app_reply&& reply) = 0;

    /// A SUBSCRIBE to `/app/...`: answered once with reply(). Return false when there is no such destination.
    virtual bool on_subscribe(const app_request& request, app_reply&& reply) = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
