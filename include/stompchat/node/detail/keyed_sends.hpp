// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_KEYED_SENDS_HPP
#define STOMPCHAT_NODE_DETAIL_KEYED_SENDS_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/keyed_send.hpp>
#include <stompchat/error.hpp>
#include <stompchat/node/detail/connection.hpp>
#include <stompchat/node/detail/publishes.hpp>
#include <stompchat/ports/position.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

class session;
class shard;

/** The SENDs with an idempotency key of a shard's sessions: delivery::keyed_send decides about each, this does what it says.

    - A session has at most one job. It begins with a SEND that has a key, or with a COMMIT that has one among its frames; until it is done
      the session is not read on, and what is let go of it meanwhile joins the job, so that everything keeps its place. One key is reserved
      at a time, immediately before the publish. (Two sessions that held two keys crosswise would wait for each other.)
    - A job that was taken is carried out also when its session has gone.
    Thread safety: for the shard's thread. Memory: a job holds copies of its frames. Jobs whose sessions have gone hold at most
    `chat_node_options::shard_inbox` together; what is beyond that is given up, as nobody was told of it. */
class keyed_sends {
public:
    /// A frame of a job, in a copy.
    struct item {
        /// As the log knows it; that of an application as the client knows it.
        std::string destination;
        /// Octets of a header_block.
        std::string headers;
        std::string body;
        /// Empty = none: it is published when its turn comes.
        std::string key;
        /// Of a SEND outside a transaction.
        std::string receipt;
        /// Null outside of one. The item is open in it until it is answered.
        std::shared_ptr<publish_group> transaction;
        /// Rule 6 of keyed_send.
        delivery::keyed_send::time_point until{};
        bool for_app = false;

        std::size_t octets() const noexcept { return destination.size() + headers.size() + body.size(); }
    };

    explicit keyed_sends(shard& home) noexcept : shard_(home) {}

    /// Adds to a session's job. When it has none one begins, and session::on_job_done() follows.
    STOMPCHAT_DECL void add(session& from, std::deque<item> what);
    /// The broker has answered a publish with that number.
    STOMPCHAT_DECL void on_published(std::uint64_t number, error_code ec, const position& at, std::uint32_t check);
    /// Forgets everything: the reservations stay, and repeats go on from them.
    STOMPCHAT_DECL void clear();

    std::size_t size() const noexcept { return jobs_.size(); }

private:
    using action = delivery::keyed_send::step::action;
    using time_point = delivery::keyed_send::time_point;

    struct job {
        connection_id session;
        std::string user;
        std::deque<item> items;
        // Of the first item.
        std::unique_ptr<delivery::keyed_send> machine;
        std::string store_key;
        delivery::keyed_send::step asks;
        std::unique_ptr<boost::asio::steady_timer> timer;
        time_point asked_who_lives;
        std::size_t orphaned_octets = 0; // counted in orphaned_octets_
    };
    struct published {
        delivery::keyed_send machine;
        std::string store_key;
    };

    void advance(std::uint64_t number);
    void carry_out(std::uint64_t number, delivery::keyed_send::step next);
    void begin_key(job& of);
    void wait(std::uint64_t number);
    void ask_store(std::uint64_t number);
    void ask_who_lives(std::uint64_t number, std::uint64_t holder);
    bool may_go_on(job& of);
    void publish(const job& of, const item& one, const record_id& id, const position& base, std::uint64_t keyed);
    void answer(const job& of, std::string_view message_id);
    void give_up(job& of);
    void finish(std::uint64_t number);
    publish_record record_of(const job& of, const item& one) const;
    static std::uint64_t key(connection_id of) noexcept { return std::uint64_t{of.generation} << 32 | of.place; }

    shard& shard_;
    std::unordered_map<std::uint64_t, std::unique_ptr<job>> jobs_;
    std::unordered_map<std::uint64_t, std::uint64_t> job_of_; // by session
    std::unordered_map<std::uint64_t, published> published_;
    std::uint64_t last_job_ = 0;
    std::uint64_t last_nonce_ = 0;
    std::size_t orphaned_octets_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
