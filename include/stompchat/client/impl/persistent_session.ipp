// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_PERSISTENT_SESSION_IPP
#define STOMPCHAT_CLIENT_IMPL_PERSISTENT_SESSION_IPP

#include <stompchat/client/impl/persistent_session_life.ipp>
#include <stompchat/client/impl/session.ipp>
#include <stompchat/client/persistent_session.hpp>

#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {

STOMPCHAT_DECL persistent_session::persistent_session(const persistent_options& options, std::vector<std::string> hosts, std::uint64_t seed,
                                                      std::string key)
    : options_(options), hosts_(std::move(hosts)), backoff_(options.backoff, hosts_.size(), seed),
      outbox_(options.outbox_messages, options.outbox_octets, std::move(key)) {}

STOMPCHAT_DECL std::string persistent_session::token(subscription_id id) const {
    const auto found = subscriptions_.find(id);
    return found == subscriptions_.end() ? std::string() : found->second.progress.token();
}

STOMPCHAT_DECL action& persistent_session::push(action_kind kind, std::uint64_t tag, error_code ec, std::string text) {
    action& made = actions_.emplace_back();
    made.kind = kind;
    made.tag = tag;
    made.ec = ec;
    made.text = std::move(text);
    return made;
}

STOMPCHAT_DECL system::result<std::uint64_t> persistent_session::send(outgoing_message message, time_point now) {
    if (state_ == state::leaving || state_ == state::stopped) return error_code(error::stopped);
    const auto taken = outbox_.push(last_tag_ + 1, std::move(message));
    if (!taken) return taken.error();
    ++last_tag_;
    if (writable()) write_send(**taken, now);
    return last_tag_;
}

STOMPCHAT_DECL void persistent_session::write_send(outbox::entry& entry, time_point now) {
    entry.in_flight = true;
    if (!entry.written) entry.written = now;
    session_->send(entry.message, entry.tag);
}

STOMPCHAT_DECL bool persistent_session::withdraw(std::uint64_t tag) {
    const outbox::entry* const found = outbox_.find(tag);
    return found != nullptr && !found->written && outbox_.erase(tag);
}

STOMPCHAT_DECL void persistent_session::write_sends(time_point now) {
    std::vector<std::uint64_t> too_old;
    for (outbox::entry& one : outbox_.entries()) {
        if (one.written && now - *one.written >= options_.resend_within)
            too_old.push_back(one.tag);
        else
            write_send(one, now);
    }
    for (const std::uint64_t tag : too_old) {
        outbox_.erase(tag);
        push(action_kind::sent, tag, error::outcome_unknown,
             "the connection was lost before the answer came, and it is too late to repeat");
    }
}

STOMPCHAT_DECL void persistent_session::on_sent(std::uint64_t tag, const stomp::frame_view& receipt) {
    if (!outbox_.erase(tag)) return;
    if (receipt.value_of("status") == "refused") {
        push(action_kind::sent, tag, detail::refusal(receipt), std::string(receipt.value_of("reason")));
        return;
    }
    push(action_kind::sent, tag).message_id = receipt.value_of("message-id");
}

// Subscriptions.

STOMPCHAT_DECL system::result<subscription_id> persistent_session::subscribe(std::string destination, subscribe_options options) {
    if (state_ == state::leaving || state_ == state::stopped) return error_code(error::stopped);
    const subscription_id id = ++last_tag_;
    auto [at, added] = subscriptions_.emplace(
        id, subscription{subscriber(std::move(destination), std::move(options), options_.max_unsettled), false, false});
    if (writable()) write_subscription(id, at->second);
    return id;
}

STOMPCHAT_DECL void persistent_session::write_subscription(subscription_id id, subscription& one) {
    one.asked = true;
    if (one.progress.durable() && options_.soft_errors && !hears_errors_) {
        hears_errors_ = true;
        session_->subscribe(detail::errors_subscription, "/session/queue/errors", stomp::ack_mode::auto_, {});
    }
    const error_code ec = session_->subscribe(id, one.progress.destination(), one.progress.mode(), one.progress.subscribe_headers());
    if (ec) end_subscription(id, ec, "STOMP 1.0 has no ack mode client-individual");
}

STOMPCHAT_DECL void persistent_session::on_subscribed(subscription_id id, const stomp::frame_view& receipt) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    if (receipt.value_of("status") == "refused")
        return end_subscription(id, detail::refusal(receipt), std::string(receipt.value_of("reason")));
    subscription& one = found->second;
    action& made = push(one.announced ? action_kind::resumed : action_kind::subscribed, id);
    made.subscription = one.progress.on_receipt(receipt);
    made.subscription.id = id;
    one.announced = true;
}

