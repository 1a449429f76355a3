// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_LAST_OFFSETS_HPP
#define STOMPCHAT_DELIVERY_LAST_OFFSETS_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** Where each destination's last record stands, so that a client of a quiet room comes back without a read of the log, and without a false
    alarm when a busy room of the same partition has pushed everything out of the log.

    1. Above its partition's floor a destination without an entry had no record, and one with an entry none behind it.
    2. Forgetting an entry raises its partition's floor above it. What is forgotten first is what was noted longest ago.
    3. A new log (another epoch) forgets all of its partition.

    Thread safety: one object is for one thread at a time. Memory: `capacity` entries of about 100 octets and the destination. */
class last_offsets {
public:
    /// What is known of a destination: nothing at or above `floor` stands behind `last` (-1: nothing stands there at all).
    struct knowledge {
        /// Below it nothing is known.
        offset floor = 0;
        /// The destination's last record; -1 = none at or above `floor`.
        offset last = -1;
        /// Where reading of the partition began, in this log.
        offset begin = 0;
    };

    /// Of a log of that many partitions. A capacity of 0 remembers nothing.
    last_offsets(std::uint32_t partitions, std::size_t capacity) : floors_(partitions), begins_(partitions), capacity_(capacity) {}

    /// Reading of a partition begins at `from`, or begins anew.
    void begin(const position& from) {
        for (auto it = noted_.begin(); it != noted_.end();) {
            const auto one = it++;
            if (one->at.partition == from.partition) erase(one);
        }
        floors_[from.partition] = begins_[from.partition] = from.offset;
    }

    /// Rule 1: a record has come. Precondition: it stands behind all that were noted for its partition.
    void note(std::string_view destination, const position& at) {
        const auto found = by_name_.find(destination);
        if (found != by_name_.end()) {
            found->second->at = at;
            noted_.splice(noted_.end(), noted_, found->second);
            return;
        }
        if (capacity_ == 0) {
            floors_[at.partition] = std::max(floors_[at.partition], at.offset + 1);
            return;
        }
        if (by_name_.size() == capacity_) {
            const auto oldest = noted_.begin();
            floors_[oldest->at.partition] = std::max(floors_[oldest->at.partition], oldest->at.offset + 1);
            erase(oldest);
        }
        noted_.push_back({std::string(destination), at});
        by_name_.emplace(noted_.back().destination, std::prev(noted_.end()));
    }

    /// What is known of a destination, which lives on the partition `in`.
    knowledge of(std::string_view destination, partition in) const {
        const auto found = by_name_.find(destination);
        return {floors_[in], found == by_name_.end() ? offset{-1} : found->second->at.offset, begins_[in]};
    }

    /// How many entries there are.
    std::size_t size() const noexcept { return by_name_.size(); }

private:
    struct entry {
        std::string destination;
        position at;
    };
    using list = std::list<entry>;

    void erase(list::iterator one) {
        by_name_.erase(one->destination);
        noted_.erase(one);
    }

    list noted_; // the one noted longest ago first
    std::unordered_map<std::string_view, list::iterator> by_name_;
    std::vector<offset> floors_;
    std::vector<offset> begins_;
    std::size_t capacity_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
