// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_SESSION_REGISTRY_HPP
#define STOMPCHAT_PORTS_SESSION_REGISTRY_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>
#include <stompchat/ports/presence.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** One run of one node. A node that restarts, or learns that it was declared dead, goes on as a new incarnation. */
struct node_incarnation {
    node_incarnation() = default;
    /// A run of the node with that name.
    node_incarnation(std::string node_id, std::uint64_t run) : node(std::move(node_id)), incarnation(run) {}

    /// The node's name.
    std::string node;
    /// Greater for every later run of the same node.
    std::uint64_t incarnation = 0;

    friend bool operator==(const node_incarnation&, const node_incarnation&) = default;
};

/** What a node tells all others with its lease. */
struct node_status {
    node_status() = default;
    /// See the members.
    explicit node_status(bool log_is_ready, std::string public_url = {}) : broker_ready(log_is_ready), url(std::move(public_url)) {}

    /// Whether the node reaches the log, so that clients are well off there.
    bool broker_ready = true;
    /// Where clients find the node, for example `wss://chat-2.example/ws`. Empty = it does not say.
    std::string url;

    friend bool operator==(const node_status&, const node_status&) = default;
};

/** A node that holds a lease, and what it told with it last. */
struct live_node {
    live_node() = default;
    /// A run of a node with its status.
    live_node(node_incarnation which, node_status told) : node(std::move(which)), status(std::move(told)) {}

    /// The run of the node.
    node_incarnation node;
    /// As of its last async_hold_lease().
    node_status status;

    friend bool operator==(const live_node&, const live_node&) = default;
};

/** A session and where it lives. */
struct session_record {
    session_record() = default;
    /// A session of a user on a node.
    session_record(std::string session_id, std::string user_name, node_incarnation on)
        : session(std::move(session_id)), user(std::move(user_name)), where(std::move(on)) {}

    /// Its id, as CONNECTED tells it.
    std::string session;
    /// Whose it is.
    std::string user;
    /// The run of the node that it is connected to.
    node_incarnation where;

    friend bool operator==(const session_record&, const session_record&) = default;
};

/** A user in a room, counted once however many sessions the user has there. */
struct participant {
    participant() = default;
    /// A user with that many sessions in the room.
    participant(std::string user_name, std::uint32_t session_count) : user(std::move(user_name)), sessions(session_count) {}

    /// The user's name.
    std::string user;
    /// How many of the user's sessions are in the room; at least 1.
    std::uint32_t sessions = 0;

    friend bool operator==(const participant&, const participant&) = default;
};

/** Who is where: sessions of a user, node of a session, participants and interested nodes of a room, nodes that are alive.

    All nodes of a cluster share one registry. A node holds one lease, not one per session; entries of a node whose lease has ended are not
   shown. Repeating an operation is harmless. Thread safety: all functions may be called from any thread, also at once. Lifetime: outlives
   the node that uses it. All operations take their handlers through a post to the handler's executor, else to get_executor(). Cancellation:
    none. Errors of all operations: `error::registry_unavailable`, `error::stopped`, and for those that write `error::stale_incarnation`
   when the incarnation was declared dead or replaced, or the registry has lost what it knew: what the node had registered is then gone, or
    will be. The node goes on as a new incarnation and registers everything again. */
class session_registry {
public:
    virtual ~session_registry() = default;
    session_registry(const session_registry&) = delete;
    session_registry& operator=(const session_registry&) = delete;

    /// Where handlers without an executor of their own run.
    virtual asio::any_io_executor get_executor() const = 0;

    /** Announces a node and takes its lease, or renews it. `status` is shown to the others until the next call.
        Handler signature: `void(error_code)`. Completes when: the lease is held. */
    template <class Token>
    auto async_hold_lease(node_incarnation node, node_status status, std::chrono::milliseconds lease, Token&& token) {
        return start<void(error_code)>(
            [this, node = std::move(node), status = std::move(status), lease](auto finished) mutable {
                do_hold_lease(std::move(node), std::move(status), lease, std::move(finished));
            },
            std::forward<Token>(token));
    }

