// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_TURN_IPP
#define STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_TURN_IPP

#include <stompchat/memory/impl/memory_broker_core.ipp>

#include <boost/asio/post.hpp>

#include <algorithm>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL void memory_broker::core::post_turn() {
    asio::post(executor_, [self = shared_from_this()] { self->turn(); });
}

STOMPCHAT_DECL void memory_broker::core::turn() {
    lock held(mutex_);
    in_turn_ = true;
    take_due_results();
    if (turn_results_told_ == turn_results_.size()) {
        turn_results_.clear();
        turn_results_told_ = 0;
        turn_results_.swap(results_);
    }
    turn_states_.swap(states_);
    turn_ephemeral_ = std::move(ephemeral_);
    ephemeral_octets_ = 0;
    gather_records();
    sink* const to = sink_;
    held.unlock();

    if (to) {
        for (const broker_state state : turn_states_) to->on_state(state);
        const std::size_t count = std::min(turn_results_.size() - turn_results_told_, most_per_turn);
        if (count != 0) to->on_published(std::span(turn_results_).subspan(turn_results_told_, count));
        turn_results_told_ += count;
        for (const segment& one : segments_) {
            if (one.begin) to->on_records({}, *one.begin);
            if (one.count != 0) to->on_records(std::span(views_).subspan(one.first, one.count), one.next);
        }
        show_ephemeral(*to);
    } else {
        turn_results_told_ = turn_results_.size();
    }
    turn_states_.clear();
    serve_reads();
    end_turn();
}

STOMPCHAT_DECL void memory_broker::core::show_ephemeral(sink& to) {
    views_.clear();
    detail::block_chain shown = std::move(turn_ephemeral_);
    for (const detail::record_block* block = shown.front(); block; block = block->next) views_.push_back(block->view());
    if (!views_.empty()) to.on_ephemeral(views_);
}

STOMPCHAT_DECL void memory_broker::core::take_due_results() {
    if (late_.empty()) return;
    const clock::time_point now = clock::now();
    while (!late_.empty() && late_.front().due <= now) {
        results_.push_back(late_.front().result);
        late_.pop_front();
    }
}

STOMPCHAT_DECL void memory_broker::core::gather_records() {
    views_.clear();
    segments_.clear();
    if (!available_) return;
    std::size_t octets = 0;
    while (!ready_.empty() && views_.size() + segments_.size() < most_per_turn && octets < most_octets_per_turn) {
        const partition self = ready_.front();
        ready_.pop_front();
        gather(partitions_[self], self, octets);
    }
}

STOMPCHAT_DECL void memory_broker::core::gather(partition_state& state, partition self, std::size_t& octets) {
    segment found{self, state.assignment, {}, views_.size(), 0, nullptr, {}};
    if (std::exchange(state.begins, false)) found.begin = position{epoch_, self, state.shown};
    const detail::record_block* block = state.unseen;
    while (block && views_.size() < most_per_turn && octets < most_octets_per_turn) {
        views_.push_back(block->view());
        octets += block->size();
        found.last = block;
        block = block->next;
    }
    found.count = views_.size() - found.first;
    if (found.last) state.shown = std::max(state.shown, found.last->at.offset + 1);
    found.next = position{epoch_, self, state.shown};
    segments_.push_back(found);
}

STOMPCHAT_DECL void memory_broker::core::take_back(const segment& shown) {
    partition_state& state = partitions_[shown.from];
    if (shown.last && state.assignment == shown.assignment) state.unseen = shown.last->next;
    trim(state);
    state.queued = false;
    if (delivers(state) && (state.unseen || state.begins)) make_ready(state, shown.from);
}

STOMPCHAT_DECL void memory_broker::core::serve_reads() {
    std::size_t messages = 0;
    std::size_t octets = 0;
    waiting_read next;
    while (messages < most_per_turn && octets < most_octets_per_turn && next_read(next)) serve(next, messages, octets);
}

