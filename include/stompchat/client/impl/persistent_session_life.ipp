// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_PERSISTENT_SESSION_LIFE_IPP
#define STOMPCHAT_CLIENT_IMPL_PERSISTENT_SESSION_LIFE_IPP

#include <stompchat/client/persistent_session.hpp>

#include <boost/system/errc.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {
namespace detail {

// What may be otherwise in a moment, or on another node.
inline bool is_transient(const error_code& ec) noexcept {
    if (ec == error::server_error || ec == error::taken_over) return false;
    return ec == condition::unavailable || ec == error::stopped || ec == error::connect_timeout || ec == error::handshake_timeout
           || ec == error::heart_beat_timeout || ec == error::no_progress || ec == error::already_connected;
}

// The header `code` of a refusal.
inline error_code refusal(const stomp::frame_view& receipt) noexcept {
    const std::string_view code = receipt.value_of("code");
    if (code == "unknown-destination") return error::unknown_destination;
    if (code == "forbidden") return error::not_authorized;
    if (code == "bad-header") return error::bad_header_value;
    if (code == "limit") return error::refused_by_limit;
    if (code == "taken-over") return error::taken_over;
    if (code == "unavailable") return error::broker_unavailable;
    return error::rejected;
}

// For the server to close behind its ERROR: the close code may say when to come again.
inline constexpr std::chrono::milliseconds time_to_close{2000};

// The number of the subscription to /session/queue/errors: no other one ever has it.
inline constexpr subscription_id errors_subscription = std::numeric_limits<subscription_id>::max();

inline error_code timed_out() noexcept { return make_error_code(boost::system::errc::timed_out); }

} // namespace detail

STOMPCHAT_DECL void persistent_session::start(time_point now) {
    if (state_ != state::idle) return;
    const auto [url, at] = backoff_.first(now);
    open(url, at);
}

STOMPCHAT_DECL void persistent_session::open(std::size_t url, time_point now) {
    state_ = state::opening;
    url_ = url;
    was_connected_ = false;
    error_ = {};
    error_text_.clear();
    deadline_ = now + options_.connect_timeout;
    push(action_kind::open, 0).url = url;
}

STOMPCHAT_DECL void persistent_session::opened(time_point now) {
    if (state_ != state::opening) return;
    state_ = state::connecting;
    session_.emplace(options_.session, now);
    header_list more;
    if (!options_.login.empty()) more.emplace_back("login", options_.login);
    if (!options_.passcode.empty()) more.emplace_back("passcode", options_.passcode);
    if (options_.soft_errors) more.emplace_back("soft-errors", "true");
    more.insert(more.end(), options_.connect_headers.begin(), options_.connect_headers.end());
    if (options_.before_connect) options_.before_connect(more);
    session_->connect(options_.host.empty() ? hosts_[url_] : options_.host, more);
}

STOMPCHAT_DECL void persistent_session::closed(const transport_end& end, time_point now) {
    if (state_ == state::idle || state_ == state::waiting || state_ == state::stopped) return;
    // The ERROR before the end says more than the end.
    if (error_)
        lose(error_, error_text_, end.retry_after, now);
    else
        lose(end.ec ? end.ec : error_code(error::connection_lost), end.text, end.retry_after, now);
}

STOMPCHAT_DECL void persistent_session::drop_session() {
    session_.reset();
    hears_errors_ = false;
    delivering_ = 0;
    stable_ = time_point::max();
    for (auto& [id, one] : subscriptions_) {
        one.asked = false;
        one.progress.on_lost();
    }
    for (const transaction_id id : committing_) push(action_kind::committed, id, error::outcome_unknown, "the connection was lost");
    committing_.clear();
    for (const subscription_id id : leaving_) push(action_kind::unsubscribed, id);
    leaving_.clear();
    for (outbox::entry& one : outbox_.entries()) one.in_flight = false;
}

STOMPCHAT_DECL void persistent_session::lose(const error_code& ec, std::string text, std::chrono::seconds retry_after, time_point now) {
    if (state_ == state::leaving) return finish(ec ? ec : error_code(error::connection_lost), std::move(text));
    const bool was_connected = was_connected_;
    const bool for_good =
        !was_connected && (ec == condition::unauthorized || ec == error::no_common_version || (error_ && !detail::is_transient(error_)));
    failed_attempts_ = was_connected ? 0 : failed_attempts_ + 1;
    refusals_ = for_good ? refusals_ + 1 : 0;
    const bool once_each = !options_.reconnect && (was_connected || failed_attempts_ >= hosts_.size());
    if (refusals_ >= hosts_.size() || once_each || (options_.attempts != 0 && failed_attempts_ >= options_.attempts))
        return finish(ec, std::move(text));

    drop_session();
    const auto [url, at] = backoff_.next(url_, retry_after, now);
    state_ = state::waiting;
    next_url_ = url;
    deadline_ = at;
    action& made = push(action_kind::lost, 0, ec, std::move(text));
    made.delay = std::chrono::duration_cast<std::chrono::milliseconds>(at - now);
    made.url = url_;
    // Whoever never repeats knows now.
    if (options_.resend_within.count() != 0) return;
    std::vector<std::uint64_t> written;
    for (const outbox::entry& one : outbox_.entries()) {
        if (one.written) written.push_back(one.tag);
    }
    for (const std::uint64_t tag : written) {
        outbox_.erase(tag);
        push(action_kind::sent, tag, error::outcome_unknown, "the connection was lost before the answer came");
    }
}