    /** Gives a node's lease back and forgets all that it registered.
        Handler signature: `void(error_code)`. Completes when: nothing of the node is shown any more. */
    template <class Token>
    auto async_release(node_incarnation node, Token&& token) {
        return start<void(error_code)>(
            [this, node = std::move(node)](auto finished) mutable { do_release(std::move(node), std::move(finished)); },
            std::forward<Token>(token));
    }

    /** Registers a session of a node that holds a lease. Handler signature: `void(error_code)`. */
    template <class Token>
    auto async_add_session(session_record session, Token&& token) {
        return start<void(error_code)>(
            [this, session = std::move(session)](auto finished) mutable { do_add_session(std::move(session), std::move(finished)); },
            std::forward<Token>(token));
    }

    /** Forgets a session and its participation in every room. Handler signature: `void(error_code)`. */
    template <class Token>
    auto async_remove_session(session_record session, Token&& token) {
        return start<void(error_code)>(
            [this, session = std::move(session)](auto finished) mutable { do_remove_session(std::move(session), std::move(finished)); },
            std::forward<Token>(token));
    }

    /** A session's connection was lost, and its user may be back in a moment: the session is not found any more, but stays a participant of
        its rooms until it is removed, or its node's lease ends, or another session of the user joins (that takes its place in the room).
        Handler signature: `void(error_code)`. */
    template <class Token>
    auto async_mark_leaving(session_record session, Token&& token) {
        return start<void(error_code)>(
            [this, session = std::move(session)](auto finished) mutable { do_mark_leaving(std::move(session), std::move(finished)); },
            std::forward<Token>(token));
    }

    /** Makes a registered session a participant of a room (a destination `/topic/...`). Handler signature: `void(error_code)`. */
    template <class Token>
    auto async_join(std::string room, session_record session, Token&& token) {
        return start<void(error_code)>([this, room = std::move(room), session = std::move(session)](
                                           auto finished) mutable { do_join(std::move(room), std::move(session), std::move(finished)); },
                                       std::forward<Token>(token));
    }

    /** Ends a session's participation in a room. Handler signature: `void(error_code)`. */
    template <class Token>
    auto async_leave(std::string room, session_record session, Token&& token) {
        return start<void(error_code)>([this, room = std::move(room), session = std::move(session)](
                                           auto finished) mutable { do_leave(std::move(room), std::move(session), std::move(finished)); },
                                       std::forward<Token>(token));
    }

    /** All sessions of a user on nodes that are alive. Handler signature: `void(error_code, std::vector<session_record>)`. */
    template <class Token>
    auto async_sessions_of(std::string user, Token&& token) {
        return start<void(error_code, std::vector<session_record>)>(
            [this, user = std::move(user)](auto finished) mutable { do_sessions_of(std::move(user), std::move(finished)); },
            std::forward<Token>(token));
    }

    /** The session of that id, as a list of none or one. Handler signature: `void(error_code, std::vector<session_record>)`. */
    template <class Token>
    auto async_session(std::string session, Token&& token) {
        return start<void(error_code, std::vector<session_record>)>(
            [this, session = std::move(session)](auto finished) mutable { do_session(std::move(session), std::move(finished)); },
            std::forward<Token>(token));
    }

    /** The users in a room, sorted by name, at most `most`. Handler signature: `void(error_code, std::vector<participant>)`. */
    template <class Token>
    auto async_participants(std::string room, std::size_t most, Token&& token) {
        return start<void(error_code, std::vector<participant>)>(
            [this, room = std::move(room), most](auto finished) mutable { do_participants(std::move(room), most, std::move(finished)); },
            std::forward<Token>(token));
    }

    /** The users in a room at one version, named when there are at most `most`. A node whose lease has ended counts until another node
        has found that out; its users' leaving is then told as any other change. Handler signature: `void(error_code, presence_view)`. */
    template <class Token>
    auto async_presence(std::string room, std::size_t most, Token&& token) {
        return start<void(error_code, presence_view)>(
            [this, room = std::move(room), most](auto finished) mutable { do_presence(std::move(room), most, std::move(finished)); },
            std::forward<Token>(token));
    }

