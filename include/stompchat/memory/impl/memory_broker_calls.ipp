// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_CALLS_IPP
#define STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_CALLS_IPP

#include <stompchat/memory/impl/memory_broker_core.ipp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <random>

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL memory_broker::core::core(asio::any_io_executor executor, const memory_broker_options& options)
    : options_(options), executor_(std::move(executor)), partitions_(options.partitions) {
    constexpr std::size_t longest_part = std::numeric_limits<std::uint32_t>::max();
    if (options.partitions == 0 || options.max_message_length == 0 || options.max_message_length > longest_part
        || options.largest_offset_step == 0 || options.result_delay.count() < 0)
        throw boost::system::system_error(make_error_code(error::bad_option), "memory_broker");
    std::random_device device;
    epoch_ = options.epoch ? *options.epoch : std::uint64_t{device()} << 32 | device();
    random_ = epoch_;
    views_.reserve(most_per_turn);
}

STOMPCHAT_DECL void memory_broker::core::start(sink& to) {
    lock held(mutex_);
    if (life_ != life::running) return;
    sink_ = &to;
    states_.push_back(refused_ ? broker_state::refused : available_ ? broker_state::ready : broker_state::unavailable);
    for (partition p = 0; p != partitions(); ++p)
        if (partitions_[p].wanted) begin_at_end(partitions_[p], p);
    finish(std::move(held), true);
}

STOMPCHAT_DECL void memory_broker::core::publish(std::span<const outgoing> messages) {
    // Copied before the lock is taken, so that publishing threads do not wait for each other's copies.
    detail::block_chain taken;
    detail::block_chain ephemeral;
    std::vector<std::uint64_t> refused;
    std::vector<std::pair<const detail::record_block*, identity>> identified;
    for (const outgoing& one : messages) {
        if (detail::text_size(one) > options_.max_message_length) {
            refused.push_back(one.ticket);
            continue;
        }
        detail::record_block* const block = detail::make_record_block(one);
        // The hash is there already, unless only a part of the destination decides.
        const bool whole = partition_key(one.destination).size() == one.destination.size();
        block->at.partition = whole ? static_cast<partition>(block->hash % partitions()) : partition_of(one.destination, partitions());
        (one.ephemeral ? ephemeral : taken).push_back(block);
        if (one.id != record_id{} && !one.ephemeral) identified.push_back({block, {one.id, one.base}});
    }

    lock held(mutex_);
    if (life_ == life::stopped) return;
    if (life_ == life::stopping) {
        for (const outgoing& one : messages) answer(one.ticket, error::stopped);
    } else {
        for (const std::uint64_t ticket : refused) answer(ticket, error::message_too_large);
        identities_.insert(identified.begin(), identified.end());
        append_ephemeral(std::move(ephemeral));
        if (available_)
            append(std::move(taken));
        else
            untold_.splice_back(std::move(taken));
    }
    finish(std::move(held), sink_ != nullptr);
}

STOMPCHAT_DECL void memory_broker::core::append(detail::block_chain&& taken) {
    while (!taken.empty()) {
        detail::record_block* const block = taken.pop_front();
        if (is_copy(block)) continue;
        const partition self = block->at.partition;
        partition_state& state = partitions_[self];
        state.log.append(block, epoch_, self,
                         options_.largest_offset_step > 1 ? static_cast<offset>(random() % options_.largest_offset_step) : 0);
        if (!identities_.empty()) {
            if (const auto found = identities_.find(block); found != identities_.end()) {
                copies_.note(found->second.id, block->at, clock::now());
                identities_.erase(found);
            }
        }
        if (delivers(state)) {
            if (!state.unseen) state.unseen = block;
            make_ready(state, self);
        }
        answer(block->ticket, {}, block->at);
        trim(state);
    }
}

STOMPCHAT_DECL bool memory_broker::core::is_copy(detail::record_block* block) {
    if (identities_.empty()) return false;
    const auto found = identities_.find(block);
    if (found == identities_.end()) return false;
    const identity known = found->second;
    const auto first = copies_.find(known.id, known.base);
    if (!first) return false;
    identities_.erase(found);
    answer(block->ticket, {}, *first);
    dropped_.push_back(block);
    return true;
}

STOMPCHAT_DECL void memory_broker::core::append_ephemeral(detail::block_chain&& taken) {
    while (!taken.empty()) {
        detail::record_block* const block = taken.pop_front();
        answer(block->ticket, {}, {});
        // Nobody is told later what was only for the moment.
        if (available_ && delivers(partitions_[block->at.partition]) && ephemeral_octets_ < most_ephemeral_octets) {
            ephemeral_octets_ += sizeof(detail::record_block) + block->size();
            ephemeral_.push_back(block);
        } else {
            dropped_.push_back(block);
        }
    }
}

STOMPCHAT_DECL void memory_broker::core::answer(std::uint64_t ticket, error_code failure, const position& at) {
    if (options_.result_delay.count() == 0)
        results_.push_back({ticket, failure, at});
    else
        late_.push_back({clock::now() + options_.result_delay, {ticket, failure, at}});
}

STOMPCHAT_DECL void memory_broker::core::set_partitions(std::span<const partition> wanted) {
    lock held(mutex_);
    for (partition p = 0; p != partitions(); ++p) {
        partition_state& state = partitions_[p];
        const bool now = std::find(wanted.begin(), wanted.end(), p) != wanted.end();
        if (now == state.wanted) continue;
        state.wanted = now;
        if (now && sink_) {
            begin_at_end(state, p);
        } else if (!now) {
            state.unseen = nullptr;
            state.begins = false;
            ++state.assignment;
            trim(state);
        }
    }
    finish(std::move(held), sink_ != nullptr);
}