// Everything that is still awaited is answered; the session itself goes with the following next(), because a message of it may be in use.
STOMPCHAT_DECL void persistent_session::finish(const error_code& ec, std::string text) {
    state_ = state::stopped;
    deadline_ = stable_ = time_point::max();
    const error_code reason = ec ? ec : error_code(error::stopped);
    for (const outbox::entry& one : outbox_.entries())
        push(action_kind::sent, one.tag, one.written ? error::outcome_unknown : reason, text);
    while (outbox_.messages() != 0) outbox_.erase(outbox_.entries().front().tag);
    for (const auto& [id, one] : subscriptions_) {
        push(one.announced ? action_kind::ended : action_kind::subscribed, id, reason, text);
    }
    subscriptions_.clear();
    for (const transaction_id id : committing_) push(action_kind::committed, id, error::outcome_unknown, text);
    committing_.clear();
    for (const subscription_id id : leaving_) push(action_kind::unsubscribed, id);
    leaving_.clear();
    push(action_kind::stopped, 0, ec, std::move(text));
}

STOMPCHAT_DECL void persistent_session::disconnect(time_point now) {
    if (state_ == state::leaving || state_ == state::stopped) return;
    if (!writable()) return stop({});
    session_->disconnect(++last_tag_);
    state_ = state::leaving;
    deadline_ = now + options_.close_timeout;
}

STOMPCHAT_DECL void persistent_session::stop(error_code why, std::string text) {
    if (state_ == state::stopped) return;
    if (state_ != state::idle && state_ != state::waiting) push(action_kind::close, 0);
    finish(why, std::move(text));
}

STOMPCHAT_DECL void persistent_session::on_event(const session_event& ev, time_point now) {
    switch (ev.kind) {
    case session_event_kind::connected: return on_connected(ev.frame, now);
    case session_event_kind::receipt: return on_receipt(ev, now);
    case session_event_kind::error: return on_error(ev, now);
    case session_event_kind::failed: push(action_kind::close, 0); return lose(ev.ec, ev.text, {}, now);
    default: return;
    }
}

STOMPCHAT_DECL void persistent_session::on_connected(const stomp::frame_view& frame, time_point now) {
    state_ = state::online;
    was_connected_ = true;
    failed_attempts_ = refusals_ = 0;
    deadline_ = time_point::max();
    stable_ = now + options_.backoff.stable;
    action& made = push(action_kind::connected, 0);
    made.url = url_;
    made.server.version = to_string(session_->version());
    made.server.server = frame.value_of("server");
    made.server.session = frame.value_of("session");
    made.server.user = frame.value_of("user-name");
    std::vector<subscription_id> ids;
    for (const auto& [id, one] : subscriptions_) ids.push_back(id);
    // One may end here, where the version does not know its ack mode.
    for (const subscription_id id : ids) write_subscription(id, subscriptions_.at(id));
    write_sends(now);
}

STOMPCHAT_DECL void persistent_session::on_receipt(const session_event& ev, time_point) {
    switch (ev.command) {
    case stomp::command::send: return on_sent(ev.tag, ev.frame);
    case stomp::command::subscribe: return on_subscribed(ev.tag, ev.frame);
    case stomp::command::unsubscribe:
        if (leaving_.erase(ev.tag) != 0) push(action_kind::unsubscribed, ev.tag);
        return;
    case stomp::command::commit:
        if (committing_.erase(ev.tag) != 0) push(action_kind::committed, ev.tag);
        return;
    case stomp::command::disconnect:
        if (state_ != state::leaving) return;
        push(action_kind::close, 0);
        return finish({}, {});
    default: return;
    }
}

STOMPCHAT_DECL void persistent_session::on_error(const session_event& ev, time_point now) {
    error_ = ev.ec;
    error_text_ = ev.text;
    deadline_ = std::min(deadline_, now + detail::time_to_close);
    if (ev.ec == error::taken_over) {
        std::vector<subscription_id> durable;
        for (const auto& [id, one] : subscriptions_) {
            if (one.progress.durable()) durable.push_back(id);
        }
        for (const subscription_id id : durable) end_subscription(id, ev.ec, ev.text);
    }
    if (detail::is_transient(ev.ec)) return;
    switch (ev.command) {
    case stomp::command::send:
        if (outbox_.erase(ev.tag)) push(action_kind::sent, ev.tag, ev.ec, ev.text);
        return;
    case stomp::command::subscribe: return end_subscription(ev.tag, ev.ec, ev.text);
    case stomp::command::commit:
        if (committing_.erase(ev.tag) != 0) push(action_kind::committed, ev.tag, ev.ec, ev.text);
        return;
    default: return;
    }
}

// Time.

STOMPCHAT_DECL persistent_session::time_point persistent_session::deadline() const noexcept {
    if (!actions_.empty()) return time_point::min();
    return std::min({deadline_, stable_, session_ ? session_->deadline() : time_point::max()});
}

STOMPCHAT_DECL void persistent_session::on_time(time_point now) {
    if (now >= stable_) {
        backoff_.succeeded();
        stable_ = time_point::max();
    }
    if (session_ && state_ != state::stopped && !session_->on_time(now)) {
        push(action_kind::close, 0);
        return lose(error::heart_beat_timeout, "nothing came from the server for too long", {}, now);
    }
    if (now < deadline_) return;
    switch (state_) {
    case state::waiting: return open(next_url_, now);
    case state::opening:
    case state::connecting:
    case state::online:
        push(action_kind::close, 0);
        if (error_) return lose(error_, error_text_, {}, now);
        return lose(detail::timed_out(), "the server did not answer in time", {}, now);
    case state::leaving: push(action_kind::close, 0); return finish(detail::timed_out(), "the server did not answer DISCONNECT in time");
    default: deadline_ = time_point::max();
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