    /** Tells `sink` of the changes in a room from now on, until unwatch_presence() or `on_presence_interrupted()`. To watch twice is
        harmless. Handler signature: `void(error_code)`. Completes when: every later change is told. Lifetime: the registry keeps the sink
       as long as it watches a room. */
    template <class Token>
    auto async_watch_presence(std::string room, std::shared_ptr<presence_sink> sink, Token&& token) {
        return start<void(error_code)>(
            [this, room = std::move(room), sink = std::move(sink)](auto finished) mutable {
                do_watch_presence(std::move(room), std::move(sink), std::move(finished));
            },
            std::forward<Token>(token));
    }

    /// Ends that. What is under way may still be told.
    void unwatch_presence(std::string_view room, const std::shared_ptr<presence_sink>& sink) { do_unwatch_presence(room, sink); }

    /** The nodes that have a participant of a room. Handler signature: `void(error_code, std::vector<node_incarnation>)`. */
    template <class Token>
    auto async_interested_nodes(std::string room, Token&& token) {
        return start<void(error_code, std::vector<node_incarnation>)>(
            [this, room = std::move(room)](auto finished) mutable { do_interested_nodes(std::move(room), std::move(finished)); },
            std::forward<Token>(token));
    }

    /** The nodes that hold a lease. Handler signature: `void(error_code, std::vector<live_node>)`. */
    template <class Token>
    auto async_live_nodes(Token&& token) {
        return start<void(error_code, std::vector<live_node>)>([this](auto finished) mutable { do_live_nodes(std::move(finished)); },
                                                               std::forward<Token>(token));
    }

protected:
    session_registry() = default;

    /// How an operation without a result ends.
    using done = detail::completion<void(error_code)>;
    /// How one ends that returns sessions.
    using sessions_done = detail::completion<void(error_code, std::vector<session_record>)>;
    /// How one ends that returns participants.
    using participants_done = detail::completion<void(error_code, std::vector<participant>)>;
    /// How one ends that looks at a room.
    using presence_done = detail::completion<void(error_code, presence_view)>;
    /// How one ends that returns nodes.
    using nodes_done = detail::completion<void(error_code, std::vector<node_incarnation>)>;
    /// How one ends that returns nodes and what they say.
    using live_nodes_done = detail::completion<void(error_code, std::vector<live_node>)>;

private:
    virtual void do_hold_lease(node_incarnation node, node_status status, std::chrono::milliseconds lease, done finished) = 0;
    virtual void do_release(node_incarnation node, done finished) = 0;
    virtual void do_add_session(session_record session, done finished) = 0;
    virtual void do_remove_session(session_record session, done finished) = 0;
    virtual void do_mark_leaving(session_record session, done finished) = 0;
    virtual void do_join(std::string room, session_record session, done finished) = 0;
    virtual void do_leave(std::string room, session_record session, done finished) = 0;
    virtual void do_sessions_of(std::string user, sessions_done finished) = 0;
    virtual void do_session(std::string session, sessions_done finished) = 0;
    virtual void do_participants(std::string room, std::size_t most, participants_done finished) = 0;
    virtual void do_presence(std::string room, std::size_t most, presence_done finished) = 0;
    virtual void do_watch_presence(std::string room, std::shared_ptr<presence_sink> sink, done finished) = 0;
    virtual void do_unwatch_presence(std::string_view room, const std::shared_ptr<presence_sink>& sink) = 0;
    virtual void do_interested_nodes(std::string room, nodes_done finished) = 0;
    virtual void do_live_nodes(live_nodes_done finished) = 0;

    template <class Signature, class Initiate, class Token>
    auto start(Initiate initiate, Token&& token) {
        return detail::async_initiate_on<Signature>(get_executor(), std::forward<Token>(token), std::move(initiate));
    }
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
