// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_DETAIL_PASS_HPP
#define STOMPCHAT_KAFKA_DETAIL_PASS_HPP

#include <stompchat/config.hpp>
#include <stompchat/kafka/detail/partition_copies.hpp>
#include <stompchat/kafka/record.hpp>
#include <stompchat/ports/position.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

/// Where a partition begins and ends, as the broker said it.
struct partition_range {
    offset begin = 0;
    offset end = 0;
};

/** One pass over a part of a partition, for all who wait for something in it. No I/O: it is given records in order, and says where to go.
    A pass that is given up midway has told nobody anything. */
class pass {
public:
    enum class step : std::uint8_t {
        go_on, ///< the next record, please
        seek,  ///< read on at position()
        done,  ///< nothing more is needed
    };

    virtual ~pass() = default;
    pass(const pass&) = delete;
    pass& operator=(const pass&) = delete;

    /// `seek`, or `done` when there is nothing to be read.
    virtual step begin() = 0;
    /// The next record at or behind position(); `size` is what it weighs.
    virtual step on_record(const raw_record& record, std::size_t size) = 0;
    /// There is nothing between position() and `at`, the end that the broker sees at present.
    virtual step on_end(offset at) = 0;
    /// Where the next record is expected, at the earliest.
    virtual offset position() const noexcept = 0;

protected:
    pass() = default;
};

/// A look back that waits.
struct waiting_look_back {
    looked_back found;
    std::function<void(error_code, looked_back)> done;
    int failures = 0;
};

/// A pass that notes ids, for all look backs into a partition. What the log no longer has counts as read.
class look_back_pass final : public pass {
public:
    look_back_pass(const partition_range& range, std::uint32_t partitions, std::vector<waiting_look_back> all)
        : partitions_(partitions), all_(std::move(all)), position_(range.end) {
        for (const waiting_look_back& one : all_) {
            position_ = std::min(position_, one.found.of().from);
            end_ = std::max(end_, one.found.of().to);
        }
        position_ = std::max(position_, range.begin);
        // A leader that has not caught up may say an end that is too low: what was read once comes again.
    }

    step begin() override { return position_ < end_ ? step::seek : step::done; }
    step on_record(const raw_record& record, std::size_t /*size*/) override {
        position_ = record.at.offset + 1;
        if (record.at.offset >= end_) return step::done;
        const decoded_record read = decode_record(record, partitions_);
        if (read.outcome == record_outcome::ours && read.id.incarnation != 0)
            for (waiting_look_back& one : all_) one.found.note(read.id, record.at.offset);
        return position_ < end_ ? step::go_on : step::done;
    }
    step on_end(offset at) override {
        position_ = std::max(position_, at);
        return position_ < end_ ? step::go_on : step::done;
    }
    offset position() const noexcept override { return position_; }

    /// Who takes part.
    std::vector<waiting_look_back>& all() noexcept { return all_; }

private:
    std::uint32_t partitions_;
    std::vector<waiting_look_back> all_;
    offset position_;
    offset end_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
