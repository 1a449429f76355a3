// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_INTERCEPTIONS_HPP
#define STOMPCHAT_NODE_DETAIL_INTERCEPTIONS_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/connection.hpp>
#include <stompchat/node/detail/reserved_header.hpp>
#include <stompchat/ports/publish_interceptor.hpp>
#include <stompchat/stomp/event.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** A frame that owns its octets, made of a client's and, for a SEND, of what an interceptor wants to have instead. */
class owned_frame {
public:
    STOMPCHAT_DECL owned_frame(const stomp::transaction_frame& from, const send_verdict& verdict);

    /// As a transaction's. Without the subscription, which may have gone: see `named`.
    stomp::transaction_frame view() const noexcept {
        stomp::transaction_frame made;
        made.kind = kind_;
        made.nack = nack_;
        made.frame.cmd = stomp::command::send;
        made.frame.headers = headers_;
        made.frame.body = body_;
        made.destination = destination_;
        made.id = id_;
        return made;
    }
    std::size_t octets() const noexcept { return octets_.size(); }

    /// Of an ACK: the subscription it names, by id, or else by the destination that stands for it.
    std::string named_id;
    std::string named_destination;

private:
    std::string_view keep(std::string_view text);

    stomp::event_kind kind_;
    bool nack_;
    std::vector<char> octets_; // never grows beyond what was reserved: the views stay
    std::vector<stomp::header> headers_;
    std::string_view body_;
    std::string_view destination_;
    std::string_view id_;
};

/** A SEND or a transaction that waits for verdicts, or for those before it. */
struct held_send {
    std::uint64_t number = 0;
    std::vector<owned_frame> frames;
    std::string receipt;
    /// Who sent it: the session may have gone.
    std::string user;
    /// The destination in the log; of a transaction empty.
    std::string destination;
    bool transaction = false;
    std::size_t undecided = 0;
    /// What it counts among the session's octets in flight.
    std::size_t octets = 0;
};

/** The messages of a shard's sessions that wait for an interceptor, session by session, in the order in which they came.

    1. A message is free when it is decided and none before it has its destination.
    2. A transaction is free when all of it is decided and it is the first; until then nothing behind it is.

    A queue may outlive its session. Thread safety: for the shard's thread.
    Memory: nothing for a session without waiting messages; the sessions bound what they hold. */
class interceptions {
public:
    using queue = std::deque<held_send>;

    std::uint64_t next_number() noexcept { return ++last_; }

    /// The queue of a session, or null when nothing of it waits.
    queue* find(connection_id session) noexcept {
        if (queues_.empty()) return nullptr;
        const auto found = queues_.find(key(session));
        return found == queues_.end() ? nullptr : &found->second;
    }
    void hold(connection_id session, held_send what) { queues_[key(session)].push_back(std::move(what)); }
    void forget(connection_id session) { queues_.erase(key(session)); }

    /// Whether a message has to wait behind others, whatever its verdict.
    static bool blocked(const queue& before, std::string_view destination) noexcept {
        return std::any_of(before.begin(), before.end(),
                           [&](const held_send& one) { return one.transaction || one.destination == destination; });
    }
    static held_send* find(queue& in, std::uint64_t number) noexcept {
        const auto found = std::find_if(in.begin(), in.end(), [number](const held_send& one) { return one.number == number; });
        return found == in.end() ? nullptr : &*found;
    }

    /// Takes the first free message out of a session's queue.
    STOMPCHAT_DECL std::optional<held_send> take_free(connection_id session);
    /// Takes a message out. Precondition: it is there.
    STOMPCHAT_DECL held_send take(connection_id session, std::uint64_t number);
    /// Drops what came after a message.
    STOMPCHAT_DECL void drop_behind(connection_id session, std::uint64_t number);

private:
    static std::uint64_t key(connection_id of) noexcept { return std::uint64_t{of.generation} << 32 | of.place; }

    std::unordered_map<std::uint64_t, queue> queues_;
    std::uint64_t last_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/interceptions.ipp>
#endif

#endif