STOMPCHAT_DECL bool memory_broker::core::next_read(waiting_read& next) {
    const lock held(mutex_);
    if (pass_.empty()) {
        if (reads_.empty()) return false;
        const partition of = partition_of(reads_.front().destination, partitions());
        const auto others = std::stable_partition(
            reads_.begin(), reads_.end(), [&](const waiting_read& one) { return partition_of(one.destination, partitions()) == of; });
        std::move(reads_.begin(), others, std::back_inserter(pass_));
        reads_.erase(reads_.begin(), others);
        ++physical_reads_;
    }
    next = std::move(pass_.front());
    pass_.pop_front();
    return true;
}

STOMPCHAT_DECL void memory_broker::core::serve(waiting_read& request, std::size_t& messages, std::size_t& octets) {
    read_result result;
    error_code failure;
    lock held(mutex_);
    if (life_ != life::running) {
        failure = error::stopped;
    } else if (!available_) {
        failure = error::broker_unavailable;
    } else {
        const partition self = partition_of(request.destination, partitions());
        const detail::partition_log& log = partitions_[self].log;
        const bool foreign = request.from.epoch != epoch_ || request.from.partition != self;
        const offset from = foreign ? 0 : request.from.offset;
        log.find(request.destination, from, request.bounds, extract_);
        if (foreign || log.lacks(from, request.bounds))
            result.status = read_status::lost;
        else if (extract_.more)
            result.status = read_status::more;
        result.next = {epoch_, self, extract_.next};
    }
    held.unlock();

    if (!failure) {
        result.messages.reserve(extract_.blocks.size());
        for (const detail::record_block* block : extract_.blocks) {
            result.messages.emplace_back(block->view());
            octets += block->size();
        }
    }
    messages += 1 + result.messages.size();
    request.done(failure, std::move(result));
}

STOMPCHAT_DECL void memory_broker::core::give_up() {
    while (!untold_.empty()) {
        detail::record_block* const block = untold_.pop_front();
        results_.push_back({block->ticket, error::outcome_unknown, {}});
        dropped_.push_back(block);
    }
    identities_.clear();
    for (const late_result& late : late_)
        results_.push_back(late.result.error ? late.result : publish_result{late.result.ticket, error::outcome_unknown, {}});
    late_.clear();
}

STOMPCHAT_DECL bool memory_broker::core::has_work() const noexcept {
    return turn_results_told_ != turn_results_.size() || !results_.empty() || !states_.empty() || !ephemeral_.empty()
           || (available_ && !ready_.empty()) || !reads_.empty() || !pass_.empty();
}

STOMPCHAT_DECL bool memory_broker::core::may_stop() const noexcept {
    return life_ == life::stopping && turn_results_told_ == turn_results_.size() && results_.empty() && late_.empty() && untold_.empty()
           && reads_.empty() && pass_.empty();
}

STOMPCHAT_DECL void memory_broker::core::set_timer() {
    auto when = clock::time_point::max();
    if (!late_.empty()) when = late_.front().due;
    if (life_ == life::stopping) when = std::min(when, stop_deadline_);
    if (when == clock::time_point::max()) {
        timer_.reset();
        return;
    }
    if (!timer_) timer_ = std::make_unique<asio::steady_timer>(executor_);
    if (timer_set_ && timer_->expiry() == when) return;
    timer_set_ = true;
    timer_->expires_at(when);
    timer_->async_wait([weak = weak_from_this()](error_code failure) {
        const auto self = weak.lock();
        if (failure || !self) return;
        lock held(self->mutex_);
        self->timer_set_ = false;
        self->finish(std::move(held), true);
    });
}

STOMPCHAT_DECL void memory_broker::core::end_turn() {
    sink* stopped = nullptr;
    std::vector<detail::completion<void(error_code)>> waiters;
    detail::block_chain dropped;
    bool more = false;
    {
        const lock held(mutex_);
        for (const segment& one : segments_) take_back(one);
        in_turn_ = false;
        if (life_ == life::stopping && clock::now() >= stop_deadline_) give_up();
        if (may_stop()) {
            life_ = life::stopped;
            stopped = std::exchange(sink_, nullptr);
            waiters.swap(stop_waiters_);
        }
        more = life_ != life::stopped && has_work();
        scheduled_ = more;
        if (!more) set_timer();
        dropped = std::move(dropped_);
    }
    if (more) post_turn();
    if (stopped) stopped->on_state(broker_state::stopped);
    for (auto& waiter : waiters) waiter({});
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
