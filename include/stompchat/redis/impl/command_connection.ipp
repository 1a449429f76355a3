// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_COMMAND_CONNECTION_IPP
#define STOMPCHAT_REDIS_IMPL_COMMAND_CONNECTION_IPP

#include <stompchat/redis/detail/command_connection.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {

STOMPCHAT_DECL command_connection::command_connection(const link::executor_type& executor, std::shared_ptr<const link_setup> setup)
    : executor_(executor), setup_(std::move(setup)),
      keeper_(std::make_shared<keeper>(executor, setup_, static_cast<keeper_listener&>(*this))), timer_(executor) {}

STOMPCHAT_DECL command_connection::~command_connection() { keeper_->stop(); }

STOMPCHAT_DECL void command_connection::start() {
    asio::post(executor_, [self = shared_from_this()] {
        if (!self->stopped_) self->keeper_->start();
    });
}

STOMPCHAT_DECL void command_connection::stop(stompchat::detail::completion<void(error_code)> done) {
    asio::post(executor_, [self = shared_from_this(), done = std::move(done)]() mutable {
        self->close();
        done({});
    });
}

STOMPCHAT_DECL void command_connection::close() {
    stopped_ = true;
    keeper_->stop();
    timer_.cancel();
    watchers_.clear();
    fail_all(error::stopped);
}

STOMPCHAT_DECL void command_connection::watch(std::weak_ptr<connection_watcher> who) {
    asio::post(executor_, [self = shared_from_this(), who = std::move(who)] {
        const auto alive = who.lock();
        if (self->stopped_ || alive == nullptr) return;
        self->watchers_.push_back(who);
        if (self->connected_) alive->on_connected(self->server_);
    });
}

// Commands in, from any thread.

STOMPCHAT_DECL void command_connection::send(command what, reply_handler handler) {
    give({std::move(what), nullptr, std::move(handler), 0, {}});
}

STOMPCHAT_DECL void command_connection::run(const script& which, command what, reply_handler handler) {
    give({std::move(what), &which, std::move(handler), 0, {}});
}

STOMPCHAT_DECL void command_connection::give(pending one) {
    one.octets = one.what.octets();
    one.deadline = std::chrono::steady_clock::now() + setup_->options.command_timeout;
    const std::size_t commands = ++pending_commands_;
    const std::size_t octets = pending_octets_ += one.octets;
    if (commands > setup_->options.max_pending_commands || octets > setup_->options.max_pending_octets) {
        asio::post(executor_, [self = shared_from_this(), one = std::move(one)]() mutable {
            reply none;
            self->finish(std::move(one), error::registry_unavailable, none);
        });
        return;
    }
    {
        const std::lock_guard held(mutex_);
        given_.push_back(std::move(one));
        if (std::exchange(taking_, true)) return;
    }
    asio::post(executor_, [self = shared_from_this()] { self->take_given(); });
}

// From here on, the executor's thread.

STOMPCHAT_DECL void command_connection::take_given() {
    {
        const std::lock_guard held(mutex_);
        taken_.swap(given_);
        taking_ = false;
    }
    for (pending& one : taken_) queue_.push_back(std::move(one));
    taken_.clear();
    if (keeper_->is_ready()) {
        write_given();
    } else if (stopped_) {
        return fail_all(error::stopped);
    } else if (!keeper_->is_connecting()) {
        return fail_all(error::registry_unavailable);
    }
    watch_time();
}

STOMPCHAT_DECL void command_connection::write_given() {
    for (; sent_ != queue_.size(); ++sent_) write(queue_[sent_]);
    keeper_->to().flush();
}

STOMPCHAT_DECL void command_connection::write(pending& one) {
    if (one.which == nullptr) {
        keeper_->to().write(one.what);
        one.what = {};
        return;
    }
    const bool first = known_scripts_.insert(one.which).second || one.repeated;
    const std::array<std::string_view, 2> call =
        first ? std::array<std::string_view, 2>{"EVAL", one.which->text()} : std::array<std::string_view, 2>{"EVALSHA", one.which->sha()};
    keeper_->to().write(one.what, call);
}

