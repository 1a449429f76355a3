// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SHARD_SUBSCRIPTIONS_IPP
#define STOMPCHAT_NODE_IMPL_SHARD_SUBSCRIPTIONS_IPP

#include <stompchat/node/detail/presence_hub.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/bind_executor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL void shard::subscribe(subscription& whom, std::string_view destination) {
    const bool live = topics_.add(whom, destination);
    if (topic_table::topic& of = topics_.at(whom.slot); of.settings == nullptr) of.settings = &node_.rules.of(destination);
    if (live) whom.owner->on_topic(whom, told_to(whom));
}

STOMPCHAT_DECL void shard::unsubscribe(subscription* whom) {
    if (whom->acks && whom->acks->durable != 0 && link_->get() != nullptr) durables_->end(*whom);
    if (whom->what == subscription::kind::topic) topics_.remove(*whom, now());
    if (whom->what == subscription::kind::presence) presence_->remove(*whom);
    if (whom->reading) std::exchange(whom->reading, nullptr)->to = nullptr;
    whom->removed = true;
    whom->frame_side = nullptr;
    if (whom->queued == 0) delete whom;
}

/// A handler that calls `then(subscription, arguments...)` on the shard's thread, if the subscription is still there.
template <class Then>
auto shard::for_subscription(subscription& whom, Then then) {
    whom.reading = std::make_shared<feed_link>(feed_link{&whom});
    return asio::bind_executor(context_, [home = link_, link = whom.reading, then](error_code ec, auto result) {
        if (home->get() == nullptr || link->to == nullptr) return;
        subscription& to = *link->to;
        to.reading = nullptr;
        then(to, ec, result);
    });
}

STOMPCHAT_DECL void shard::feed(subscription& whom, std::size_t messages, std::size_t octets) {
    const topic_table::topic& of = topics_.at(whom.slot);
    read_bounds bounds;
    bounds.messages = messages;
    bounds.octets = octets;
    const position from{of.epoch, of.partition, whom.cursor.next()};
    node_.ports.log.async_read(of.name, from, bounds, for_subscription(whom, [this](subscription& to, error_code ec, read_result& result) {
                                   if (!ec) remember_read(to, to.cursor.next(), result);
                                   to.owner->on_fed(to, ec, result);
                               }));
}

STOMPCHAT_DECL void shard::read_to_start(subscription& whom, const position& from, const read_bounds& bounds) {
    node_.ports.log.async_read(
        std::string(topics_.name(whom.slot)), from, bounds,
        for_subscription(whom, [](subscription& to, error_code ec, read_result& result) { to.owner->on_start_read(to, ec, result); }));
}

STOMPCHAT_DECL void shard::ask_end(subscription& whom) {
    node_.ports.log.async_end(
        topics_.at(whom.slot).partition,
        for_subscription(whom, [](subscription& to, error_code ec, const position& end) { to.owner->on_end(to, ec, end); }));
}

STOMPCHAT_DECL void shard::remember_read(const subscription& whom, offset from, const read_result& result) {
    topics_.remember_read(topics_.at(whom.slot), from, result, [this](const message& one) {
        frame_ref made = frame::make_message(one.view());
        made->charge(budget_);
        return made;
    });
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
