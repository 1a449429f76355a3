// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_PRESENCE_WATCH_IPP
#define STOMPCHAT_REDIS_IMPL_PRESENCE_WATCH_IPP

#include <stompchat/redis/detail/presence_watch.hpp>

#include <charconv>
#include <cstdint>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

STOMPCHAT_DECL presence_watch::presence_watch(redis_client& client, registry_keys keys)
    : keys_(std::move(keys)), subscriber_(client.subscriptions()), patience_(client.options().command_timeout),
      feed_(std::make_shared<stompchat::detail::presence_feed>(client.get_executor())), timer_(client.get_executor()) {}

STOMPCHAT_DECL void presence_watch::start() { subscriber_->listen(std::shared_ptr<subscriber_listener>(shared_from_this(), this)); }

STOMPCHAT_DECL void presence_watch::close() {
    closed_ = true;
    timer_.cancel();
    fail_waiters(error::stopped, std::chrono::steady_clock::time_point::max());
}

STOMPCHAT_DECL void presence_watch::watch(std::string room, sink_ptr sink, done finished) {
    if (closed_) return finished(error::stopped);
    const std::string name = keys_.channel(room);
    channel& to = channels_[name];
    to.room = room;
    const bool subscribed = connected_ && to.wanted && to.asked == 0;
    feed_->watch(std::move(room), sink);
    if (subscribed) return finished({});
    to.waiters.push_back({std::move(sink), std::move(finished), std::chrono::steady_clock::now() + patience_});
    if (connected_ && !to.wanted) subscribe(name, to);
    to.wanted = true;
    arm_timer();
}

STOMPCHAT_DECL void presence_watch::unwatch(const std::string& room, const sink_ptr& sink) {
    if (!feed_->unwatch(room, sink)) return;
    const auto at = channels_.find(keys_.channel(room));
    if (at == channels_.end() || !at->second.waiters.empty()) return;
    if (std::exchange(at->second.wanted, false) && connected_) {
        std::vector<std::string> names;
        names.push_back(at->first);
        subscriber_->unsubscribe(std::move(names));
    }
    forget_if_unused(at);
}

STOMPCHAT_DECL void presence_watch::subscribe(const std::string& name, channel& to) {
    ++to.asked;
    std::vector<std::string> names;
    names.push_back(name);
    subscriber_->subscribe(std::move(names));
}

STOMPCHAT_DECL void presence_watch::forget_if_unused(channel_map::iterator at) {
    // An answer that is on its way must not be taken for that to the next SUBSCRIBE.
    if (!at->second.wanted && at->second.asked == 0) channels_.erase(at);
}

STOMPCHAT_DECL void presence_watch::on_subscriber_connected(const server_info&) {
    connected_ = true;
    for (auto at = channels_.begin(); at != channels_.end();) {
        const auto next = std::next(at);
        at->second.asked = 0;
        if (at->second.wanted)
            subscribe(at->first, at->second);
        else
            forget_if_unused(at);
        at = next;
    }
}

STOMPCHAT_DECL void presence_watch::on_subscriber_lost(error_code) {
    connected_ = false;
    feed_->interrupt();
    fail_waiters(error::registry_unavailable, std::chrono::steady_clock::time_point::max());
    channels_.clear();
}

STOMPCHAT_DECL void presence_watch::on_subscribed(std::string_view name) {
    const auto at = channels_.find(std::string(name));
    if (at == channels_.end() || at->second.asked == 0 || --at->second.asked != 0) return;
    if (!at->second.wanted) return forget_if_unused(at);
    auto waiters = std::move(at->second.waiters);
    at->second.waiters.clear();
    for (waiter& one : waiters) one.finished({});
}

STOMPCHAT_DECL void presence_watch::on_message(std::string_view name, std::string_view payload) {
    const auto at = channels_.find(std::string(name));
    if (at == channels_.end()) return;
    std::uint64_t version = 0;
    std::size_t count = 0;
    const char* const end = payload.data() + payload.size();
    const auto first = std::from_chars(payload.data(), end, version);
    if (first.ec != std::errc() || first.ptr == end) return;
    const auto second = std::from_chars(first.ptr + 1, end, count);
    if (second.ec != std::errc() || end - second.ptr < 2) return;
    const std::string_view user(second.ptr + 2, static_cast<std::size_t>(end - second.ptr - 2));
    feed_->add(at->second.room, user, second.ptr[1] == '+', version, count);
}

STOMPCHAT_DECL void presence_watch::fail_waiters(error_code ec, std::chrono::steady_clock::time_point given_until) {
    for (auto& [name, one] : channels_) {
        std::erase_if(one.waiters, [&, &of = one](waiter& who) {
            if (who.until > given_until) return false;
            feed_->unwatch(of.room, who.sink);
            who.finished(ec);
            return true;
        });
    }
}

STOMPCHAT_DECL void presence_watch::arm_timer() {
    if (std::exchange(timing_, true)) return;
    timer_.expires_after(patience_);
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (self == nullptr || ec) return;
        self->timing_ = false;
        self->fail_waiters(error::registry_unavailable, std::chrono::steady_clock::now());
        for (const auto& [name, one] : self->channels_)
            if (!one.waiters.empty()) return self->arm_timer();
    });
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
