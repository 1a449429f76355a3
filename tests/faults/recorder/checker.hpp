// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FAULTS_RECORDER_CHECKER_HPP
#define STOMPCHAT_TESTS_FAULTS_RECORDER_CHECKER_HPP

/*  What was sent and confirmed, what arrived, and what is wrong with it.

    A stream is what one sender sends to one room: messages with the numbers 1, 2, 3... A room has one order, the order in which its
    subscribers first saw its messages: its log. Every subscriber must see the whole log from the beginning, each entry once, in its order.

    - lost: not seen by a subscriber although another one saw it, or seen by nobody although its SEND was receipted. Also the messages of an
      unconfirmed SEND must be seen by all or none.
    - duplicated: seen twice by a subscriber.
    - reordered: seen by a subscriber behind what others saw behind it, or behind a later message of its stream.
    - told: left out, but the server said so (`gap:true`, `recovered:false`). The gaps that it told of are counted even where nothing was
      left out.
    - misnamed: the RECEIPT of a SEND has another message-id than its message.
    - forged: never sent.

    Counted apart, because the protocol allows it:
    - repeated: a SEND that stands in the log twice. It was written again after its connection was lost, and had no idempotency-key, or the
      store of the keys lost its data while it had no answer.
    - late: a message whose sender never learnt what became of it and went on, behind later ones of its stream.
    - redelivered: seen again by a durable subscription after its session ended. The order must still be right from where it goes on.

    Memory: of each room as many entries as its slowest subscriber is behind, and `look_back` more; what has no answer; what is wrong. */

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

using room_id = std::uint32_t;
using stream_id = std::uint32_t;
using subscriber_id = std::uint32_t;
using number = std::uint32_t;

/** How often something went wrong, or was counted apart. */
struct tally {
    std::uint64_t delivered = 0; ///< for the first time
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t gaps = 0; ///< how often a gap was told
    std::uint64_t told = 0;
    std::uint64_t redelivered = 0;
};

/** The sums. */
struct totals : tally {
    std::uint64_t sent = 0;
    std::uint64_t receipted = 0;
    std::uint64_t receipted_deliveries = 0;
    std::uint64_t misnamed = 0;
    std::uint64_t forged = 0;
    std::uint64_t repeated = 0;
    std::uint64_t late = 0;
    std::uint64_t unknown = 0; ///< SENDs whose senders never learnt what became of them

    /// Whether something happened that must not.
    bool wrong() const noexcept { return lost + duplicated + reordered + gaps + told + misnamed + forged != 0; }
};

class checker {
public:
    /// How far behind its cursor a message is looked for in a room's log.
    static constexpr std::size_t look_back = 20'000;

    room_id add_room(std::string name);
    stream_id add_stream(room_id to);
    /// Before the first message of its room.
    subscriber_id add_subscriber(room_id of, std::string name);

    // What the senders did.

    /// The next message of a stream: its number.
    number on_send(stream_id stream);
    /// It is written for the second time. `keyed`: with the same idempotency-key.
    void on_repeat(stream_id stream, number which, bool keyed);
    /// `message_id` is empty where the server tells none.
    void on_receipt(stream_id stream, number which, std::string_view message_id);
    /// It will have no answer.
    void on_unknown(stream_id stream, number which);
    /// The keys that the cluster remembers may be lost, from begin to end.
    void begin_key_loss();
    void end_key_loss() { losing_keys_ = false; }

    // What the subscribers saw.

    void on_message(subscriber_id to, stream_id stream, number which, std::string_view message_id);
    /// Something that no sender has sent.
    void on_forged(std::string what);
    /// The server says that something was left out behind the message before.
    void on_told(subscriber_id who);
    /// A durable subscription begins again: it may go back.
    void on_durable_again(subscriber_id who) { subscribers_[who].may_go_back = true; }

    /// Whether a subscriber has seen everything that is known of its room, and nothing receipted is missing there.
    number last_sent(stream_id stream) const { return streams_[stream].sent; }
    bool caught_up(subscriber_id who) const;
    /// Whether it has seen a message of this stream with that number or a later one.
    bool has_seen(subscriber_id who, stream_id stream, number which) const;

    /// Nothing more comes: what has not arrived is lost. Once.
    void finish();

    totals sums() const;
    std::size_t subscribers() const noexcept { return subscribers_.size(); }
    const std::string& name_of(subscriber_id who) const { return subscribers_[who].name; }
    const tally& counts_of(subscriber_id who) const { return subscribers_[who].counts; }
    /// The first things that were wrong, in words.
    const std::vector<std::string>& findings() const noexcept { return findings_; }
    /// How many SENDs have no answer yet.
    std::size_t unanswered() const noexcept { return unanswered_; }

private:
    struct entry {
        stream_id stream;
        number which;
        bool operator==(const entry&) const = default;
    };
    /// The log of a room: the entry at index i is log[i - first].
    struct room {
        std::string name;
        std::deque<entry> log;
        std::uint64_t first = 0;
        std::vector<stream_id> streams;
        std::vector<subscriber_id> subscribers;
        std::uint64_t end() const noexcept { return first + log.size(); }
        const entry& at(std::uint64_t index) const { return log[static_cast<std::size_t>(index - first)]; }
    };
    /// A SEND without an answer.
    struct open_send {
        std::uint32_t repeats = 0;
        bool saw_key_loss = false;
        bool given_up = false;
        std::uint32_t deliveries = 0;
    };
    struct stream {
        room_id to;
        number sent = 0;
        number logged = 0;      // the highest in the log
        std::set<number> holes; // below `logged`, not in the log
        std::map<number, open_send> open;
        std::set<number> receipted_not_logged;
        std::map<number, std::uint32_t> copies; // how many more than one may stand in the log
        std::map<number, std::size_t> ids;      // hash of the message-id that is known from one side
        std::uint64_t receipted = 0;
    };
    struct subscriber {
        room_id of;
        std::string name;
        std::uint64_t cursor = 0;  // the index that comes next
        std::uint64_t highest = 0; // the same, but it never goes back
        std::map<std::uint64_t, entry> missing;
        std::map<stream_id, number> seen; // the highest of each stream
        bool told = false;
        bool may_go_back = false;
        tally counts;
    };

    bool may_have_copies(const stream& s, number which) const { return s.copies.contains(which); }
    static bool take_copy(stream& s, number which);
    bool in_log(const stream& s, number which) const { return which <= s.logged && !s.holes.contains(which); }
    void note_in_log(subscriber& who, stream& s, entry e, std::string_view message_id);
    void skip(subscriber& who, std::uint64_t index);
    void insert(room& r, std::uint64_t index, subscriber_id by, entry e);
    void step(subscriber& who, const entry& e, std::uint64_t index);
    bool go_back(const room& r, subscriber& who, const entry& e);
    void compare_ids(stream& s, number which, std::string_view message_id);
    void trim(room& r);
    void find(std::string text);
    std::string show(const entry& e) const;

    std::vector<room> rooms_;
    std::vector<stream> streams_;
    std::vector<subscriber> subscribers_;
    std::vector<std::string> findings_;
    totals sums_; // without what the subscribers count
    std::size_t unanswered_ = 0;
    bool losing_keys_ = false;
};

} // namespace faults

#endif