STOMPCHAT_DECL void command_connection::on_ready(const server_info& server) {
    server_ = server;
    connected_ = true;
    last_refusal_.clear();
    known_scripts_.clear();
    tell_watchers([&](connection_watcher& one) { one.on_connected(server); });
    if (keeper_->is_ready()) write_given();
}

STOMPCHAT_DECL void command_connection::on_reply(reply& what) {
    if (sent_ == 0) return keeper_->fail(error::registry_unavailable, "an answer that nobody asked for");
    pending one = std::move(queue_.front());
    queue_.pop_front();
    --sent_;
    last_chance_ = false;
    if (!what.is_error()) return finish(std::move(one), {}, what);

    const std::string& text = what.text();
    if (one.which != nullptr && !one.repeated && text.starts_with("NOSCRIPT")) {
        one.repeated = true;
        one.deadline = std::chrono::steady_clock::now() + setup_->options.command_timeout;
        write(one);
        queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(sent_), std::move(one));
        ++sent_;
        return;
    }
    const bool no_master = text.starts_with("READONLY");
    log_refusal(text);
    finish(std::move(one), error::registry_unavailable, what);
    if (no_master) keeper_->fail(error::registry_unavailable, "it is no master any more");
}

STOMPCHAT_DECL void command_connection::on_replies_end() {
    // Handlers may have given more; and scripts may have been repeated.
    if (keeper_->is_ready()) keeper_->to().flush();
}

STOMPCHAT_DECL void command_connection::on_down(error_code ec, const std::string&) {
    const bool was_connected = std::exchange(connected_, false);
    fail_all(error::registry_unavailable);
    if (was_connected) tell_watchers([&](connection_watcher& one) { one.on_lost(ec); });
}

STOMPCHAT_DECL void command_connection::finish(pending one, error_code ec, reply& answer) {
    --pending_commands_;
    pending_octets_ -= one.octets;
    one.handler(ec, answer);
}

STOMPCHAT_DECL void command_connection::fail_all(error_code ec) {
    std::deque<pending> all;
    all.swap(queue_);
    sent_ = 0;
    last_chance_ = false;
    reply none;
    for (pending& one : all) finish(std::move(one), ec, none);
}

template <class F>
void command_connection::tell_watchers(F&& tell) {
    std::erase_if(watchers_, [](const auto& one) { return one.expired(); });
    const auto all = watchers_;
    for (const auto& one : all) {
        if (const auto alive = one.lock()) tell(*alive);
    }
}

STOMPCHAT_DECL void command_connection::log_refusal(const std::string& text) {
    // One that repeats itself is told once for each connection.
    std::string kind = text.substr(0, text.find(' '));
    if (kind != last_refusal_) setup_->log(severity::warning, "redis: " + server_.address + " refused a command: " + text);
    last_refusal_ = std::move(kind);
}

// Time.

STOMPCHAT_DECL void command_connection::watch_time() {
    if (timing_ || queue_.empty()) return;
    timing_ = true;
    timer_.expires_at(last_chance_ ? std::chrono::steady_clock::now() : queue_.front().deadline);
    timer_.async_wait([weak = weak_from_this()](error_code) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->timing_ = false;
        if (!self->stopped_) self->on_time();
    });
}

STOMPCHAT_DECL void command_connection::on_time() {
    const auto now = std::chrono::steady_clock::now();
    if (keeper_->is_ready()) {
        const bool late = !queue_.empty() && queue_.front().deadline <= now;
        // A process that was stopped itself may have the answer in its socket: that is read first.
        if (late && last_chance_) {
            keeper_->fail(asio::error::timed_out, "no answer within " + std::to_string(setup_->options.command_timeout.count()) + " ms");
        } else {
            last_chance_ = late;
        }
    } else {
        reply none;
        while (!queue_.empty() && queue_.front().deadline <= now) {
            pending one = std::move(queue_.front());
            queue_.pop_front();
            finish(std::move(one), error::registry_unavailable, none);
        }
    }
    watch_time();
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
