// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_PRESENCE_HPP
#define STOMPCHAT_DELIVERY_PRESENCE_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/presence.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/// What bounds the presence of a room.
struct presence_limits {
    /// With more users in the room than this, only their number is told.
    std::size_t most_users = 1000;
    /// How often the registry is looked at although nothing is missing.
    std::chrono::milliseconds digest{60'000};
    /// How long after a look that failed, or that left something open, the next one comes.
    std::chrono::milliseconds retry{1'000};
    /// About how many short messages a second all subscribers of the room together get.
    std::size_t rate = 20'000;
    /// However many subscribers there are, what happened waits no longer.
    std::chrono::milliseconds longest_pause{5'000};
};

/// What is told to the subscribers. Lifetime: a view that dies with the next call of the room.
struct presence_message {
    /// What it tells.
    enum class kind : std::uint8_t {
        snapshot,    ///< all that is known
        join,        ///< `user` came
        leave,       ///< `user` left
        unavailable, ///< nobody knows at the moment
    };

    kind what = kind::unavailable;                             ///< the other members depend on it
    std::string_view user;                                     ///< of a join or leave
    std::uint64_t version = 0;                                 ///< greater in each message, but for a snapshot that brings nothing new
    std::size_t count = 0;                                     ///< users in the room
    const std::set<std::string, std::less<>>* users = nullptr; ///< of a snapshot; null when there are too many
};

/** Who is in one room, as the subscribers of a shard are told.

    1. It begins with a look at the registry. Changes that come after it are applied one by one; each has the version behind the one before,
       or says all there is (the only user came, the last one left). Anything else shows that a change is missing: it looks again.
    2. A change that comes while a look is under way is applied, and applied again to what the look brings if that is older. A change
       at or below the version that is known says nothing new; below the version of the change before it, it may mean that the registry
       stepped back: then it looks again, and believes what it sees.
    3. What was *told* follows what is *known* at a bounded rate: after a message to very many subscribers comes a pause. What
       happens in it is told as its sum: who came and left at once is not mentioned. Where a snapshot is shorter than the joins and leaves,
       there is a snapshot instead. All subscribers are told the same, and a new one begins with what the others were told.
    4. Versions told grow by one with each join and leave, and jump at a snapshot only. They never step back, whatever the registry does.
    5. Above `most_users` it knows and tells only their number. Then a missing change does no harm: the next one has the number.
    6. A look that fails, or a registry that cannot be reached, is told once. Then it looks until that succeeds, and tells a snapshot.
    7. Now and then it looks although nothing is missing, and tells a snapshot: that heals what nobody could have noticed.

    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: at most `most_users` names, twice while they change; while a look is under way a bounded number of changes. */
class presence_room {
public:
    using time_point = std::chrono::steady_clock::time_point; ///< only ever compared with each other
    using names = std::set<std::string, std::less<>>;         ///< sorted, because they are told sorted

    /// Lifetime: `limits` outlives it.
    presence_room(const presence_limits& limits, time_point now) noexcept : limits_(&limits), look_at_(now) {}

    /// A change that the registry told.
    STOMPCHAT_DECL void on_change(const presence_change& change, time_point now);

    /** When the registry is to be looked at now: the number of that look, else 0. The owner makes sure that the room is watched, then asks
        for at most `most_users` names, then calls on_view() or on_failed(). */
    STOMPCHAT_DECL std::uint64_t begin_look(time_point now);
    /// What the look with that number brought; one that was given up is ignored.
    STOMPCHAT_DECL void on_view(std::uint64_t look, presence_view view, time_point now);
    /// The look with that number failed.
    STOMPCHAT_DECL void on_failed(std::uint64_t look, time_point now);
    /// Changes may have been lost on their way here.
    void on_missed(time_point now) noexcept { look_soon(now); }
    /// The registry cannot be reached; changes may be missing from now on.
    STOMPCHAT_DECL void on_interrupted(time_point now);

    /// Calls `tell(presence_message)` for what the subscribers, of which there are so many, are to be told now.
    template <class Tell>
    void flush(time_point now, std::size_t subscribers, Tell&& tell) {
        if (!begin_flush(now)) return;
        while (const auto next = next_message()) tell(*next);
        end_flush(now, subscribers);
    }

    /// What a new subscriber begins with. Nothing when a message to all subscribers is due that says it.
    STOMPCHAT_DECL std::optional<presence_message> current();
    /// Another number as soon as current() is something else.
    std::uint64_t told() const noexcept { return told_messages_; }

    /// When begin_look() or flush() has something to do.
    STOMPCHAT_DECL time_point next_time() const noexcept;

private:
    struct pending_change {
        std::uint64_t order;
        bool joined;
    };

    static constexpr std::size_t max_buffered = 1024;

    bool due() const noexcept {
        if (unavailable_) return !told_unavailable_;
        // A list that has become short enough is told when its names are known.
        return known_ && (all_ || !pending_.empty()) && (listed_ || count_ > limits_->most_users);
    }
    void apply(const presence_change& change, time_point now);
    void replace_users(const presence_change& only);
    void toggle(const std::string& user, bool joined);
    STOMPCHAT_DECL void look_soon(time_point now) noexcept;
    void forget() noexcept;
    STOMPCHAT_DECL bool begin_flush(time_point now);
    STOMPCHAT_DECL std::optional<presence_message> next_message();
    STOMPCHAT_DECL void end_flush(time_point now, std::size_t subscribers) noexcept;
    presence_message snapshot(const names* users) const noexcept;
    /// In short messages.
    std::size_t snapshot_cost() const noexcept { return listed_ ? 4 + users_.size() / 16 : 1; }

    const presence_limits* limits_;

    // What is known.
    bool known_ = false;
    bool unavailable_ = false;
    bool listed_ = false; // users_ holds all
    bool overflowed_ = false;
    std::uint64_t version_ = 0;
    std::size_t count_ = 0;
    names users_;

    // What was told, where that is not the same.
    bool told_unavailable_ = false;
    bool told_listed_ = false;
    bool told_any_ = false;
    bool all_ = false;         // a snapshot is due
    bool nothing_new_ = false; // that snapshot says what was told before
    std::uint64_t told_version_ = 0;
    std::size_t told_count_ = 0;
    std::uint64_t told_messages_ = 0;
    std::map<std::string, pending_change, std::less<>> pending_; // who is known to be there and was not told, or the other way round
    std::uint64_t order_ = 0;
    names told_users_;      // for current()
    std::string told_user_; // for a join or leave

    // Looks.
    std::uint64_t looks_ = 0;
    std::uint64_t looking_ = 0;
    time_point look_at_;
    std::optional<time_point> last_look_;
    std::uint64_t last_change_ = 0; // the version of the change that came last
    std::vector<presence_change> buffered_;

    // A flush.
    time_point next_flush_ = time_point::min();
    std::size_t cost_ = 0;
    std::vector<std::pair<std::string, bool>> telling_; // the last one first
    bool telling_all_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/delivery/impl/presence.ipp>
#endif

#endif
