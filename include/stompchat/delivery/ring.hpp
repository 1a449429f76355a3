// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_RING_HPP
#define STOMPCHAT_DELIVERY_RING_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** The recent records of one destination, without a hole between its floor and its end, so that whoever comes back within moments costs the
    log nothing.

    1. A ring covers an offset when every record of the destination from there on is in it.
    2. Records are appended as they come; the first one after reset() is at or above the floor.
    3. A read of the log may be put in front, if it reached the ring without a hole.
    4. Dropping the oldest record raises the floor above it.

    `Record` is cheap to copy. Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: what is in it, nothing while it is empty; the owner bounds size(). */
template <class Record>
class ring {
public:
    /// Empties it; from now on it covers `from` and what comes behind.
    void reset(offset from) noexcept {
        entries_.reset();
        floor_ = from;
    }

    /// Rule 1.
    bool covers(offset from) const noexcept { return from >= floor_; }
    /// The first offset from which on nothing is lacking.
    offset floor() const noexcept { return floor_; }
    /// How many records there are.
    std::size_t size() const noexcept { return entries_ ? entries_->size() : 0; }

    /// Rule 2. Precondition: `at` is above the last record's offset, and not below the floor.
    void append(offset at, Record added) {
        assert(at >= floor_ && (size() == 0 || at > entries_->back().at));
        entries().push_back({at, std::move(added)});
    }

    /** Rule 3: records from `from` up to the floor go in front. `records` yields pairs of offset and record in ascending order, of which
       those at or above the floor are passed over. Returns how many were taken. Precondition: the read covered all of [from, floor). */
    template <class Records>
    std::size_t prepend(offset from, Records&& records) {
        if (from >= floor_) return 0;
        std::size_t taken = 0;
        for (auto it = records.rbegin(); it != records.rend(); ++it) {
            if (it->first >= floor_ || it->first < from) continue;
            entries().push_front({it->first, it->second});
            ++taken;
        }
        floor_ = from;
        return taken;
    }

    /// Rule 4. Returns what was dropped. Precondition: not empty.
    Record drop_oldest() {
        floor_ = entries_->front().at + 1;
        Record dropped = std::move(entries_->front().what);
        entries_->pop_front();
        if (entries_->empty()) entries_.reset();
        return dropped;
    }

    /// Calls `use(offset, record)` for the records at or above `from`, in order, until it returns false. Precondition: covers(from).
    template <class Use>
    void for_each_from(offset from, Use&& use) const {
        if (!entries_) return;
        auto it =
            std::lower_bound(entries_->begin(), entries_->end(), from, [](const entry& one, offset wanted) { return one.at < wanted; });
        for (; it != entries_->end(); ++it) {
            if (!use(it->at, it->what)) return;
        }
    }

private:
    struct entry {
        offset at;
        Record what;
    };

    std::deque<entry>& entries() {
        if (!entries_) entries_ = std::make_unique<std::deque<entry>>();
        return *entries_;
    }

    std::unique_ptr<std::deque<entry>> entries_; // an empty deque is not small, and most rooms are quiet
    offset floor_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
