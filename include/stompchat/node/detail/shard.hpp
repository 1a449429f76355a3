// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_SHARD_HPP
#define STOMPCHAT_NODE_DETAIL_SHARD_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/timing_wheel.hpp>
#include <stompchat/node/detail/connection.hpp>
#include <stompchat/node/detail/durables.hpp>
#include <stompchat/node/detail/frame.hpp>
#include <stompchat/node/detail/gather.hpp>
#include <stompchat/node/detail/interceptions.hpp>
#include <stompchat/node/detail/keyed_sends.hpp>
#include <stompchat/node/detail/output_queue.hpp>
#include <stompchat/node/detail/publishes.hpp>
#include <stompchat/node/detail/reader.hpp>
#include <stompchat/node/detail/registration.hpp>
#include <stompchat/node/detail/shard_inbox.hpp>
#include <stompchat/node/detail/shard_link.hpp>
#include <stompchat/node/detail/topic_table.hpp>
#include <stompchat/node/farewell.hpp>
#include <stompchat/node/options.hpp>
#include <stompchat/stomp/decoder.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

class membership;
class presence_hub;
class session;

/// What all shards of a node share; what changes in it may be read from any thread.
struct node_context {
    chat_node_options options;
    node_ports ports;
    observer* watcher = nullptr;
    /// The run of the process. It names sessions, and copies of messages, whatever becomes of the lease.
    node_incarnation self;
    websocket_limits websocket;
    std::size_t shards = 1;
    delivery::destination_rules rules{};
    /// The way from one shard to another, by index.
    std::vector<std::shared_ptr<shard_link>> links = {};
    /// The lease.
    std::shared_ptr<node::membership> membership = {};
    /// Whether it reaches the log.
    const broker_health* health = nullptr;
    /// The log is out of reach, other nodes reach it, and clients are sent there.
    std::atomic<bool> sends_clients_away{false};

    /// Why nobody can connect at the moment; clear when everybody can. The text is for the client.
    STOMPCHAT_DECL error_code refuses_clients(std::string_view& text) const noexcept;
};

/** One thread's part of a node: its connections, its subscriptions, its timers. Shards share nothing with each other.

    The way of a message: deliver() takes what the reader sent, appends a reference to the frame to the queue of each live subscription's
    session and puts that session on the flush list; the first entry of the list posts flush(), which writes each session once.
    To a topic with very many subscriptions it is handed piece by piece, so that nobody else waits for that: see shard_sweep.ipp.
    Thread safety: everything happens on the thread that runs the io_context. */
class shard {
public:
    using time_point = std::chrono::steady_clock::time_point;

    STOMPCHAT_DECL shard(std::uint32_t index, asio::io_context& context, const node_context& node);
    STOMPCHAT_DECL ~shard();

    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;

    // Parts that connections use.
    asio::io_context& context() noexcept { return context_; }
    const node_context& node() const noexcept { return node_; }
    std::span<char> receive_scratch() noexcept { return receive_scratch_; }
    stomp::parse_scratch& parse_scratch() noexcept { return parse_scratch_; }
    /// Header blocks are built here; a user of it is done before another one begins.
    std::string& header_scratch() noexcept { return header_scratch_; }
    gather& gatherer() noexcept { return gather_; }
    entry_pool& entries() noexcept { return entries_; }
    interceptions& intercepted() noexcept { return interceptions_; }
    /// Gives a publish of one of the shard's sessions its ticket; session::on_published() follows.
    std::uint64_t issue_ticket(publish_record what) {
        published_ = true;
        return ticket::make(index_, publishes_.add(std::move(what)));
    }
    shard_inbox& inbox() noexcept { return inbox_; }
    const frame_budget& budget() const noexcept { return budget_; }
    frame_budget& budget() noexcept { return budget_; }
    /// A heart-beat (STOMP 1.2, "Heart-beating": one end of line), made once.
    frame_ref line_feed() const noexcept { return line_feed_; }
    const std::shared_ptr<shard_link>& link() const noexcept { return link_; }
    std::uint64_t next_session_number() noexcept { return ++named_sessions_; }
    /// Unique in the cluster: the run of the node, the shard, the number.
    STOMPCHAT_DECL std::string session_name(std::uint64_t number) const;
    std::uint32_t index() const noexcept { return index_; }
    /// Made when the first one is needed.
    durables& durable_subscriptions() {
        if (!durables_) durables_ = std::make_unique<durables>(*this);
        return *durables_;
    }
    static time_point now() noexcept { return std::chrono::steady_clock::now(); }
    void attach(reader& from) noexcept {
        reader_ = &from;
        topics_.attach(from);
    }
    /// Whether the node can serve.
    STOMPCHAT_DECL bool ready() const noexcept;

