// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_COPIES_HPP
#define STOMPCHAT_KAFKA_DETAIL_COPIES_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/message.hpp>
#include <stompchat/ports/position.hpp>

#include <cstdint>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// Whether a record counts.
struct copy_verdict {
    enum class kind {
        counts,  ///< show it
        copy,    ///< void: the same id stands at `at`, at or above the record's base
        unknown, ///< this reader has not read all since the record's base: read back from `at` to the record, note the ids, ask again
    };
    kind is = kind::counts;
    offset at = 0;
};

/** The rule of copies: a record is void if the same id stands at or behind its base and before it. One object for each reader.
    Thread safety: for one thread at a time. */
class copies {
public:
    explicit copies(std::uint32_t partitions) : partitions_(partitions) {}

    /// Reading of a partition begins at `from`, in a log of that epoch: nothing below it is known.
    void begin(partition of, std::uint64_t /*epoch*/, offset from) { partitions_[of].from = from; }

    /// The next record of its partition. A record that counts is noted. Records without id count always.
    copy_verdict judge(const position& /*at*/, const record_id& /*id*/, const position& /*base*/) { return {}; }

private:
    struct state {
        offset from = 0;
    };
    std::vector<state> partitions_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
