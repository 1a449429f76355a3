// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_PARTITION_COPIES_IPP
#define STOMPCHAT_KAFKA_IMPL_PARTITION_COPIES_IPP

#include <stompchat/kafka/detail/partition_copies.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

STOMPCHAT_DECL void partition_copies::begin(offset at) {
    begin_ = since_ = next_ = at;
    ids_.clear();
    publishers_.clear();
    by_incarnation_.clear();
    earlier_.clear();
}

STOMPCHAT_DECL partition_copies::judgement partition_copies::judge(const record_id& id, offset base, offset at) const {
    if (id.incarnation == 0) return {};
    base = std::max<offset>(base, 0);
    const auto known = by_incarnation_.find(id.incarnation);
    const publisher* const whose = known == by_incarnation_.end() ? nullptr : &*known->second;
    if (base >= (whose ? whose->since : begin_) && (!whose || !whose->highest || id.sequence > *whose->highest)) return {};

    if (base < since_) {
        const auto earlier =
            std::find_if(earlier_.begin(), earlier_.end(), [&](const looked_back& one) { return one.of_.incarnation == id.incarnation; });
        if (earlier == earlier_.end() || base < earlier->of_.from) return {verdict::unknown, -1};
        if (earlier->whole_) {
            for (const looked_back::entry& one : earlier->entries_)
                if (one.sequence == id.sequence && one.at >= base && one.at < at) return {verdict::copy, one.at};
        } else if (earlier->of_.sequence != id.sequence) {
            return {verdict::unknown, -1};
        } else if (earlier->first_ && *earlier->first_ >= base && *earlier->first_ < at) {
            return {verdict::copy, *earlier->first_};
        }
    }
    if (const auto first = exact(id, base, at)) return {verdict::copy, *first};
    return {};
}

STOMPCHAT_DECL std::optional<offset> partition_copies::exact(const record_id& id, offset base, offset below) const {
    auto one = std::lower_bound(ids_.begin(), ids_.end(), base, [](const noted& entry, offset at) { return entry.at < at; });
    for (; one != ids_.end() && one->at < below; ++one)
        if (one->id == id) return one->at;
    return std::nullopt;
}

STOMPCHAT_DECL look_back partition_copies::needed(const record_id& id, offset base) const {
    return {id.incarnation, id.sequence, std::max<offset>(base, 0), since_};
}

STOMPCHAT_DECL void partition_copies::learn(looked_back found) {
    const look_back of = found.of_;
    // Between its end and what is known must be no hole.
    const auto known = by_incarnation_.find(of.incarnation);
    const offset since = known == by_incarnation_.end() ? begin_ : known->second->since;
    if (of.from < since && of.to >= since) {
        publisher& whose = touch(of.incarnation);
        whose.since = of.from;
        if (found.highest_ && (!whose.highest || *whose.highest < *found.highest_)) whose.highest = found.highest_;
    }
    if (of.to != since_) return;
    earlier_.remove_if([&](const looked_back& one) { return one.of_.incarnation == of.incarnation; });
    found.most_ = limits_.ids_looked_back;
    earlier_.push_back(std::move(found));
    if (earlier_.size() > limits_.looked_back) earlier_.pop_front();
}

STOMPCHAT_DECL partition_copies::publisher& partition_copies::touch(std::uint64_t incarnation) {
    const auto known = by_incarnation_.find(incarnation);
    if (known != by_incarnation_.end()) {
        publishers_.splice(publishers_.end(), publishers_, known->second);
        return publishers_.back();
    }
    if (publishers_.size() >= limits_.publishers) forget_publisher();
    publishers_.push_back({incarnation, std::nullopt, begin_, -1});
    by_incarnation_.emplace(incarnation, std::prev(publishers_.end()));
    return publishers_.back();
}

STOMPCHAT_DECL void partition_copies::forget_publisher() {
    const publisher& oldest = publishers_.front();
    begin_ = std::max(begin_, oldest.last + 1);
    by_incarnation_.erase(oldest.incarnation);
    publishers_.pop_front();
}

STOMPCHAT_DECL void partition_copies::note(const record_id& id, offset at) {
    next_ = at + 1;
    if (id.incarnation == 0) return;
    publisher& whose = touch(id.incarnation);
    whose.last = at;
    if (!whose.highest || *whose.highest < id.sequence) whose.highest = id.sequence;
    ids_.push_back({at, id});
    if (ids_.size() > limits_.ids) forget_oldest();
}

STOMPCHAT_DECL void partition_copies::forget_oldest() {
    const noted oldest = ids_.front();
    ids_.pop_front();
    since_ = oldest.at + 1;
    for (looked_back& one : earlier_)
        if (one.of_.incarnation == oldest.id.incarnation) one.add(oldest.id, oldest.at);
}

STOMPCHAT_DECL std::size_t partition_copies::size() const noexcept {
    std::size_t sum = ids_.size() + publishers_.size();
    for (const looked_back& one : earlier_) sum += one.entries_.size();
    return sum;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