    /// Takes over an accepted connection.
    STOMPCHAT_DECL void accept(net::stream_ptr stream, const listener_options& from);
    /// Makes a session out of an upgraded connection.
    STOMPCHAT_DECL session& upgrade(net::stream_ptr stream, credentials shown);
    /// The connection of that name, if it still exists.
    STOMPCHAT_DECL session* find(connection_id id) noexcept;
    /// Calls `f(session&)` for the sessions in `count` places from `place` on, which may end them; false when there are no further places.
    template <class F>
    bool for_sessions(std::size_t place, std::size_t count, F&& f) {
        const std::size_t end = std::min(places_.size(), place + count);
        for (; place < end; ++place) {
            if (session* const one = places_[place].who ? places_[place].who->as_session() : nullptr) f(*one);
        }
        return place < places_.size();
    }
    /// Ends a connection: it is destroyed when the current handler is done.
    STOMPCHAT_DECL void retire(connection& done);

    /// Brings a subscription to its topic: session::on_topic() follows, perhaps from within.
    STOMPCHAT_DECL void subscribe(subscription& whom, std::string_view destination);
    /// Takes it out. It is destroyed as soon as no queued delivery refers to it.
    STOMPCHAT_DECL void unsubscribe(subscription* whom);
    /// Reads the log for a subscription that is behind. session::on_fed() follows.
    STOMPCHAT_DECL void feed(subscription& whom, std::size_t messages, std::size_t octets);
    std::string_view destination_of(const subscription& whom) const noexcept { return topics_.name(whom.slot); }
    /// The shard's position of the subscription's partition.
    offset told_to(const subscription& whom) noexcept { return topics_.told(topics_.at(whom.slot).partition); }
    const topic_table::topic& topic_of(const subscription& whom) noexcept { return topics_.at(whom.slot); }
    delivery::topic_knowledge knowledge_of(const subscription& whom) noexcept { return topics_.knowledge(topics_.at(whom.slot)); }
    /// Reads the log before a subscription begins. session::on_start_read() follows.
    STOMPCHAT_DECL void read_to_start(subscription& whom, const position& from, const read_bounds& bounds);
    /// Asks the broker for the end of the subscription's partition. session::on_end() follows.
    STOMPCHAT_DECL void ask_end(subscription& whom);
    /// What a read brought belongs to the recent messages now, if it reaches up to them.
    STOMPCHAT_DECL void remember_read(const subscription& whom, offset from, const read_result& result);
    /// Below it every record of the subscription's topic was handed out.
    offset handed_to(const subscription& whom) noexcept { return topics_.handed(topics_.at(whom.slot)); }

    keyed_sends& keyed() noexcept { return keyed_; }
    /// A number that no other shard of the node makes of its own.
    std::uint64_t unique_number(std::uint64_t own) const noexcept { return ticket::make(index_, own); }
    /// How far the partition of a destination was handed out: what is published from now on stands there or behind.
    position reached(std::string_view in_log) const noexcept {
        return reader_->handed_out(partition_of(in_log, node_.ports.log.partitions()));
    }
    /// Publishes for a session, or for who was one; session::on_published() follows.
    STOMPCHAT_DECL void publish(std::string_view user, std::string_view destination, header_block headers, std::string_view body,
                                publish_record what, const record_id& id = {}, const position& base = {});

    /// What holds for a destination, as the log knows it.
    const delivery::destination_settings& settings_of(std::string_view in_log) noexcept {
        if (node_.rules.empty()) return node_.rules.of(in_log);
        const topic_table::topic* const known = topics_.find(in_log);
        return known != nullptr && known->settings != nullptr ? *known->settings : node_.rules.of(in_log);
    }

