// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_MODEL_LOG_HPP
#define STOMPCHAT_TESTS_MODEL_LOG_HPP

#include "clock.hpp"

#include <stompchat/ports/broker.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace model {

using namespace stompchat;

/** A record of the log. It stays where it is for as long as the log lives, also when the log would have forgotten it. */
struct entry {
    position where;
    std::uint32_t room = 0;
    /// It is the room's record of that number.
    std::uint32_t index = 0;
    std::uint32_t octets = 0;
    /// Milliseconds.
    std::int64_t sent = 0;
    /// It is not in the log.
    bool ephemeral = false;

    const position& at() const noexcept { return where; }
    std::size_t size() const noexcept { return octets; }
};

/** What a cluster shares: partitions with sparse offsets, which are cut off at their beginning and made anew; and everything that was ever
   in it, which is what the clients' stories are compared with. */
class shared_log {
public:
    shared_log(dice& random, const scheduler& clock, std::uint32_t partitions, std::uint32_t rooms, std::uint32_t largest_step)
        : random_(random), clock_(clock), largest_step_(largest_step), partitions_(partitions), rooms_(rooms) {
        for (partition_state& one : partitions_) one.epoch = ++epochs_;
        for (std::uint32_t i = 0; i != rooms; ++i) {
            rooms_[i].name = "/topic/" + std::to_string(i);
            rooms_[i].on = partition_of(rooms_[i].name, partitions);
            by_name_.emplace(rooms_[i].name, i);
        }
    }

