// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_DELIVERY_ROUTER_HPP
#define STOMPCHAT_DELIVERY_ROUTER_HPP

#include <stompchat/config.hpp>
#include <stompchat/delivery/interest_table.hpp>
#include <stompchat/delivery/last_offsets.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::delivery {

/** What a node's reader does with what the broker shows it: the records go to the shards that claim their destination.

    1. A registration that comes before the reader knows where it stands in every partition is answered when it does.
    2. A record that was handed out before is cut off: the adapter repeats after a reconnect.
    3. When a log was made anew, every claim on that partition is told, also where nothing is said any more: what stood at the end of the
       old log may never have been shown.

    `To` has the functions `record(registration, record_view)`, `ephemeral` of the same, `answer(registration, position,
   last_offsets::knowledge)` and `new_log(registration, position)`. Thread safety: one object is for one thread at a time. Memory: that of
   an interest_table and of last_offsets. */
class router {
public:
    /// `remembered` is how many destinations it remembers the last record of.
    router(std::uint32_t partitions, std::size_t remembered) : table_(partitions), last_(partitions, remembered) {}

    /// A shard registers a destination.
    template <class To>
    void add(std::string destination, const registration& claim, To&& to) {
        if (table_.complete())
            answer(destination, claim, to);
        else
            early_.push_back({std::move(destination), claim});
    }

    /// A registration, or an older one of the same shard, is over.
    void remove(std::string_view destination, const registration& claim) {
        std::erase_if(early_, [&](const claimant& c) {
            return c.destination == destination && c.claim.shard == claim.shard && c.claim.number <= claim.number;
        });
        table_.remove(destination, claim);
    }

    /// What broker::sink::on_records() was given. The early registrations are answered by answer_early(), when the records have been
    /// handed over.
    template <class To>
    void show(std::span<const record_view> records, const position& next, To&& to) {
        // The first call for a partition, and the first one under a new epoch, has no records and tells where delivery begins.
        const bool begins = records.empty() && table_.begins_at(next);
        if (begins) last_.begin(next);
        for (const record_view& record : records) {
            if (!table_.is_new(record.at)) continue;
            last_.note(record.destination, record.at);
            for (const registration& claim : table_.claims_on(record.destination)) to.record(claim, record);
        }
        table_.advance(next);
        if (!begins) return;
        table_.for_each_claim([&](const std::string& destination, const registration& claim) {
            if (table_.position_of(destination).partition == next.partition) to.new_log(claim, next);
        });
    }

    /// What broker::sink::on_ephemeral() was given.
    template <class To>
    void pass_on(std::span<const record_view> records, To&& to) {
        for (const record_view& record : records) {
            for (const registration& claim : table_.claims_on(record.destination)) to.ephemeral(claim, record);
        }
    }

    /// Rule 1.
    template <class To>
    void answer_early(To&& to) {
        if (early_.empty() || !table_.complete()) return;
        for (const claimant& one : std::exchange(early_, {})) answer(one.destination, one.claim, to);
    }

    /// Who wants what, and how far each partition was read.
    const interest_table& table() const noexcept { return table_; }

private:
    struct claimant {
        std::string destination;
        registration claim;
    };

    template <class To>
    void answer(std::string_view destination, const registration& claim, To& to) {
        const position at = table_.add(destination, claim);
        to.answer(claim, at, last_.of(destination, at.partition));
    }

    interest_table table_;
    last_offsets last_;
    std::vector<claimant> early_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::delivery

#endif
