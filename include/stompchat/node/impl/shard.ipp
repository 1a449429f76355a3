// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SHARD_IPP
#define STOMPCHAT_NODE_IMPL_SHARD_IPP

#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/node/detail/http_connection.hpp>
#include <stompchat/node/detail/membership.hpp>
#include <stompchat/node/detail/presence_hub.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL shard::shard(std::uint32_t index, asio::io_context& context, const node_context& node)
    : index_(index), context_(context), node_(node), receive_scratch_(64 * 1024), wheel_(std::chrono::milliseconds(50), now()),
      timer_(context), topics_(index, node.ports.log.partitions(), {node.options.recent_octets / node.shards, node.options.topic_linger}),
      link_(std::make_shared<shard_link>(*this, context)), inbox_(context, node.options.shard_inbox, [home = link_] {
          if (shard* const self = home->get()) self->deliver();
      }) {}

STOMPCHAT_DECL shard::~shard() {
    link_->cut();
    places_.clear();
    retired_.clear();
}

STOMPCHAT_DECL session* shard_link::find(connection_id id) const noexcept { return shard_ == nullptr ? nullptr : shard_->find(id); }

// Connections.

STOMPCHAT_DECL std::string shard::session_name(std::uint64_t number) const {
    return fmt::format("{:x}-{:x}-{:x}", node_.self.incarnation, index_, number);
}

STOMPCHAT_DECL connection_id shard::place(std::unique_ptr<connection> added) {
    if (free_places_.empty()) {
        free_places_.push_back(static_cast<std::uint32_t>(places_.size()));
        places_.emplace_back();
    }
    const std::uint32_t at = free_places_.back();
    free_places_.pop_back();
    added->id_ = {at, places_[at].generation};
    places_[at].who = std::move(added);
    ++live_;
    return places_[at].who->id_;
}

STOMPCHAT_DECL void shard::accept(net::stream_ptr stream, const listener_options& from) {
    if (stopping_) return;
    std::unique_ptr<connection> made;
    if (from.kind == transport::websocket) {
        made = std::make_unique<http_connection>(*this, std::move(stream));
    } else {
        credentials shown;
        shown.remote_address = stream->remote_endpoint().address().to_string();
        made = std::make_unique<session>(*this, std::move(stream), false, std::move(shown));
    }
    connection& started = *made;
    place(std::move(made));
    started.start();
}

STOMPCHAT_DECL session& shard::upgrade(net::stream_ptr stream, credentials shown) {
    auto made = std::make_unique<session>(*this, std::move(stream), true, std::move(shown));
    session& started = *made;
    place(std::move(made));
    return started;
}

STOMPCHAT_DECL session* shard::find(connection_id id) noexcept {
    if (id.place >= places_.size() || places_[id.place].generation != id.generation || !places_[id.place].who) return nullptr;
    return places_[id.place].who->as_session();
}

STOMPCHAT_DECL void shard::retire(connection& done) {
    if (std::exchange(done.retired_, true)) return;
    net::timing_wheel::cancel(done);
    if (session* const ended = done.as_session(); ended != nullptr && ended->flush_listed_)
        std::replace(to_flush_.begin(), to_flush_.end(), ended, static_cast<session*>(nullptr));
    place_entry& from = places_[done.id_.place];
    // A name is used again only with another generation; it takes 2^32 connections in one place to come round.
    ++from.generation;
    retired_.push_back(std::move(from.who));
    free_places_.push_back(done.id_.place);
    --live_;
    // The object may be anywhere on the stack, so it goes in a handler of its own.
    if (retired_.size() == 1)
        link_->post([home = link_] {
            if (shard* const self = home->get()) self->reap();
        });
}

STOMPCHAT_DECL void shard::reap() {
    retired_.clear();
    if (live_ == 0 && drained_) end();
}

STOMPCHAT_DECL void shard::end() {
    if (presence_) presence_->stop();
    if (durables_) durables_->stop();
    timer_.cancel(); // else the context would have something to wait for, although nobody has a deadline any more
    keyed_.clear();
    std::exchange(drained_, nullptr)();
}

STOMPCHAT_DECL void shard::stop(std::function<void()> drained) {
    stopping_ = true;
    drained_ = std::move(drained);
    for (std::size_t i = 0; i != places_.size(); ++i) {
        if (places_[i].who) places_[i].who->on_stop();
    }
    if (live_ == 0 && retired_.empty()) end();
}

STOMPCHAT_DECL void shard::abort() {
    for (std::size_t i = 0; i != places_.size(); ++i) {
        if (places_[i].who) places_[i].who->abort();
    }
}

STOMPCHAT_DECL void shard::schedule(connection& whom, time_point deadline) {
    if (whom.retired_ || (whom.scheduled() && whom.deadline_ <= deadline)) return;
    whom.deadline_ = deadline;
    wheel_.schedule(whom, deadline);
    arm_timer();
}

STOMPCHAT_DECL void shard::arm_timer() {
    const auto next = wheel_.next_expiry();
    if (!next || *next >= timer_at_) return;
    timer_at_ = *next;
    timer_.expires_at(*next);
    timer_.async_wait([home = link_](error_code ec) {
        shard* const self = home->get();
        if (!ec && self != nullptr) self->on_timer();
    });
}

STOMPCHAT_DECL void shard::on_timer() {
    timer_at_ = time_point::max();
    const time_point at = now();
    topics_.expire(at);
    wheel_.advance(at, [at](net::timing_wheel::node& due) { static_cast<connection&>(due).on_deadline(at); });
    arm_timer();
}

// Others.

STOMPCHAT_DECL presence_hub& shard::presence() {
    if (!presence_) presence_ = std::make_unique<presence_hub>(*this);
    return *presence_;
}

STOMPCHAT_DECL bool shard::keeps_places() const noexcept { return presence_ && presence_->keeps_places(); }

STOMPCHAT_DECL void shard::look_again_at_presence() {
    if (presence_) presence_->look_again();
}

STOMPCHAT_DECL bool shard::ready() const noexcept {
    std::string_view text;
    return !stopping_ && node_.health->serves(node_.options.broker_patience, now()) && !node_.refuses_clients(text);
}

STOMPCHAT_DECL error_code node_context::refuses_clients(std::string_view& text) const noexcept {
    if (health->refused()) {
        text = "this node cannot serve; connect to another one";
        return error::broker_unavailable;
    }
    if (sends_clients_away) {
        text = "this node does not reach the messages at the moment; connect again, to another one";
        return error::broker_unavailable;
    }
    if (options.registry_down == registry_policy::refuse && !membership->reachable()) {
        text = "nobody can connect as long as the registry does not answer; connect again later";
        return error::registry_unavailable;
    }
    return {};
}

STOMPCHAT_DECL void shard::send_away(std::size_t most, const farewell& why) {
    for (std::size_t looks = 0; looks != places_.size() && most != 0; ++looks) {
        if (send_away_next_ >= places_.size()) send_away_next_ = 0;
        for_sessions(send_away_next_++, 1, [&](session& one) {
            if (one.cut_off(why)) --most;
        });
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
