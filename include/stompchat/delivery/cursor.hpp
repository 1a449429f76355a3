// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_CURSOR_HPP
#define STOMPCHAT_DELIVERY_CURSOR_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <cassert>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** Where a subscription stands in its partition. The rules:

    1. A cursor is *pending* until its shard knows where its reader stands; it takes nothing.
    2. A cursor is *live* when its next offset is not below the shard's position of the partition, the highest one that the reader told.
       A live cursor takes records as they come, and skips those below its next offset (it may have come from a faster reader).
    3. A live cursor that has no room for a record becomes *behind*, at exactly that record. It then holds nothing but its next offset and
       ignores what comes live; reads of the log feed it, as far as it has room.
    4. A read moves it on to where the read ended, or to the record that had no room; when the end is not below the shard's position, the
       cursor is live again.
    5. The next offset never decreases, so that nothing is delivered twice; it moves past a record only when the record was taken or the
       log said that nothing stands there, so that nothing is left out.

    Thread safety: distinct objects are independent; one object is for one thread at a time. */
class cursor {
public:
    /// Rules 1 to 3.
    enum class state : std::uint8_t {
        pending, ///< it takes nothing
        live,    ///< it takes what comes
        behind,  ///< reads of the log feed it
    };

    /// What to do with a record.
    enum class verdict : std::uint8_t {
        take,   ///< deliver it
        skip,   ///< it was delivered before, or a read will come to it
        no_room ///< the cursor has just fallen behind at this record: arrange for it to be fed when there is room
    };

    /// Rule 1. `from` is the first offset to deliver, `shard_position` the shard's position of the partition.
    void begin(offset from, offset shard_position) noexcept {
        assert(state_ == state::pending);
        next_ = from;
        state_ = next_ >= shard_position ? state::live : state::behind;
    }

    /// Begins with a read from `from` on, however far the shard has come.
    void begin_behind(offset from) noexcept {
        assert(state_ == state::pending);
        next_ = from;
        state_ = state::behind;
    }

    /// The log was made anew, and rule 5 ends with the old one: goes on live at `from`.
    void restart(offset from) noexcept {
        next_ = from;
        state_ = state::live;
    }

    /// Records are gone from the log: the next one that there is stands at or above `from`. The caller has told of the gap.
    void jump(offset from) noexcept {
        if (state_ == state::behind && from > next_) next_ = from;
    }

    /// A record that comes live. `room` is asked only when the record concerns this cursor. When it says take, the record must be
    /// delivered.
    template <class Room>
    verdict on_live(offset at, Room&& room) {
        if (state_ != state::live || at < next_) return verdict::skip;
        if (!room()) {
            next_ = at;
            state_ = state::behind;
            return verdict::no_room;
        }
        next_ = at + 1;
        return verdict::take;
    }

    /// Records were missed on their way here, the first of them at `first`: from there on it has to be fed. True when it was live and
    /// lacks one of them, `last` being the highest.
    bool on_missed(offset first, offset last) noexcept {
        if (state_ != state::live || last < next_) return false;
        // Everything below the first one came live. Going back to what was delivered last would ask for a past that the log may have lost.
        if (first > next_) next_ = first;
        state_ = state::behind;
        return true;
    }

    /// A record that a read brought. A cursor without room stands at it; the caller ends the read there.
    template <class Room>
    verdict on_read(offset at, Room&& room) {
        if (state_ != state::behind || at < next_) return verdict::skip;
        next_ = at;
        if (!room()) return verdict::no_room;
        ++next_;
        return verdict::take;
    }

    /// Rule 4: a read was delivered to its end, all records of the destination below `read_next` were seen. True when the cursor is live
    /// now.
    bool end_read(offset read_next, offset shard_position) noexcept {
        if (state_ != state::behind) return state_ == state::live;
        if (read_next > next_) next_ = read_next;
        if (next_ >= shard_position) state_ = state::live;
        return state_ == state::live;
    }

    /// Every record of the destination below this was delivered, if the subscription was there; `shard_position` as in begin().
    offset next_unseen(offset shard_position) const noexcept {
        return state_ == state::live && next_ < shard_position ? shard_position : next_;
    }

    /// The first offset that is not known to be delivered yet.
    offset next() const noexcept { return next_; }
    /// Rule 2.
    bool live() const noexcept { return state_ == state::live; }
    /// Rule 3.
    bool behind() const noexcept { return state_ == state::behind; }
    /// Rule 1.
    bool pending() const noexcept { return state_ == state::pending; }

private:
    offset next_ = -1;
    state state_ = state::pending;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