    /// What the registry is told.
    registration& registered() noexcept { return registration_; }

    /// Who is in rooms, for those who subscribed to that.
    STOMPCHAT_DECL presence_hub& presence();
    /// Whether users have places in rooms without a session.
    STOMPCHAT_DECL bool keeps_places() const noexcept;
    /// Watches may have been lost.
    STOMPCHAT_DECL void look_again_at_presence();

    /// The session has something to write: it is flushed at the end of the turn.
    STOMPCHAT_DECL void flush_later(session& whom);

    /// Whether so much waits to be handed out to a topic that its publishers should not be read on.
    STOMPCHAT_DECL bool congested(std::string_view destination) noexcept;
    /// Calls session::on_uncongested() when no topic is congested any more.
    STOMPCHAT_DECL void hold_up(session& whom);

    STOMPCHAT_DECL void schedule(connection& whom, time_point deadline);

    /// Stops: sessions end when their SENDs are answered. `drained` is called once no connection is left.
    STOMPCHAT_DECL void stop(std::function<void()> drained);
    /// Ends what is left at once.
    STOMPCHAT_DECL void abort();
    bool stopping() const noexcept { return stopping_; }
    /// Sends so many sessions away, those first that have waited longest for it.
    STOMPCHAT_DECL void send_away(std::size_t most, const farewell& why);
    std::size_t connections() const noexcept { return live_; }

private:
    /// A topic with more subscriptions gets its messages piece by piece.
    static constexpr std::size_t sweep_threshold = 256;

    void deliver();
    template <class Then>
    auto for_subscription(subscription& whom, Then then);
    struct delivery_host;
    void on_result(const shard_event& event);
    void flush();
    std::size_t swept_octets() noexcept;
    void queue_for_sweep(topic_table::topic& of, frame_ref message);
    void sweep_later();
    void sweep();
    void sweep_one(topic_table::topic& of);
    bool is_congested(const topic_table::topic& of, std::size_t share) const noexcept;
    void let_go();
    void arm_timer();
    void on_timer();
    connection_id place(std::unique_ptr<connection> added);
    void reap();
    void end();

    const std::uint32_t index_;
    asio::io_context& context_;
    const node_context& node_;
    frame_budget budget_;
    entry_pool entries_;
    stomp::parse_scratch parse_scratch_;
    std::vector<char> receive_scratch_;
    std::string header_scratch_;
    gather gather_;
    net::timing_wheel wheel_;
    asio::steady_timer timer_;
    time_point timer_at_ = time_point::max();
    topic_table topics_;
    publishes publishes_;
    interceptions interceptions_;
    keyed_sends keyed_{*this};
    registration registration_{*this};
    std::shared_ptr<shard_link> link_;
    shard_inbox inbox_;
    std::vector<shard_event> events_;
    std::vector<session*> to_flush_; // null for one that has ended since
    std::vector<session*> flushing_;
    bool flushes_at_once_ = false;
    struct swept_topic {
        std::uint32_t slot;
        std::uint64_t number;
    };
    std::deque<swept_topic> swept_; // topics with queued messages, in the order of their turns
    time_point sweep_ended_;        // since then it was the turn of everything else
    bool sweep_posted_ = false;
    bool published_ = false; // since sweep() looked last
    int empty_turns_ = 0;
    std::vector<connection_id> held_up_; // publishers that wait until no topic is congested

    struct place_entry {
        std::unique_ptr<connection> who;
        std::uint32_t generation = 0;
    };
    std::vector<place_entry> places_;
    std::vector<std::uint32_t> free_places_;
    std::vector<std::unique_ptr<connection>> retired_;
    std::size_t live_ = 0;
    std::size_t send_away_next_ = 0; // place
    bool stopping_ = false;
    reader* reader_ = nullptr;
    std::function<void()> drained_;
    std::uint64_t named_sessions_ = 0;
    std::unique_ptr<presence_hub> presence_; // null when nobody ever used it
    std::unique_ptr<durables> durables_;
    frame_ref line_feed_ = frame::make(frame::kind::stomp, "\n");
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
