// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SHARD_SWEEP_IPP
#define STOMPCHAT_NODE_IMPL_SHARD_SWEEP_IPP

/*  Topics with very many subscriptions. One message for 9,000 sessions is 50 ms of system calls; in one piece everybody else would wait for
    them.

    - Such a message queues up at its topic (delivery::sweep). A turn of sweep() visits some subscriptions: each is given what is queued,
      and its session is written at once, so that messages that come faster than the rounds go out together, in one write.
    - A turn lasts about as long as everything else lasted since the last one, so that both get a good part of the thread when both have
      enough to do; but at least a moment, and never so long that somebody who writes one line would notice.
    - What others have to say does not wait for several turns on its way through the handlers (read, log, delivery, write): before each turn
      there is an empty one, in which sockets that became ready are read; there are more while something is being published; and whoever is
      on the flush list is written first.
    - Topics take turns.
    - The shard's position of the partition is told at once. A subscription that comes meanwhile begins behind what is queued; one that is
      behind, and catches up, has read from the log what was queued.
    - When too much is queued at a topic, those who publish to it here are not read until that is better. When others publish, somewhere
      else, faster than it can be handed out, the subscriptions fall behind and read the log: memory stays bounded.  */

#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>
#include <stompchat/node/impl/shard_delivery.ipp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

inline constexpr std::chrono::microseconds shortest_sweep{100};
inline constexpr std::chrono::microseconds longest_sweep{300};
/// Empty turns in a row, however much is published.
inline constexpr int most_empty_turns = 3;
/// Messages that may be queued at a topic before its publishers are held up.
inline constexpr std::size_t most_queued_messages = 64;

} // namespace detail

STOMPCHAT_DECL std::size_t shard::swept_octets() noexcept {
    std::size_t queued = 0;
    for (const swept_topic& one : swept_) {
        if (const topic_table::topic* const other = topics_.find(one.slot, one.number)) queued += other->subscriptions.queued_octets();
    }
    return queued;
}

STOMPCHAT_DECL void shard::queue_for_sweep(topic_table::topic& of, frame_ref message) {
    if (swept_octets() >= node_.options.shard_inbox) {
        delivery_host host{*this};
        return delivery::fall_behind(of, message->at().offset, message->at().offset, host);
    }
    if (!of.subscriptions.busy()) swept_.push_back({topics_.slot_of(of), of.number});
    if (!sweep_posted_) {
        sweep_ended_ = now();
        sweep_later();
    }
    of.subscriptions.push({std::move(message)});
}

STOMPCHAT_DECL void shard::sweep_later() {
    sweep_posted_ = true;
    asio::post(context_, [home = link_] {
        if (shard* const self = home->get()) self->sweep();
    });
}

STOMPCHAT_DECL void shard::sweep() {
    if (!to_flush_.empty()) flush();
    if (empty_turns_ == 0 || (std::exchange(published_, false) && empty_turns_ != detail::most_empty_turns)) {
        ++empty_turns_;
        return sweep_later();
    }
    empty_turns_ = 0;
    const time_point began = now();
    const time_point until = began + std::clamp<time_point::duration>(began - sweep_ended_, detail::shortest_sweep, detail::longest_sweep);
    // Whatever a session's write brings about, closing and opening topics included, the topic is looked up anew after it.
    do {
        const swept_topic turn = swept_.front();
        topic_table::topic* const of = topics_.find(turn.slot, turn.number);
        if (of != nullptr && of->subscriptions.busy())
            sweep_one(*of);
        else
            swept_.pop_front();
        sweep_ended_ = now();
    } while (!swept_.empty() && sweep_ended_ < until);
    if (!held_up_.empty()) let_go();
    sweep_posted_ = false;
    if (swept_.empty()) return;
    swept_.push_back(swept_.front());
    swept_.pop_front();
    sweep_later();
}

STOMPCHAT_DECL void shard::sweep_one(topic_table::topic& of) {
    // Sessions lie all over the memory: what the next ones need comes while this one is in the system.
    if (const subscription* const one = of.subscriptions.ahead(3)) one->prefetch();
    if (const subscription* const one = of.subscriptions.ahead(2)) one->owner->prefetch();
    if (const subscription* const one = of.subscriptions.ahead(1)) one->owner->prefetch_stream();
    bool given = false;
    subscription& visited = of.subscriptions.visit([&](subscription& to, const delivery::queued_record<frame_ref>& message) {
        session& owner = *to.owner;
        // No more than one write takes; the rest comes at the next visit, or stays in the log if the socket takes nothing.
        if (given && owner.has_a_write()) return false;
        if (message.what->ephemeral()) {
            const bool takes = to.cursor.live() && owner.can_take();
            if (takes) owner.queue_message(message.what, to);
            given |= takes;
            return true;
        }
        given |= delivery::hand_over(
            message.what->at().offset, to, [&] { return owner.has_room(to); }, [&] { owner.queue_message(message.what, to); },
            [&] { owner.fell_behind(to); });
        return true;
    });
    // Who is on the other list is written there.
    if (given && !visited.owner->flush_listed_) visited.owner->flush();
}

// Publishers.

STOMPCHAT_DECL bool shard::congested(std::string_view destination) noexcept {
    if (swept_.empty()) return false;
    const topic_table::topic* const of = topics_.find(destination);
    return of != nullptr && is_congested(*of, 1);
}

STOMPCHAT_DECL bool shard::is_congested(const topic_table::topic& of, std::size_t share) const noexcept {
    return of.subscriptions.queued() >= detail::most_queued_messages / share
           || of.subscriptions.queued_octets() >= node_.options.output_queue / 2 / share;
}

STOMPCHAT_DECL void shard::hold_up(session& whom) { held_up_.push_back(whom.id()); }

STOMPCHAT_DECL void shard::let_go() {
    for (const swept_topic& one : swept_) {
        const topic_table::topic* const of = topics_.find(one.slot, one.number);
        if (of != nullptr && is_congested(*of, 2)) return;
    }
    for (const connection_id id : std::exchange(held_up_, {})) {
        if (session* const one = find(id)) one->on_uncongested();
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
