// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_READ_PASS_IPP
#define STOMPCHAT_KAFKA_IMPL_READ_PASS_IPP

#include <stompchat/kafka/detail/read_pass.hpp>

#include <algorithm>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

STOMPCHAT_DECL offset read_pass::begin_of(const waiting_read& read, const log_epoch& epoch, const partition_range& range) {
    offset from = read.from.epoch == epoch.value ? std::max(read.from.offset, range.begin) : range.begin;
    if (read.young_from) from = std::max(from, *read.young_from);
    return from;
}

STOMPCHAT_DECL read_pass::read_pass(log_epoch epoch, partition of, std::uint32_t partitions, const partition_range& range,
                                    std::vector<waiting_read> reads, const limits& bounds)
    : epoch_(std::move(epoch)), partition_(of), partitions_(partitions), range_(range), limits_(bounds), position_(range.end) {
    for (waiting_read& read : reads) {
        entry& one = entries_.emplace_back(std::move(read));
        one.from = begin_of(one.read, epoch_, range_);
        position_ = std::min(position_, one.from);
        const bool foreign = one.read.from.epoch != epoch_.value;
        const bool nothing_missed = one.read.young_from && *one.read.young_from > range_.begin;
        if (foreign || (std::max<offset>(one.read.from.offset, 0) < range_.begin && !nothing_missed)) one.result.status = read_status::lost;
        by_destination_.emplace(one.read.destination, &one);
        ++open_;
    }
    wanted_from_ = position_;
    position_ = std::max(position_ - limits_.lead, range_.begin);
    copies_.begin(position_);
}

STOMPCHAT_DECL pass::step read_pass::begin() {
    if (wanted_from_ >= range_.end) position_ = range_.end;
    return judge_pass() == step::done ? step::done : step::seek;
}

STOMPCHAT_DECL pass::step read_pass::on_record(const raw_record& record, std::size_t size) {
    if (record.at.offset < position()) return step::go_on;
    if (looking_back_) return back(record);
    // Only these, so that a pass always gets on.
    if (record.at.offset >= wanted_from_) {
        ++records_;
        octets_ += size;
    }
    return forward(record);
}

STOMPCHAT_DECL pass::step read_pass::on_end(offset at) {
    if (looking_back_) {
        back_position_ = std::max(back_position_, at);
        return back_position_ >= looking_back_->of().to ? return_from_back() : step::go_on;
    }
    position_ = std::max(position_, at);
    return judge_pass();
}

STOMPCHAT_DECL pass::step read_pass::forward(const raw_record& record) {
    // What comes behind the end may be there, but nobody was promised it, and it may still be given up by its leader.
    if (record.at.offset >= range_.end) {
        position_ = range_.end;
        return judge_pass();
    }
    const decoded_record read = decode_record(record, partitions_);
    if (read.outcome == record_outcome::newer) {
        on_gap(record.at.offset);
        copies_.note({}, record.at.offset);
    } else if (record.at.offset < wanted_from_) {
        // Whether it is a copy matters to nobody; that its id stands here may.
        copies_.note(read.id, record.at.offset);
    } else if (read.readable() && read.type == record_type::message) {
        const auto judged = copies_.judge(read.id, epoch_.base_of(read.base), record.at.offset);
        if (judged.what == partition_copies::verdict::unknown) return go_back(read);
        copies_.note(read.id, record.at.offset);
        if (judged.what == partition_copies::verdict::first) offer(read);
    } else {
        copies_.note({}, record.at.offset);
    }
    position_ = record.at.offset + 1;
    return judge_pass();
}

STOMPCHAT_DECL pass::step read_pass::go_back(const decoded_record& unknown) {
    position_ = unknown.view.at.offset;
    looking_back_.emplace(copies_.needed(unknown.id, epoch_.base_of(unknown.base)));
    back_position_ = std::max(looking_back_->of().from, range_.begin);
    return back_position_ < looking_back_->of().to ? step::seek : return_from_back();
}

STOMPCHAT_DECL pass::step read_pass::back(const raw_record& record) {
    back_position_ = record.at.offset + 1;
    if (record.at.offset < looking_back_->of().to) {
        const decoded_record read = decode_record(record, partitions_);
        if (read.outcome == record_outcome::ours && read.id.incarnation != 0) looking_back_->note(read.id, record.at.offset);
    }
    return back_position_ >= looking_back_->of().to ? return_from_back() : step::go_on;
}

STOMPCHAT_DECL pass::step read_pass::return_from_back() {
    copies_.learn(std::move(*looking_back_));
    looking_back_.reset();
    return step::seek;
}

STOMPCHAT_DECL void read_pass::offer(const decoded_record& record) {
    const offset at = record.view.at.offset;
    const auto [first, last] = by_destination_.equal_range(record.view.destination);
    for (auto it = first; it != last; ++it) {
        entry& one = *it->second;
        if (!one.open || at < one.from) continue;
        const auto& not_before = one.read.bounds.not_before;
        if (not_before && std::chrono::system_clock::time_point(std::chrono::milliseconds(record.view.timestamp)) < *not_before) continue;
        message copy(record.view);
        if (!one.result.messages.empty() && one.octets + copy.size() > one.read.bounds.octets) {
            close(one, read_status::more, at);
            continue;
        }
        one.octets += copy.size();
        one.result.messages.push_back(std::move(copy));
        if (one.result.messages.size() >= one.read.bounds.messages) close(one, read_status::more, at + 1);
    }
}

STOMPCHAT_DECL void read_pass::on_gap(offset at) {
    for (entry& one : entries_) {
        if (!one.open || at < one.from) continue;
        if (one.from < at)
            close(one, read_status::more, at);
        else
            one.result.status = read_status::lost;
    }
}

STOMPCHAT_DECL void read_pass::close(entry& one, read_status status, offset next) {
    if (one.result.status != read_status::lost) one.result.status = status;
    one.result.next = {epoch_.value, partition_, next};
    one.open = false;
    --open_;
}

STOMPCHAT_DECL pass::step read_pass::judge_pass() {
    if (position_ >= range_.end) {
        // One that begins behind the end is complete where it begins: a leader that has not caught up tells an old end.
        for (entry& one : entries_)
            if (one.open) close(one, read_status::complete, std::max(range_.end, one.from));
    } else if (open_ != 0 && (records_ >= limits_.records || octets_ >= limits_.octets)) {
        for (entry& one : entries_)
            if (one.open && one.from < position_) close(one, read_status::more, position_);
        return step::done;
    }
    return open_ == 0 ? step::done : step::go_on;
}

STOMPCHAT_DECL std::vector<waiting_read> read_pass::finish() {
    std::vector<waiting_read> not_reached;
    by_destination_.clear();
    for (entry& one : entries_) {
        if (one.open)
            not_reached.push_back(std::move(one.read));
        else
            one.read.done({}, std::move(one.result));
    }
    entries_.clear();
    return not_reached;
}

STOMPCHAT_DECL std::vector<waiting_read> read_pass::abandon() {
    std::vector<waiting_read> all;
    by_destination_.clear();
    for (entry& one : entries_) all.push_back(std::move(one.read));
    entries_.clear();
    return all;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
