// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_COPIES_HPP
#define STOMPCHAT_KAFKA_DETAIL_COPIES_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/log_epoch.hpp>
#include <stompchat/kafka/detail/partition_copies.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** The rule of copies for a reader of all partitions: see partition_copies.

    judge() is asked of each record that is read, of any kind, in order. When it says `unknown`, the reader holds that record and all later
    ones of the partition back, has past_reader::look_back() read needed(), gives learn() what was found, and asks judge() again.
    find() is asked of a record of one's own that was acknowledged and may be a copy. It knows nothing of what was not read yet: ask when
    next() is above the record. When it says `unknown`, past_reader::first_copy() finds out.

    Thread safety: for one thread at a time. Memory: a million ids over all partitions, and what partition_copies says. */
class copies {
public:
    explicit copies(std::uint32_t partitions) {
        partition_copies::limits limits;
        constexpr std::size_t all_ids = 1024 * 1024;
        limits.ids = std::max<std::size_t>(all_ids / std::max<std::uint32_t>(partitions, 1), 1024);
        partitions_.assign(partitions, partition_copies(limits));
    }

    /// The log is another one: begin() anew in each partition.
    void set_epoch(log_epoch epoch) { epoch_ = std::move(epoch); }

    /// Reading of a partition begins at `from`, or begins anew: nothing below it is known.
    void begin(partition of, offset from) { partitions_[of].begin(from); }

    /// The next record of its partition. It is noted, unless the answer is `unknown`.
    partition_copies::judgement judge(const position& at, const record_id& id, const position& base) {
        partition_copies& of = partitions_[at.partition];
        const auto judged = of.judge(id, epoch_.base_of(base), at.offset);
        if (judged.what != partition_copies::verdict::unknown) of.note(id, at.offset);
        return judged;
    }

    /// A record below next() of its partition.
    partition_copies::judgement find(const position& at, const record_id& id, const position& base) const {
        return partitions_[at.partition].judge(id, epoch_.base_of(base), at.offset);
    }

    /// All below it was read.
    offset next(partition of) const { return partitions_[of].next(); }

    /// What must be read for a record whose judgement is `unknown`.
    look_back needed(partition of, const record_id& id, const position& base) const {
        return partitions_[of].needed(id, epoch_.base_of(base));
    }

    /// What was found.
    void learn(partition of, looked_back found) { partitions_[of].learn(std::move(found)); }

private:
    log_epoch epoch_;
    std::vector<partition_copies> partitions_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
