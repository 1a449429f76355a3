// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_SESSION_FRAMES_IPP
#define STOMPCHAT_STOMP_IMPL_SESSION_FRAMES_IPP

// What each command of a connected client does.

#include <stompchat/stomp/impl/session_state.ipp>
#include <stompchat/stomp/problem.hpp>
#include <stompchat/stomp/server_session.hpp>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

/// The headers that mean something to a server, picked in one pass; of equal ones the first.
struct server_session::wanted {
    std::string_view destination;
    std::string_view id;
    std::string_view ack;
    std::string_view subscription;
    std::string_view message_id;
    std::string_view transaction;
    std::string_view receipt;

    explicit wanted(std::span<const header> headers) noexcept {
        for (const header& h : headers) {
            switch (h.name.size()) {
            case 2: take(id, h, "id"); break;
            case 3: take(ack, h, "ack"); break;
            case 7: take(receipt, h, "receipt"); break;
            case 10: take(message_id, h, "message-id"); break;
            case 11:
                take(destination, h, "destination");
                take(transaction, h, "transaction");
                break;
            case 12: take(subscription, h, "subscription"); break;
            default: break;
            }
        }
    }

private:
    static void take(std::string_view& to, const header& h, std::string_view name) noexcept {
        if (!present(to) && h.name == name) to = h.value;
    }
};

STOMPCHAT_DECL bool server_session::on_frame(event& ev) {
    const wanted w(ev.frame.headers);
    switch (ev.frame.cmd) {
    case command::connect:
    case command::stomp: {
        problem p{error::already_connected};
        p.where = to_string(ev.frame.cmd);
        return fail_event(ev, p);
    }
    default: break;
    }
    ev.receipt = w.receipt;
    if (version_ != version::v1_2 && !can_be_answered(ev, w)) return true;
    switch (ev.frame.cmd) {
    case command::send: return on_send(ev, w);
    case command::subscribe: return on_subscribe(ev, w);
    case command::unsubscribe: return on_unsubscribe(ev, w);
    case command::ack: return on_ack(ev, w);
    case command::nack: ev.nack = true; return on_ack(ev, w);
    case command::begin: return on_begin(ev, w);
    case command::commit: return on_commit(ev, w);
    case command::abort: return on_abort(ev, w);
    default: return on_disconnect(ev);
    }
}

/// STOMP 1.0 and 1.1 let a CR stand in a header, but give a server no way to tell it from one at the end of a line: what has to come back
/// in RECEIPT and MESSAGE may not hold one.
STOMPCHAT_DECL bool server_session::can_be_answered(event& ev, const wanted& w) {
    const std::pair<std::string_view, std::string_view> echoed[] = {{"receipt", w.receipt}, {"id", w.id}, {"destination", w.destination}};
    for (const auto& [name, value] : echoed) {
        if (value.find('\r') == std::string_view::npos) continue;
        problem p{error::bad_header_value};
        p.where = to_string(ev.frame.cmd);
        p.subject = name;
        p.value = value;
        p.reason = "without a CR";
        fail_event(ev, p);
        return false;
    }
    return true;
}

STOMPCHAT_DECL bool server_session::missing(event& ev, std::string_view header_name) {
    problem p{error::missing_header};
    p.where = to_string(ev.frame.cmd);
    p.subject = header_name;
    return fail_event(ev, p);
}

STOMPCHAT_DECL bool server_session::refuse_event(event& ev, const problem& p) {
    if (!soft_errors_) return fail_event(ev, p);
    thread_local std::string sentence; // not the answers' buffer: it becomes a header of one
    sentence = describe(p);
    ev.kind = event_kind::refused;
    ev.error = p.code;
    ev.octets = sentence;
    return true;
}

STOMPCHAT_DECL bool server_session::on_send(event& ev, const wanted& w) {
    if (!present(w.destination)) return missing(ev, "destination");
    ev.destination = w.destination;
    if (options_->max_destination != 0 && w.destination.size() > options_->max_destination) {
        problem p{error::destination_too_long};
        p.actual = w.destination.size();
        p.limit = options_->max_destination;
        if (present(w.transaction)) spoil(w.transaction, p.code);
        return refuse_event(ev, p);
    }
    if (present(w.transaction)) return enrol(ev, w);
    ev.kind = event_kind::send;
    return true;
}