STOMPCHAT_DECL void memory_broker::core::begin_at_end(partition_state& state, partition self) {
    state.unseen = nullptr;
    state.shown = state.log.end();
    state.begins = true;
    ++state.assignment;
    make_ready(state, self);
}

STOMPCHAT_DECL void memory_broker::core::make_ready(partition_state& state, partition self) {
    if (state.queued) return;
    state.queued = true;
    ready_.push_back(self);
}

STOMPCHAT_DECL void memory_broker::core::trim(partition_state& state) {
    detail::partition_log& log = state.log;
    while (log.oldest() && log.oldest() != state.unseen
           && (log.octets() > options_.history_octets_per_partition || log.count() > options_.history_messages_per_partition))
        log.drop_oldest(dropped_);
}

STOMPCHAT_DECL void memory_broker::core::read(std::string destination, position from, read_bounds bounds,
                                              detail::completion<void(error_code, read_result)> done) {
    lock held(mutex_);
    reads_.push_back({std::move(destination), from, bounds, std::move(done)});
    finish(std::move(held), true);
}

STOMPCHAT_DECL void memory_broker::core::end(partition of, detail::completion<void(error_code, position)> done) {
    lock held(mutex_);
    error_code failure;
    position at;
    if (life_ != life::running)
        failure = error::stopped;
    else if (!available_)
        failure = error::broker_unavailable;
    else
        at = {epoch_, of, partitions_.at(of).log.end()};
    held.unlock();
    done(failure, at);
}

STOMPCHAT_DECL void memory_broker::core::stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done) {
    lock held(mutex_);
    if (life_ == life::stopped) {
        held.unlock();
        return done({});
    }
    stop_waiters_.push_back(std::move(done));
    if (life_ == life::running) {
        life_ = life::stopping;
        // A day: what is longer would overflow the clock.
        stop_deadline_ = clock::now() + std::min<std::chrono::milliseconds>(patience, std::chrono::hours(24));
    }
    finish(std::move(held), true);
}

STOMPCHAT_DECL void memory_broker::core::abandon() {
    std::deque<waiting_read> reads;
    std::deque<waiting_read> pass;
    std::vector<detail::completion<void(error_code)>> waiters;
    const lock held(mutex_);
    life_ = life::stopped;
    sink_ = nullptr;
    reads.swap(reads_);
    pass.swap(pass_);
    waiters.swap(stop_waiters_);
}

STOMPCHAT_DECL void memory_broker::core::finish(lock&& held, bool wake) {
    const bool post = wake && !scheduled_;
    if (post) scheduled_ = true;
    detail::block_chain dropped;
    if (!in_turn_) dropped = std::move(dropped_);
    held.unlock();
    if (post) post_turn();
}

STOMPCHAT_DECL std::uint64_t memory_broker::core::random() noexcept {
    // SplitMix64 (Steele, Lea, Flood 2014).
    std::uint64_t z = random_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

STOMPCHAT_DECL std::uint64_t memory_broker::core::epoch() const {
    const lock held(mutex_);
    return epoch_;
}

STOMPCHAT_DECL std::uint64_t memory_broker::core::physical_reads() const {
    const lock held(mutex_);
    return physical_reads_;
}

STOMPCHAT_DECL std::size_t memory_broker::core::history_octets() const {
    const lock held(mutex_);
    std::size_t sum = 0;
    for (const partition_state& state : partitions_) sum += state.log.octets();
    return sum;
}

STOMPCHAT_DECL std::size_t memory_broker::core::history_messages() const {
    const lock held(mutex_);
    std::size_t sum = 0;
    for (const partition_state& state : partitions_) sum += state.log.count();
    return sum;
}

STOMPCHAT_DECL void memory_broker::core::inject_available(bool available) {
    lock held(mutex_);
    if (available == available_ || refused_ || life_ == life::stopped) return;
    available_ = available;
    if (sink_) states_.push_back(available ? broker_state::ready : broker_state::unavailable);
    if (available) append(std::move(untold_));
    finish(std::move(held), sink_ != nullptr);
}

STOMPCHAT_DECL void memory_broker::core::inject_refusal() {
    lock held(mutex_);
    if (std::exchange(refused_, true) || life_ == life::stopped) return;
    available_ = false;
    if (sink_) states_.push_back(broker_state::refused);
    finish(std::move(held), sink_ != nullptr);
}

STOMPCHAT_DECL void memory_broker::core::inject_repeat(partition of, offset from) {
    lock held(mutex_);
    partition_state& state = partitions_.at(of);
    detail::record_block* const first = state.log.at_or_behind(from);
    if (!first || !delivers(state)) return;
    // The first unseen one counts too: a turn may be showing it just now.
    if (!state.unseen || state.unseen->at.offset >= first->at.offset) {
        state.unseen = first;
        ++state.assignment;
    }
    make_ready(state, of);
    finish(std::move(held), true);
}

STOMPCHAT_DECL void memory_broker::core::inject_loss(partition of, offset end) {
    lock held(mutex_);
    partition_state& state = partitions_.at(of);
    while (state.log.oldest() && state.log.oldest() != state.unseen && state.log.oldest()->at.offset < end) state.log.drop_oldest(dropped_);
    finish(std::move(held), false);
}

STOMPCHAT_DECL void memory_broker::core::inject_new_log() {
    lock held(mutex_);
    epoch_ = random();
    copies_.clear();
    for (partition p = 0; p != partitions(); ++p) {
        partition_state& state = partitions_[p];
        state.unseen = nullptr;
        while (state.log.oldest()) state.log.drop_oldest(dropped_);
        if (delivers(state)) begin_at_end(state, p);
    }
    finish(std::move(held), sink_ != nullptr);
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
