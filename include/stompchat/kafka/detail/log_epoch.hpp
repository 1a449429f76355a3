// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_LOG_EPOCH_HPP
#define STOMPCHAT_KAFKA_DETAIL_LOG_EPOCH_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/** Which log it is: the same for all nodes. Thread safety: a value type; what it points to never changes. */
struct log_epoch {
    /// As in a position.
    std::uint64_t value = 0;
    /// For each partition the end that it had when the epoch began. What stands below survived from the log before.
    std::shared_ptr<const std::vector<offset>> begins;

    /** Where to look for copies from, for a record of that base. A base of another log says nothing of what came in this one, and what
        survived from the other one kept its place. */
    offset base_of(const position& base) const {
        if (base.epoch == value) return std::max<offset>(base.offset, 0);
        const offset begin = begins && base.partition < begins->size() ? (*begins)[base.partition] : 0;
        return base.offset < 0 ? begin : std::min(base.offset, begin);
    }
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