STOMPCHAT_DECL bool server_session::on_subscribe(event& ev, const wanted& w) {
    if (!present(w.destination)) return missing(ev, "destination");
    if (version_ != version::v1_0 && w.id.empty()) return missing(ev, "id");
    ev.destination = w.destination;

    problem p;
    p.where = to_string(ev.frame.cmd);
    ack_mode mode = ack_mode::auto_;
    if (!present(w.ack) || w.ack == "auto") {
        mode = ack_mode::auto_;
    } else if (w.ack == "client") {
        mode = ack_mode::client;
    } else if (w.ack == "client-individual" && version_ != version::v1_0) {
        mode = ack_mode::client_individual;
    } else {
        p.code = error::bad_header_value;
        p.subject = "ack";
        p.value = w.ack;
        p.reason = version_ == version::v1_0 ? "auto or client" : "auto, client or client-individual";
        return fail_event(ev, p);
    }

    if (w.id.empty() ? find_destination(w.destination) != nullptr : find(w.id) != nullptr) {
        p.code = error::duplicate_subscription;
        p.subject = w.id.empty() ? w.destination : w.id;
        p.where = w.id.empty() ? "destination" : "subscription id";
        return fail_event(ev, p);
    }
    if (options_->max_destination != 0 && w.destination.size() > options_->max_destination) {
        p.code = error::destination_too_long;
        p.actual = w.destination.size();
        p.limit = options_->max_destination;
        return refuse_event(ev, p);
    }
    if (subscriptions_.size() >= options_->max_subscriptions) {
        p.code = error::too_many_subscriptions;
        p.actual = subscriptions_.size() + 1;
        p.limit = options_->max_subscriptions;
        return refuse_event(ev, p);
    }
    auto added = std::make_unique<subscription>();
    added->id = w.id;
    if (w.id.empty()) added->destination_if_no_id = std::make_unique<const std::string>(w.destination);
    added->mode = mode;
    ev.kind = event_kind::subscribe;
    ev.sub = subscriptions_.insert(std::move(added));
    return true;
}

STOMPCHAT_DECL bool server_session::on_unsubscribe(event& ev, const wanted& w) {
    const bool by_destination = version_ == version::v1_0 && w.id.empty();
    if (by_destination && w.destination.empty()) return missing(ev, "destination");
    if (!by_destination && w.id.empty()) return missing(ev, "id");
    subscription* const sub = by_destination ? find_destination(w.destination) : find(w.id);
    if (sub == nullptr) {
        problem p{error::unknown_subscription};
        p.where = to_string(ev.frame.cmd);
        p.subject = by_destination ? w.destination : w.id;
        return fail_event(ev, p);
    }
    remember_removed(sub->id);
    leaving_ = subscriptions_.remove(*sub);
    ev.kind = event_kind::unsubscribe;
    ev.sub = sub;
    return true;
}

STOMPCHAT_DECL bool server_session::on_ack(event& ev, const wanted& w) {
    problem p;
    p.where = to_string(ev.frame.cmd);
    if (ev.nack && version_ == version::v1_0) {
        p.code = error::bad_command;
        p.subject = p.where;
        p.reason = ", STOMP 1.0 has none";
        return fail_event(ev, p);
    }
    ev.kind = event_kind::ack;
    ev.id = version_ == version::v1_2 ? w.id : w.message_id;
    if (ev.id.empty()) return missing(ev, version_ == version::v1_2 ? "id" : "message-id");
    // In 1.2 the id alone identifies the delivery; a subscription header, which several clients still send, means nothing.
    if (version_ != version::v1_2) {
        if (version_ == version::v1_1 && w.subscription.empty()) return missing(ev, "subscription");
        if (!w.subscription.empty()) ev.sub = find(w.subscription);
        if (version_ == version::v1_1 && ev.sub == nullptr) {
            if (was_removed(w.subscription)) return reply_receipt(ev); // it crossed the UNSUBSCRIBE
            p.code = error::unknown_subscription;
            p.subject = w.subscription;
            return fail_event(ev, p);
        }
    }
    return !present(w.transaction) || enrol(ev, w);
}

STOMPCHAT_DECL bool server_session::reply_receipt(event& ev) {
    if (ev.receipt.empty()) return false;
    ev.kind = event_kind::reply;
    ev.octets = receipt(ev.receipt);
    return true;
}

