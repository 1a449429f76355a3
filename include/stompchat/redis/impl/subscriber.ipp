// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_SUBSCRIBER_IPP
#define STOMPCHAT_REDIS_IMPL_SUBSCRIBER_IPP

#include <stompchat/redis/detail/subscriber.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

STOMPCHAT_DECL subscriber::subscriber(const link::executor_type& executor, std::shared_ptr<const link_setup> setup)
    : executor_(executor), setup_(std::move(setup)),
      keeper_(std::make_shared<keeper>(executor, setup_, static_cast<keeper_listener&>(*this))), timer_(executor) {}

STOMPCHAT_DECL subscriber::~subscriber() { keeper_->stop(); }

STOMPCHAT_DECL void subscriber::listen(std::weak_ptr<subscriber_listener> who) {
    asio::post(executor_, [self = shared_from_this(), who = std::move(who)] {
        const auto alive = who.lock();
        if (self->stopped_ || alive == nullptr) return;
        self->listeners_.push_back(who);
        self->keeper_->start();
        if (self->connected_) alive->on_subscriber_connected(self->server_);
    });
}

STOMPCHAT_DECL void subscriber::subscribe(std::vector<std::string> channels) { write("SUBSCRIBE", std::move(channels)); }

STOMPCHAT_DECL void subscriber::unsubscribe(std::vector<std::string> channels) { write("UNSUBSCRIBE", std::move(channels)); }

STOMPCHAT_DECL void subscriber::write(std::string_view verb, std::vector<std::string> channels) {
    if (channels.empty()) return;
    asio::post(executor_, [self = shared_from_this(), verb, channels = std::move(channels)] {
        if (!self->keeper_->is_ready()) return;
        command what{verb};
        for (const std::string& channel : channels) what.add(channel);
        self->keeper_->to().write(what);
        self->keeper_->to().flush();
    });
}

STOMPCHAT_DECL void subscriber::close_soon() {
    asio::post(executor_, [self = shared_from_this()] { self->close(); });
}

STOMPCHAT_DECL void subscriber::close() {
    stopped_ = true;
    keeper_->stop();
    timer_.cancel();
    listeners_.clear();
}

STOMPCHAT_DECL void subscriber::on_ready(const server_info& server) {
    server_ = server;
    connected_ = true;
    heard_ = true;
    asked_ = false;
    watch_time();
    tell([&](subscriber_listener& one) { one.on_subscriber_connected(server); });
}

STOMPCHAT_DECL void subscriber::on_reply(reply& what) {
    heard_ = true;
    asked_ = false;
    if (what.is_error()) return keeper_->fail(error::registry_unavailable, "it refuses to serve: " + what.text());
    const std::string& kind = what[0].text();
    if (kind == "message") {
        tell([&](subscriber_listener& one) { one.on_message(what[1].text(), what[2].text()); });
    } else if (kind == "subscribe") {
        tell([&](subscriber_listener& one) { one.on_subscribed(what[1].text()); });
    }
}

STOMPCHAT_DECL void subscriber::on_replies_end() {}

STOMPCHAT_DECL void subscriber::on_down(error_code ec, const std::string&) {
    if (std::exchange(connected_, false)) tell([&](subscriber_listener& one) { one.on_subscriber_lost(ec); });
}

template <class F>
void subscriber::tell(F&& how) {
    std::erase_if(listeners_, [](const auto& one) { return one.expired(); });
    const auto all = listeners_;
    for (const auto& one : all) {
        if (const auto alive = one.lock()) how(*alive);
    }
}

STOMPCHAT_DECL void subscriber::watch_time() {
    if (timing_) return;
    timing_ = true;
    timer_.expires_after(setup_->options.command_timeout);
    timer_.async_wait([weak = weak_from_this()](error_code) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->timing_ = false;
        if (self->stopped_ || !self->keeper_->is_ready()) return; // the next connection sets it again
        if (!std::exchange(self->heard_, false)) {
            if (self->asked_) {
                const auto time = std::to_string(self->setup_->options.command_timeout.count());
                return self->keeper_->fail(asio::error::timed_out, "no answer within " + time + " ms");
            }
            self->asked_ = true;
            self->keeper_->to().write({"PING"});
            self->keeper_->to().flush();
        }
        self->watch_time();
    });
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
