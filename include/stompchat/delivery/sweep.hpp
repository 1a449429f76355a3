// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_SWEEP_HPP
#define STOMPCHAT_DELIVERY_SWEEP_HPP

#include <stompchat/config.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** The subscriptions of a destination, and the records that are being handed to them piece by piece: one record for very many subscriptions
    must not keep a shard from everybody else.

    1. Records queue up in the order in which they came. visit() hands all that are queued to one member, which takes those that it has not
       had: its cursor knows.
    2. Members are visited in rounds, each member once in a round, whoever comes and goes meanwhile. Those that were visited stand before
       those that were not; a member that leaves is replaced from the end of its own part, and a new one comes at the end.
    3. A record leaves with the end of the first round that began when it was queued: then every member has been visited since, or came
       later, and begins behind it.
    4. While anything is queued, new records queue up behind it, however few members are left, so that none overtakes another.

    `Member` has a data member `index`, for this class alone. `Record` tells its `octets()`.
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: a pointer for each member; while records are queued, those. The owner bounds queued_octets(). */
template <class Member, class Record>
class sweep {
public:
    /// Adds a member, which is visited in the rounds from now on. Precondition: it is none yet.
    void add(Member& added) {
        added.index = static_cast<std::uint32_t>(members_.size());
        members_.push_back(&added);
    }

    /// Precondition: `gone` is a member.
    void remove(Member& gone) noexcept {
        std::size_t hole = gone.index;
        assert(members_[hole] == &gone);
        if (work_ && hole < work_->visited) {
            move(--work_->visited, hole);
            hole = work_->visited;
        }
        move(members_.size() - 1, hole);
        members_.pop_back();
        if (members_.empty()) drop();
        if (work_ && work_->visited == members_.size()) end_round();
    }

    /// How many members there are.
    std::size_t size() const noexcept { return members_.size(); }
    /// Whether there is no member.
    bool empty() const noexcept { return members_.empty(); }
    /// Pointers to the members, in no particular order.
    auto begin() const noexcept { return members_.begin(); }
    /// Behind the last one.
    auto end() const noexcept { return members_.end(); }

    /// Queues a record. Precondition: there is a member.
    void push(Record added) {
        assert(!empty());
        if (!work_) work_ = std::make_unique<work>();
        work_->octets += added.octets();
        work_->records.push_back(std::move(added));
        if (work_->visited == 0) work_->whole = work_->records.size();
    }

    /// Whether records are queued.
    bool busy() const noexcept { return work_ != nullptr; }
    /// How many records are queued.
    std::size_t queued() const noexcept { return work_ ? work_->records.size() : 0; }
    /// The same in octets.
    std::size_t queued_octets() const noexcept { return work_ ? work_->octets : 0; }
    /// The oldest queued record. Precondition: busy().
    const Record& oldest() const noexcept { return work_->records.front(); }

    /** Calls `give(member, record)` for the next member and each queued record, in order, and returns the member. When `give` returns false
        the same member is visited again next time, from the first record on: it could not take so much at once. `give` must not add or
        remove members. Precondition: busy(). */
    template <class Give>
    Member& visit(Give&& give) {
        Member& next = *members_[work_->visited];
        for (const Record& one : work_->records) {
            if (!give(next, one)) return next;
        }
        if (++work_->visited == members_.size()) end_round();
        return next;
    }

    /// The member that is visited `turns` visits after the next one in this round, or null: for asking for its memory ahead of time.
    const Member* ahead(std::size_t turns) const noexcept {
        const std::size_t at = work_ ? work_->visited + turns : members_.size();
        return at < members_.size() ? members_[at] : nullptr;
    }

    /// Drops what is queued: nobody is to have it any more, or everybody gets it in another way.
    void drop() noexcept { work_.reset(); }

private:
    struct work {
        std::vector<Record> records;
        std::size_t octets = 0;
        std::size_t visited = 0; // members before it have had their turn in this round
        std::size_t whole = 0;   // records before it were queued when the round began
    };

    void move(std::size_t from, std::size_t to) noexcept {
        members_[to] = members_[from];
        members_[to]->index = static_cast<std::uint32_t>(to);
    }

    void end_round() noexcept {
        if (work_->whole == work_->records.size()) return work_.reset();
        const auto whole_end = work_->records.begin() + static_cast<std::ptrdiff_t>(work_->whole);
        for (auto one = work_->records.begin(); one != whole_end; ++one) work_->octets -= one->octets();
        work_->records.erase(work_->records.begin(), whole_end);
        work_->visited = 0;
        work_->whole = work_->records.size();
    }

    std::vector<Member*> members_;
    std::unique_ptr<work> work_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