STOMPCHAT_DECL bool server_session::on_begin(event& ev, const wanted& w) {
    if (w.transaction.empty()) return missing(ev, "transaction");
    problem p;
    p.where = to_string(ev.frame.cmd);
    p.subject = w.transaction;
    auto& open = rare().open;
    if (rare_->find(w.transaction) != open.end()) {
        p.code = error::duplicate_transaction;
        return fail_event(ev, p);
    }
    if (open.size() >= options_->max_transactions) {
        p.code = error::too_many_transactions;
        p.actual = open.size() + 1;
        p.limit = options_->max_transactions;
        return fail_event(ev, p);
    }
    open.push_back(std::make_unique<detail::transaction>(w.transaction));
    return reply_receipt(ev);
}

STOMPCHAT_DECL bool server_session::on_commit(event& ev, const wanted& w) {
    if (w.transaction.empty()) return missing(ev, "transaction");
    problem p;
    p.where = to_string(ev.frame.cmd);
    p.subject = w.transaction;
    p.code = error::unknown_transaction;
    if (!rare_) return fail_event(ev, p);
    const auto found = rare_->find(w.transaction);
    if (found == rare_->open.end()) return fail_event(ev, p);
    rare_->committed = std::move(*found);
    rare_->open.erase(found);
    if (rare_->committed->spoiled != error{}) {
        ev.kind = event_kind::failed;
        ev.error = rare_->committed->spoiled;
        ev.octets = fail(ev.error, "a frame of this transaction was refused, nothing of it takes effect", ev.receipt);
        return true;
    }
    for (transaction_frame& one : rare_->committed->frames()) {
        // Views into the transaction's own copy; and a subscription may have gone since the frame was enrolled.
        const wanted inner(one.frame.headers);
        one.destination = inner.destination;
        one.id = version_ == version::v1_2 ? inner.id : inner.message_id;
        if (version_ != version::v1_2 && !inner.subscription.empty()) one.sub = find(inner.subscription);
    }
    ev.kind = event_kind::commit;
    ev.frames = rare_->committed->frames();
    return true;
}

STOMPCHAT_DECL bool server_session::on_abort(event& ev, const wanted& w) {
    if (w.transaction.empty()) return missing(ev, "transaction");
    if (rare_) {
        const auto found = rare_->find(w.transaction);
        if (found != rare_->open.end()) {
            rare_->open.erase(found);
            return reply_receipt(ev);
        }
    }
    problem p{error::unknown_transaction};
    p.where = to_string(ev.frame.cmd);
    p.subject = w.transaction;
    return fail_event(ev, p);
}

STOMPCHAT_DECL bool server_session::on_disconnect(event& ev) {
    // STOMP 1.1 and 1.2, "BEGIN": open transactions are aborted when the connection ends.
    if (rare_) rare_->open.clear();
    clock_.stop_receive();
    state_ = state::disconnecting;
    ev.kind = event_kind::disconnect;
    return true;
}

STOMPCHAT_DECL void server_session::spoil(std::string_view transaction_id, error code) {
    if (!rare_) return;
    const auto found = rare_->find(transaction_id);
    if (found != rare_->open.end()) (*found)->spoiled = code;
}

STOMPCHAT_DECL bool server_session::enrol(event& ev, const wanted& w) {
    problem p;
    p.where = to_string(ev.frame.cmd);
    p.subject = w.transaction;
    p.code = error::unknown_transaction;
    if (!rare_) return fail_event(ev, p);
    const auto found = rare_->find(w.transaction);
    if (found == rare_->open.end()) return fail_event(ev, p);
    detail::transaction& open = **found;

    p.code = error::transaction_too_long;
    p.actual = open.size() + 1;
    p.limit = options_->max_transaction_frames;
    p.reason = "frames";
    if (p.actual > p.limit) return fail_event(ev, p);
    p.actual = open.octets() + detail::transaction::octets_of(ev.frame);
    p.limit = options_->max_transaction_octets;
    p.reason = "octets";
    if (p.actual > p.limit) return fail_event(ev, p);
    p.actual = rare_->octets() + detail::transaction::octets_of(ev.frame);
    p.limit = options_->max_transactions_octets;
    p.subject = {};
    if (p.actual > p.limit) return fail_event(ev, p);

    open.add(ev, ev.frame.cmd == command::send ? event_kind::send : event_kind::ack);
    return reply_receipt(ev);
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
