// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_DRIVER_IPP
#define STOMPCHAT_CLIENT_IMPL_DRIVER_IPP

#include <stompchat/client/detail/driver.hpp>
#include <stompchat/client/impl/driver_operations.ipp>

#include <boost/asio/post.hpp>

#include <cassert>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client::detail {

// From the link.

STOMPCHAT_DECL void driver::on_open() {
    link_open_ = true;
    session_->opened(clock::now());
    pump();
}

STOMPCHAT_DECL void driver::on_octets(std::string_view octets) {
    assert(!pumping_);
    session_->feed(octets, clock::now());
    pump();
}

STOMPCHAT_DECL void driver::on_drained() {
    if (link_) link_->pause(false);
}

STOMPCHAT_DECL void driver::on_closed(const transport_end& end) {
    link_.reset();
    link_open_ = false;
    session_->closed(end, clock::now());
    pump();
}

// What is to be done.

// Once a turn, so that what the application does in one turn goes out in one write.
STOMPCHAT_DECL void driver::schedule() {
    if (pumping_ || scheduled_ || abandoned_) return;
    scheduled_ = true;
    asio::post(executor_, [self = shared_from_this()] {
        self->scheduled_ = false;
        self->pump();
    });
}

STOMPCHAT_DECL void driver::pump() {
    if (pumping_ || abandoned_) return;
    const auto self = shared_from_this();
    pumping_ = true;
    try {
        while (!abandoned_) {
            action what = session_->next(clock::now());
            if (what.kind == action_kind::nothing) break;
            perform(what);
        }
    } catch (...) {
        // What has come behind it cannot be kept: it is in a buffer that dies now. After a reconnect it comes again.
        pumping_ = false;
        if (link_) link_->close();
        on_closed({error::connection_lost, "a handler has thrown", {}});
        throw;
    }
    pumping_ = false;
    if (abandoned_) return;
    write_output();
    arm();
}

STOMPCHAT_DECL void driver::write_output() {
    if (!link_open_) return;
    const std::string_view octets = session_->output();
    if (octets.empty()) return;
    std::size_t begin = 0;
    for (const std::size_t end : session_->output_ends()) {
        link_->write(octets.substr(begin, end - begin));
        begin = end;
    }
    session_->took_output(clock::now());
    link_->flush();
    if (link_->waiting() > options_.output_high_water) link_->pause(true);
}

STOMPCHAT_DECL void driver::arm() {
    const clock::time_point when = session_->deadline();
    if (when == clock::time_point::max()) {
        if (armed_ != when) timer_.cancel();
        armed_ = when;
        return;
    }
    // One that fires too early is armed again; so a deadline that moves with each message costs nothing.
    if (when >= armed_) return;
    armed_ = when;
    timer_.expires_at(when);
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (ec || !self || self->abandoned_) return;
        self->armed_ = clock::time_point::max();
        self->session_->on_time(clock::now());
        self->pump();
    });
}

STOMPCHAT_DECL void driver::open(std::size_t url) {
    const client::url& to = urls_[url];
    link_open_ = false;
    link_ = std::make_shared<link>(executor_, to, to.tls ? &*tls_ : nullptr, options_, static_cast<link_listener&>(*this));
    link_->open();
}

STOMPCHAT_DECL void driver::perform(action& what) {
    switch (what.kind) {
    case action_kind::nothing: return;
    case action_kind::open: return open(what.url);
    case action_kind::close:
        if (!link_) return;
        write_output();
        link_->close();
        link_.reset();
        link_open_ = false;
        return;
    case action_kind::connected: {
        server_ = std::move(what.server);
        server_.url = options_.urls[what.url];
        for (auto& [number, finished] : connects_) finished({}, server_);
        connects_.clear();
        if (!on_state_) return;
        state_change change;
        change.what = state_change::kind::connected;
        change.server = server_;
        return on_state_(change);
    }
    case action_kind::lost: {
        if (!on_state_) return;
        state_change change;
        change.what = state_change::kind::lost;
        change.ec = what.ec;
        change.text = std::move(what.text);
        change.delay = what.delay;
        return on_state_(change);
    }
    case action_kind::stopped: return stop(what.ec, what.text);
    case action_kind::sent:
        if (auto found = sends_.extract(what.tag)) {
            client::sent result;
            result.message_id = std::move(what.message_id);
            result.reason = std::move(what.text);
            found.mapped()(what.ec, std::move(result));
        }
        return;
    case action_kind::committed:
        if (auto found = commits_.extract(what.tag)) found.mapped()(what.ec, std::move(what.text));
        return;
    case action_kind::unsubscribed:
        if (auto found = unsubscribes_.extract(what.tag)) found.mapped()(what.ec);
        return;
    case action_kind::message:
    case action_kind::subscribed:
    case action_kind::resumed:
    case action_kind::ended: return perform_subscription(what);
    }
}

STOMPCHAT_DECL void driver::perform_subscription(action& what) {
    const auto found = handlers_.find(what.tag);
    // The handlers must outlive the call, during which they may be unsubscribed.
    const std::shared_ptr<subscription_handlers> to = found == handlers_.end() ? nullptr : found->second;
    if (what.kind == action_kind::ended || (what.kind == action_kind::subscribed && what.ec)) handlers_.erase(what.tag);
    switch (what.kind) {
    case action_kind::message:
        if (to && to->message) to->message(what.message);
        return;
    case action_kind::subscribed:
        if (auto waiting = subscribes_.extract(what.tag)) {
            what.subscription.id = what.tag;
            what.subscription.reason = std::move(what.text);
            waiting.mapped()(what.ec, std::move(what.subscription));
        }
        return;
    case action_kind::resumed:
        if (to && to->resumed) to->resumed(what.subscription);
        return;
    default:
        if (to && to->ended) to->ended(what.ec, what.text);
        return;
    }
}

STOMPCHAT_DECL void driver::stop(const error_code& ec, const std::string& text) {
    client::connected nobody;
    nobody.reason = text;
    for (auto& [number, finished] : connects_) finished(ec ? ec : error_code(error::stopped), nobody);
    connects_.clear();
    for (auto& [number, finished] : disconnects_) finished(ec);
    disconnects_.clear();
    if (!on_state_) return;
    state_change change;
    change.ec = ec;
    change.text = text;
    on_state_(change);
}

} // namespace stompchat::inline STOMPCHAT_ABI::client::detail

#endif
