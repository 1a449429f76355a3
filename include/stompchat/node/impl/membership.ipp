// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_MEMBERSHIP_IPP
#define STOMPCHAT_NODE_IMPL_MEMBERSHIP_IPP

#include <stompchat/node/detail/membership.hpp>

#include <boost/asio/bind_executor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL std::uint64_t new_incarnation(std::uint64_t after) {
    std::random_device random;
    const auto milliseconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
    return std::max(milliseconds << 16 | (random() & 0xFFFFu), after + 1);
}

STOMPCHAT_DECL membership::membership(boost::asio::io_context& context, session_registry& registry, observer& watcher,
                                      const chat_node_options& options, node_incarnation self, const broker_health& health)
    : registry_(registry), watcher_(watcher), options_(options), health_(health), name_(std::move(self.node)), context_(context),
      timer_(context), incarnation_(self.incarnation) {
    auto first = std::make_shared<cluster_view>();
    first->self = {this->self(), status()};
    view_ = std::move(first);
}

STOMPCHAT_DECL void membership::start(callbacks to) {
    to_ = std::move(to);
    hold();
}

STOMPCHAT_DECL void membership::stop() {
    // A node that has stopped may be destroyed on another thread, while late answers of the registry still come.
    if (stopped_) return;
    stopped_ = true;
    to_ = {};
    timer_.cancel();
}

STOMPCHAT_DECL void membership::leave(bool places, std::function<void(error_code)> done) {
    stop();
    auto left = boost::asio::bind_executor(context_, std::move(done));
    if (places)
        registry_.async_hold_lease(self(), node_status(false, options_.public_url), options_.presence_grace, std::move(left));
    else
        registry_.async_release(self(), std::move(left));
}

STOMPCHAT_DECL std::shared_ptr<const cluster_view> membership::view() const {
    const std::lock_guard lock(mutex_);
    return view_;
}

STOMPCHAT_DECL void membership::note(error_code ec, std::uint64_t incarnation, std::string_view what) {
    if (!ec || incarnation != this->incarnation() || failed_.exchange(incarnation, std::memory_order_acq_rel) == incarnation) return;
    // The first failure is told, the others are its consequences.
    watcher_.on_log(severity::warning,
                    fmt::format("the registry could not {}: {}; all is registered again when it answers", what, ec.message()));
}

// Heart-beats.

STOMPCHAT_DECL void membership::hold() {
    beat_began_ = std::chrono::steady_clock::now();
    const std::uint64_t asked = next_ != 0 ? next_ : incarnation();
    registry_.async_hold_lease(node_incarnation(name_, asked), status(), options_.lease,
                               boost::asio::bind_executor(context_, [self = shared_from_this(), asked](error_code ec) {
                                   if (!self->stopped_) self->on_held(asked, ec);
                               }));
}

STOMPCHAT_DECL void membership::on_held(std::uint64_t asked, error_code ec) {
    const bool reachable = !ec || ec == error::stale_incarnation;
    if (reachable_.exchange(reachable, std::memory_order_acq_rel) != reachable || !answered_) {
        if (!reachable)
            watcher_.on_log(severity::warning,
                            fmt::format("the registry did not renew the node's lease: {}; it is tried on", ec.message()));
        else if (answered_)
            watcher_.on_log(severity::info, "the registry answers again");
    }
    if (ec == error::stale_incarnation) {
        // An incarnation that was never used may be too low for a registry that has seen a later one, of before the clock was set back.
        next_ = 0;
        renew("this node was declared dead, or the registry has lost its data, or another node has the same name");
    } else if (!ec && asked == next_) {
        adopt(std::exchange(next_, 0));
    } else if (!ec && failed(incarnation())) {
        renew("the registry has missed something while it did not answer");
    }
    // Whoever connects is registered under the lease. A registry that is down keeps nobody out.
    if (!std::exchange(answered_, true)) to_.answered();
    if (stopped_) return;
    registry_.async_live_nodes(boost::asio::bind_executor(context_, [self = shared_from_this()](error_code failure, auto alive) {
        if (!self->stopped_) self->on_looked(failure, std::move(alive));
    }));
}

STOMPCHAT_DECL void membership::on_looked(error_code ec, std::vector<live_node> alive) {
    auto next = std::make_shared<cluster_view>();
    next->self = {self(), status()};
    next->current = !ec;
    if (!ec) {
        std::sort(alive.begin(), alive.end(), [](const live_node& a, const live_node& b) { return a.node.node < b.node.node; });
        next->nodes = std::move(alive);
    } else {
        next->nodes = view()->nodes;
    }
    {
        const std::lock_guard lock(mutex_);
        view_ = std::move(next);
    }
    to_.looked();
    if (!stopped_) end_of_beat();
}

STOMPCHAT_DECL void membership::end_of_beat() {
    const time_point now = std::chrono::steady_clock::now();
    timer_.expires_at(std::exchange(at_once_, false) ? now : std::max(beat_began_ + options_.lease / 5, now));
    timer_.async_wait([self = shared_from_this()](error_code ec) {
        if (!ec && !self->stopped_) self->hold();
    });
}

// Rules 2 to 5.

STOMPCHAT_DECL void membership::renew(const char* why) {
    const time_point now = std::chrono::steady_clock::now();
    if (now < renew_at_) return;
    const std::chrono::milliseconds lease = options_.lease;
    const bool quiet = renewed_at_ == time_point::min() || now - renewed_at_ >= 10 * lease;
    pause_ = quiet ? lease : std::min(2 * pause_, 12 * lease);
    renewed_at_ = now;
    renew_at_ = now + pause_;
    next_ = new_incarnation(incarnation());
    watcher_.on_log(severity::warning, fmt::format("{}: all sessions are registered again, as incarnation {:x}", why, next_));
    // The beat that is under way ends first; the next one asks for the new lease.
    at_once_ = true;
}

STOMPCHAT_DECL void membership::adopt(std::uint64_t incarnation) {
    incarnation_.store(incarnation, std::memory_order_release);
    to_.register_again([self = shared_from_this(), incarnation](std::size_t sessions) {
        if (self->failed(incarnation)) return;
        self->watcher_.on_log(severity::info, fmt::format("{} sessions are registered again", sessions));
        self->watcher_.on_registered_again(sessions);
    });
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