// The server refused it.
STOMPCHAT_DECL void persistent_session::end_subscription(subscription_id id, error_code ec, std::string text) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    push(found->second.announced ? action_kind::ended : action_kind::subscribed, id, ec, std::move(text));
    subscriptions_.erase(found);
}

STOMPCHAT_DECL error_code persistent_session::unsubscribe(subscription_id id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return error::unknown_subscription;
    const bool asked = found->second.asked;
    if (!found->second.announced) push(action_kind::subscribed, id, error::stopped, "unsubscribed before the answer came");
    subscriptions_.erase(found);
    if (asked && writable()) {
        session_->unsubscribe(id);
        leaving_.insert(id);
    } else {
        push(action_kind::unsubscribed, id);
    }
    return {};
}

STOMPCHAT_DECL error_code persistent_session::settle(subscription_id id, std::string_view message_id, bool refused) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return error::unknown_subscription;
    const auto value = found->second.progress.settle(message_id, refused);
    if (!value || !writable()) return {};
    if (refused)
        session_->nack(id, *value);
    else
        session_->ack(id, *value);
    return {};
}

STOMPCHAT_DECL bool persistent_session::on_message(const session_event& ev, action& out) {
    if (ev.tag == detail::errors_subscription) {
        on_told(ev.frame);
        return false;
    }
    const auto found = subscriptions_.find(ev.tag);
    if (found == subscriptions_.end()) return false;
    out.kind = action_kind::message;
    out.tag = ev.tag;
    incoming_message& message = out.message;
    message.destination = ev.frame.value_of("destination");
    message.id = ev.frame.value_of("message-id");
    message.user = ev.frame.value_of("user");
    message.headers = ev.frame.headers;
    message.body = ev.frame.body;
    message.gap = ev.frame.value_of("gap") == "true";
    if (message.gap) return true;

    const std::string_view ack = session_->ack_value(ev.frame);
    switch (found->second.progress.on_message(ev.frame, ack)) {
    case subscriber::verdict::deliver:
        delivering_ = ev.tag;
        delivering_id_ = message.id;
        return true;
    case subscriber::verdict::drop_and_ack:
        if (writable()) session_->ack(ev.tag, ack);
        return false;
    case subscriber::verdict::drop: break;
    }
    return false;
}

// Every frame that could be refused asks for a receipt: what is told here came later.
STOMPCHAT_DECL void persistent_session::on_told(const stomp::frame_view& refusal) {
    const auto id = detail::number_of(refusal.find("refused-subscription"));
    if (id) end_subscription(*id, detail::refusal(refusal), std::string(refusal.value_of("reason")));
}

// Transactions.

STOMPCHAT_DECL system::result<transaction_id> persistent_session::begin() {
    if (!writable()) return error_code(error::connection_lost);
    session_->begin(++last_tag_);
    return last_tag_;
}

STOMPCHAT_DECL error_code persistent_session::send_in(transaction_id id, outgoing_message message) {
    if (!writable() || !session_->is_open(id)) return error::unknown_transaction;
    session_->send(message, 0, id);
    return {};
}

STOMPCHAT_DECL error_code persistent_session::commit(transaction_id id) {
    if (!writable()) return error::unknown_transaction;
    const error_code ec = session_->commit(id);
    if (!ec) committing_.insert(id);
    return ec;
}

STOMPCHAT_DECL error_code persistent_session::abort(transaction_id id) {
    return writable() ? session_->abort(id) : error_code(error::unknown_transaction);
}

// Octets.

STOMPCHAT_DECL void persistent_session::feed(std::string_view octets, time_point now) {
    if (session_) session_->feed(octets, now);
}

STOMPCHAT_DECL std::string_view persistent_session::output() const noexcept {
    return session_ ? std::string_view(session_->output()) : std::string_view();
}

STOMPCHAT_DECL std::span<const std::size_t> persistent_session::output_ends() const noexcept {
    return session_ ? session_->output_ends() : std::span<const std::size_t>();
}

STOMPCHAT_DECL void persistent_session::took_output(time_point now) {
    if (session_) session_->took_output(now);
}

STOMPCHAT_DECL action persistent_session::next(time_point now) {
    if (delivering_ != 0) {
        const auto found = subscriptions_.find(delivering_);
        if (found != subscriptions_.end()) found->second.progress.processed(delivering_id_);
        delivering_ = 0;
    }
    if (state_ == state::stopped) session_.reset();
    for (;;) {
        if (!actions_.empty()) {
            action first = std::move(actions_.front());
            actions_.pop_front();
            return first;
        }
        if (!session_) return {};
        const session_event ev = session_->next();
        if (ev.kind == session_event_kind::need_more) return {};
        if (ev.kind == session_event_kind::message) {
            action made;
            if (on_message(ev, made)) return made;
            continue; // it may have brought another action
        }
        on_event(ev, now);
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
