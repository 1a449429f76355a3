// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_READ_PASS_HPP
#define STOMPCHAT_KAFKA_DETAIL_READ_PASS_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/kafka/detail/log_epoch.hpp>
#include <stompchat/kafka/detail/partition_copies.hpp>
#include <stompchat/kafka/detail/pass.hpp>
#include <stompchat/ports/broker.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// A read that waits.
struct waiting_read {
    using completion = stompchat::detail::completion<void(error_code, read_result)>;

    waiting_read(std::string of, position at, read_bounds with, completion handler)
        : destination(std::move(of)), from(at), bounds(with), done(std::move(handler)) {}

    std::string destination;
    position from;
    read_bounds bounds;
    completion done;
    /// The first offset that can have a message that is young enough for `bounds`, if that bounds it and the broker was asked.
    std::optional<offset> young_from;
    int failures = 0;
};

/** A pass for reads of one partition.

    1. It begins at the smallest offset that any of its reads wants, and a little in front of it: whoever wrote the first records had not
       read all of what stands right before them, and copies are told from there.
    2. A read is answered `complete` when the pass has come to the end that the partition had when the read was taken, and `more` when a
       bound of the read was reached, or the pass has taken as many records as one may. A read that it has not come to by then is not
       answered: it waits for the next pass.
    3. A read that begins in front of the log, or in another log, is `lost`, and begins with the oldest record. In front of the log is
       nothing to be missed, though, when the oldest record is too old for the read already.
    4. A record of a version that is not known here is a gap: a read ends in front of it, and one that begins with it is `lost`.
    5. A record that might be a copy of one in front of the pass makes it go there once, to note the ids, and come back.

    Thread safety: one object is for one thread at a time. Memory: what the bounds of its reads allow, and one partition_copies. */
class read_pass final : public pass {
public:
    struct limits {
        /// Of one pass: records, and what they weigh.
        std::size_t records = 32 * 1024;
        std::size_t octets = 32 * 1024 * 1024;
        /// Rule 1.
        offset lead = 256;
    };

    STOMPCHAT_DECL read_pass(log_epoch epoch, partition of, std::uint32_t partitions, const partition_range& range,
                             std::vector<waiting_read> reads, const limits& bounds);

    STOMPCHAT_DECL step begin() override;
    STOMPCHAT_DECL step on_record(const raw_record& record, std::size_t size) override;
    STOMPCHAT_DECL step on_end(offset at) override;
    offset position() const noexcept override { return looking_back_ ? back_position_ : position_; }

    /// Where a read begins in this log.
    STOMPCHAT_DECL static offset begin_of(const waiting_read& read, const log_epoch& epoch, const partition_range& range);

    /// Answers the reads, and gives back those that it has not come to.
    STOMPCHAT_DECL std::vector<waiting_read> finish();
    /// Answers nothing, and gives all reads back.
    STOMPCHAT_DECL std::vector<waiting_read> abandon();

private:
    struct entry {
        explicit entry(waiting_read one) : read(std::move(one)) {}
        waiting_read read;
        offset from = 0; // in this log
        bool open = true;
        std::size_t octets = 0;
        read_result result{};
    };

    step forward(const raw_record& record);
    step back(const raw_record& record);
    step go_back(const decoded_record& unknown);
    step return_from_back();
    void offer(const decoded_record& record);
    void on_gap(offset at);
    void close(entry& one, read_status status, offset next);
    step judge_pass();

    const log_epoch epoch_;
    const partition partition_;
    const std::uint32_t partitions_;
    const partition_range range_;
    const limits limits_;
    std::list<entry> entries_;
    std::unordered_multimap<std::string_view, entry*> by_destination_;
    std::size_t open_ = 0;
    partition_copies copies_;
    offset position_ = 0;
    offset wanted_from_ = 0; // rule 1
    std::size_t records_ = 0;
    std::size_t octets_ = 0;
    std::optional<looked_back> looking_back_; // rule 5
    offset back_position_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/kafka/impl/read_pass.ipp>
#endif

#endif