    std::uint32_t partitions() const noexcept { return static_cast<std::uint32_t>(partitions_.size()); }
    std::uint32_t rooms() const noexcept { return static_cast<std::uint32_t>(rooms_.size()); }
    const std::string& name(std::uint32_t room) const noexcept { return rooms_[room].name; }
    partition home(std::uint32_t room) const noexcept { return rooms_[room].on; }
    position end(partition of) const noexcept { return {partitions_[of].epoch, of, partitions_[of].end}; }
    position begin(partition of) const noexcept { return {partitions_[of].epoch, of, partitions_[of].begin}; }
    offset floor(partition of) const noexcept { return partitions_[of].floor; }
    std::uint32_t count(std::uint32_t room) const noexcept { return static_cast<std::uint32_t>(rooms_[room].all.size()); }
    const entry& at(std::uint32_t room, std::uint32_t index) const noexcept { return *rooms_[room].all[index]; }
    /// Milliseconds.
    std::int64_t wall_clock() const noexcept { return 1'000'000'000 + clock_.now() / 1000; }

    const entry& publish(std::uint32_t room) {
        room_state& to = rooms_[room];
        partition_state& on = partitions_[to.on];
        const offset skip = largest_step_ == 1 ? 0 : static_cast<offset>(random_.below(largest_step_));
        entries_.push_back({{on.epoch, to.on, on.end + skip}, room, count(room), random_.between(50, 150), wall_clock(), false});
        const entry& made = entries_.back();
        on.end = made.where.offset + 1;
        on.kept.push_back(&made);
        to.all.push_back(&made);
        return made;
    }

    /// A message that is only for the moment.
    const entry& make_ephemeral(std::uint32_t room) {
        entries_.push_back({{0, rooms_[room].on, static_cast<offset>(random_.below(100))}, room, 0, 50, wall_clock(), true});
        return entries_.back();
    }

    /// Forgets what stands below an offset.
    void truncate(partition of, offset below) {
        partition_state& one = partitions_[of];
        while (!one.kept.empty() && one.kept.front()->where.offset < below) {
            one.floor = one.kept.front()->where.offset + 1;
            one.newest_gone = std::max(one.newest_gone, one.kept.front()->sent);
            one.kept.pop_front();
        }
    }

    /// Makes a partition anew, from the offset that comes next or from zero.
    void renew(partition of, bool from_zero) {
        partition_state& one = partitions_[of];
        one.epoch = ++epochs_;
        if (from_zero) one.end = 0;
        one.begin = one.floor = one.end;
        one.newest_gone = 0;
        one.kept.clear();
    }

    bool was_renewed(partition of) const noexcept { return partitions_[of].epoch > partitions_.size(); }

    bool gone(const entry& one) const noexcept {
        const partition_state& on = partitions_[one.where.partition];
        return one.where.epoch != on.epoch || one.where.offset < on.floor;
    }

    /// The number of the room's first record behind a position. Epochs grow here, so that also what stands in another log has its place.
    std::uint32_t behind(std::uint32_t room, const position& at) const {
        const auto& all = rooms_[room].all;
        const auto found = std::partition_point(all.begin(), all.end(), [&](const entry* one) {
            return one->where.epoch != at.epoch ? one->where.epoch < at.epoch : one->where.offset <= at.offset;
        });
        return static_cast<std::uint32_t>(found - all.begin());
    }

    /// Records of a partition from an offset on, at most so many.
    template <class Use>
    void show(partition of, offset from, std::uint32_t most, Use&& use) const {
        const auto& kept = partitions_[of].kept;
        auto it = std::partition_point(kept.begin(), kept.end(), [&](const entry* one) { return one->where.offset < from; });
        for (; it != kept.end() && most != 0; ++it, --most) use(**it);
    }

    /// broker::async_read(); `lag` is how much the end lags behind, as that of a new leader may.
    read_result read(std::string_view destination, const position& from, const read_bounds& bounds, offset lag) const {
        const std::uint32_t room = by_name_.at(std::string(destination));
        const partition_state& on = partitions_[rooms_[room].on];
        const bool foreign = from.epoch != on.epoch || from.partition != rooms_[room].on;
        const offset first = foreign ? 0 : from.offset;
        const offset end = std::max(first, on.end - lag);
        const std::int64_t oldest =
            bounds.not_before ? std::chrono::duration_cast<std::chrono::milliseconds>(bounds.not_before->time_since_epoch()).count() : 0;
        read_result result;
        result.next = {on.epoch, rooms_[room].on, end};
        std::size_t octets = 0;
        const auto& all = rooms_[room].all;
        for (std::size_t i = behind(room, {on.epoch, rooms_[room].on, std::max(first, on.floor) - 1}); i != all.size(); ++i) {
            const entry& one = *all[i];
            if (one.where.offset >= end) break;
            if (one.sent < oldest) continue;
            if (result.messages.size() >= bounds.messages || (octets != 0 && octets + one.size() > bounds.octets)) {
                result.status = read_status::more;
                result.next.offset = one.where.offset;
                break;
            }
            octets += one.size();
            result.messages.push_back(to_message(one));
        }
        if (foreign || (first < on.floor && on.newest_gone >= oldest)) result.status = read_status::lost;
        return result;
    }

    /// The record that a message of a read is.
    static const entry& of(const message& one) {
        const entry* found = nullptr;
        std::memcpy(&found, one.view().body.data(), sizeof found);
        return *found;
    }

    record_view view(const entry& one) const noexcept { return {one.where, rooms_[one.room].name, {}, one.sent, {}, {}}; }

private:
    struct partition_state {
        std::uint64_t epoch = 0;
        offset begin = 0;
        offset floor = 0;
        offset end = 0;
        std::int64_t newest_gone = 0;
        std::deque<const entry*> kept;
    };
    struct room_state {
        std::string name;
        partition on = 0;
        std::vector<const entry*> all;
    };

    message to_message(const entry& one) const {
        record_view shown = view(one);
        char body[sizeof(const entry*)];
        const entry* const self = &one;
        std::memcpy(body, &self, sizeof self);
        shown.body = {body, sizeof body};
        return message(shown);
    }

    dice& random_;
    const scheduler& clock_;
    const std::uint32_t largest_step_;
    std::vector<partition_state> partitions_;
    std::vector<room_state> rooms_;
    std::unordered_map<std::string, std::uint32_t> by_name_;
    std::deque<entry> entries_;
    std::uint64_t epochs_ = 0;
};

} // namespace model

#endif
