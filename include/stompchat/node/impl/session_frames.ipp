// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_FRAMES_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_FRAMES_IPP

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/app_target.hpp>
#include <stompchat/node/detail/close_code.hpp>
#include <stompchat/node/detail/presence_hub.hpp>
#include <stompchat/node/detail/reserved_header.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/timestamp.hpp>
#include <stompchat/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL void session::handle_frames() {
    while (phase_ == phase::open) {
        if (overloaded()) {
            // The broker is slower than this sender, or the client does not read its answers: it is not read on. Nothing taken is dropped.
            pause();
            return stomp_.hold();
        }
        const stomp::event ev = stomp_.next();
        switch (ev.kind) {
        case stomp::event_kind::need_more:
        case stomp::event_kind::waiting:
        case stomp::event_kind::closed: return;
        case stomp::event_kind::connect: on_connect(ev); break;
        case stomp::event_kind::send:
            if (const auto problem = send_problem(ev.frame, ev.destination))
                refuse("SEND", ev.destination, ev.receipt, *problem);
            else if (publish_interceptor* const asked = interceptor_of(ev.destination))
                intercept(*asked, ev);
            else
                on_send(ev.frame, ev.destination, ev.receipt, nullptr);
            break;
        case stomp::event_kind::subscribe: on_subscribe(ev); break;
        case stomp::event_kind::unsubscribe: on_unsubscribe(ev); break;
        case stomp::event_kind::ack: on_ack(ev); break;
        case stomp::event_kind::commit: on_commit(ev); break;
        case stomp::event_kind::disconnect: on_disconnect(ev); break;
        case stomp::event_kind::reply: send_stomp(ev.octets); break;
        case stomp::event_kind::refused:
            refuse(stomp::to_string(ev.frame.cmd), ev.destination, ev.receipt, {ev.error, std::string(ev.octets)});
            break;
        case stomp::event_kind::failed:
            send_stomp(ev.octets);
            begin_close(ev.error, close_code_of(ev.error));
            break;
        }
    }
}

STOMPCHAT_DECL void session::on_connect(const stomp::event& ev) {
    credentials shown = std::move(*shown_);
    shown_.reset();
    std::string_view refused;
    if (const error_code why = shard_.node().refuses_clients(refused)) return fail(why, refused);
    const auto copy = [&ev](std::string_view name, std::optional<std::string>& into) {
        if (const auto value = ev.frame.find(name)) into = std::string(*value);
    };
    copy("login", shown.login);
    copy("passcode", shown.passcode);
    copy("authorization", shown.authorization);
    shown.host = ev.frame.value_of("host");
    soft_errors_ = ev.frame.value_of("soft-errors") == "true";
    shown.session = name();
    authenticating_ = true;
    paused_since_ = shard::now();
    plan(paused_since_);
    shard_.node().ports.authentication.async_authenticate(shard_.context().get_executor(), std::move(shown),
                                                          [home = shard_.link(), id = id()](error_code ec, identity who) {
                                                              if (session* const self = home->find(id))
                                                                  self->on_authenticated(ec, std::move(who));
                                                          });
}

STOMPCHAT_DECL void session::on_authenticated(error_code ec, identity who) {
    authenticating_ = false;
    if (phase_ != phase::open) return;
    if (ec) {
        if (ec == condition::unauthorized) return fail(error::not_authenticated, "login refused");
        shard_.node().watcher->on_log(severity::warning, fmt::format("session {}: authentication did not work: {}", name(), ec.message()));
        return fail(error::registry_unavailable, "authentication is not available at the moment");
    }
    if (who.user.size() > delivery::max_destination_length || !is_utf8(who.user))
        return fail(error::not_authenticated, "the user name is too long or is not UTF-8");
    const std::string own_name = name();
    if (who.user.empty()) who.user = anonymous_user();
    const time_point now = shard::now();
    const stomp::header soft{"soft-errors", "true"};
    stomp_.set_soft_errors(soft_errors_);
    const std::string_view answer = stomp_.accept(own_name, who.user, {&soft, soft_errors_ ? 1u : 0u}, now);
    send_stomp(answer);
    if (!stomp_.connected()) return begin_close(error::not_authenticated, close_code_of(error::not_authenticated));
    who_ = std::move(who);
    announced_ = true;
    tell_observer([](observer& to, const session_info& info) { to.on_session_connected(info); });
    shard_.registered().announce(own_name, who_.user);
    stomp_.resume(shard_.parse_scratch());
    handle_frames();
    if (phase_ != phase::open) return;
    plan(now);
    want_read();
}

// SEND

STOMPCHAT_DECL std::optional<session::refusal> session::send_problem(const stomp::frame_view& frame, std::string_view destination) const {
    if (delivery::too_long(destination)) return too_long(destination);
    switch (delivery::kind_of(destination)) {
    case delivery::destination_kind::topic:
    case delivery::destination_kind::app: break;
    case delivery::destination_kind::to_user:
        if (!delivery::log_destination(destination, {}))
            return refusal{error::bad_header_value,
                           fmt::format("the user in {} is not percent-encoded as it should be, or is too long", destination)};
        break;
    default: return refusal{error::unknown_destination, fmt::format("nothing can be sent to {}", destination)};
    }
    if (!shard_.node().ports.authorization.authorize(who_, action::send, destination).allow)
        return refusal{error::not_authorized, fmt::format("you may not send to {}", destination)};
    if (const std::string_view key = key_of(frame); key.size() > delivery::max_idempotency_key)
        return refusal{error::idempotency_key_too_long,
                       fmt::format("the idempotency-key has {} octets; at most {} are allowed", key.size(), delivery::max_idempotency_key)};
    return std::nullopt;
}

STOMPCHAT_DECL std::string_view session::pack_headers(const stomp::frame_view& frame) {
    std::string& block = shard_.header_scratch();
    block.clear();
    for (const stomp::header& one : frame.headers) {
        if (!is_reserved_header(one.name)) append_header(block, one.name, one.value);
    }
    return block;
}

STOMPCHAT_DECL void session::on_send(const stomp::frame_view& frame, std::string_view destination, std::string_view receipt,
                                     const std::shared_ptr<publish_group>& transaction) {
    if (delivery::kind_of(destination) == delivery::destination_kind::app) return send_to_app(frame, destination, receipt, transaction);
    if (!transaction && send_keyed(frame, destination, receipt)) return;
    publish_record what(receipt);
    if (transaction) {
        ++transaction->open;
        what.group = transaction;
    }
    const header_block headers(pack_headers(frame));
    if (delivery::kind_of(destination) == delivery::destination_kind::to_user)
        publish(*delivery::log_destination(destination, {}), headers, frame.body, std::move(what));
    else
        publish(destination, headers, frame.body, std::move(what));
}

STOMPCHAT_DECL void session::publish(std::string_view destination, header_block headers, std::string_view body, publish_record what) {
    what.session = id();
    what.octets = static_cast<std::uint32_t>(body.size());
    what.check = destination_check(destination);
    count_in_flight(what);
    shard_.publish(who_.user, destination, headers, body, std::move(what));
    if (!held_up_ && shard_.congested(destination)) {
        held_up_ = true;
        shard_.hold_up(*this);
    }
}

STOMPCHAT_DECL void session::send_to_app(const stomp::frame_view& frame, std::string_view destination, std::string_view receipt,
                                         std::shared_ptr<publish_group> group) {
    if (group) {
        ++group->open;
    } else {
        group = std::make_shared<publish_group>();
        group->receipt = receipt;
    }
    ++in_flight_;
    app_handler* const app = shard_.node().ports.app;
    auto target = std::make_unique<app_target>(shard_.link(), id(), group);
    target->destination = destination;
    if (const auto correlation = frame.find("correlation-id")) target->correlation_id = *correlation;
    if (const std::string_view to = frame.value_of("reply-to"); delivery::kind_of(to) == delivery::destination_kind::session_queue)
        target->reply_to = to;
    const std::string own_name = name();
    const app_request request{who_, own_name, destination, header_block(pack_headers(frame)), frame.body};
    app_reply reply(std::move(target));
    if (app != nullptr && app->on_send(request, std::move(reply))) return;
    // The reply goes unanswered, and by that takes the request out of those in flight.
    group->refused = true;
    const refusal why{error::unknown_destination, fmt::format("there is no {}", destination)};
    if (group->transaction)
        fail(why.code, why.reason, group->receipt);
    else
        refuse("SEND", destination, receipt, why);
}

STOMPCHAT_DECL void session::on_published(publish_record& what, error_code ec, const position& at) {
    --in_flight_;
    in_flight_octets_ -= what.octets;
    if (ec) {
        fail(ec.category() == error_category() ? ec : make_error_code(error::outcome_unknown), {},
             what.group ? what.group->receipt : what.receipt);
    } else if (what.group) {
        close_one(*what.group);
    } else if (at.offset < 0) {
        // It is not in the log, so that there is no id to come back to.
        if (!what.receipt.empty()) send_receipt(what.receipt);
    } else if (!what.receipt.empty()) {
        const position_token token(at, what.check);
        const stomp::header id{"message-id", token.text()};
        send_receipt(what.receipt, {&id, 1});
    }
    leave_if_answered();
    read_on();
}

STOMPCHAT_DECL void session::close_one(publish_group& group) {
    if (--group.open == 0) send_receipt(group.receipt);
}

STOMPCHAT_DECL void session::send_receipt(std::string_view id, std::span<const stomp::header> extra) {
    send_stomp(stomp_.receipt(id, extra));
}

// ACK, COMMIT, DISCONNECT

STOMPCHAT_DECL bool session::settle(std::string_view id, const stomp::subscription* named, bool nack) {
    if (id.starts_with("s-e")) return true; // an ephemeral message needs no acknowledgement
    std::uint64_t suffix = 0;
    if (const auto at = id.rfind('_'); at != std::string_view::npos) {
        const char* const end = id.data() + id.size();
        if (const auto [next, failure] = std::from_chars(id.data() + at + 1, end, suffix); failure != std::errc{} || next != end)
            return false;
        id = id.substr(0, at);
    }
    std::uint64_t key = 0;
    std::uint32_t check = 0;
    std::uint64_t epoch = 0;
    const bool local = id.starts_with("s-");
    if (local) {
        const char* const end = id.data() + id.size();
        if (const auto [next, failure] = std::from_chars(id.data() + 2, end, key); failure != std::errc{} || next != end) return false;
    } else if (const auto token = parse_token(id)) {
        key = static_cast<std::uint64_t>(token->at.offset);
        check = token->check;
        epoch = token->at.epoch;
    } else {
        return false;
    }
    bool settled = false;
    bool harmless = false; // it was delivered, but nothing waits for it
    stomp_.for_each_subscription([&](stomp::subscription& one) {
        subscription* const candidate = static_cast<subscription*>(one.context);
        if (settled || candidate == nullptr || (named != nullptr && named != &one)) return;
        if (local != (candidate->what != subscription::kind::topic)) return;
        if (!candidate->acks) {
            // Some clients acknowledge what needs no acknowledgement: harmless if it was delivered. It may be another subscription's.
            if (candidate->what == subscription::kind::presence)
                harmless = harmless || shard_.presence().was_told(key);
            else if (local)
                harmless = harmless || key <= local_messages_;
            else if (check == destination_check(shard_.destination_of(*candidate)))
                harmless = harmless || static_cast<offset>(key) < candidate->cursor.next_unseen(shard_.handed_to(*candidate));
            return;
        }
        if (candidate->acks->suffix != suffix || (!local && candidate->acks->check != check)) return;
        // Offsets of a log that was made anew since are no offsets of this one.
        if (local || epoch == shard_.topic_of(*candidate).epoch) settled = settle(*candidate, key, nack);
    });
    return settled || harmless;
}

STOMPCHAT_DECL bool session::settle(subscription& whom, std::uint64_t key, bool nack) {
    const bool cumulative = whom.frame_side->mode == stomp::ack_mode::client;
    const std::uint64_t first = cumulative ? whom.acks->window.oldest().value_or(key) : key;
    const auto result = whom.acks->window.settle(key, cumulative);
    if (result == stomp::ack_window::result::settled && whom.acks->durable != 0) {
        durables& durable = shard_.durable_subscriptions();
        if (nack) durable.hold(whom, static_cast<offset>(first));
        durable.touch(whom);
    }
    return result != stomp::ack_window::result::unknown;
}

STOMPCHAT_DECL void session::fail_unknown_ack(std::string_view id, std::string_view receipt) {
    fail(error::unknown_ack, fmt::format("no message with the id {} was delivered on this connection", id.substr(0, 80)), receipt);
}

STOMPCHAT_DECL void session::on_ack(const stomp::event& ev) {
    // An ACK may cross the UNSUBSCRIBE on its way; after one, an id that belongs to no live subscription proves nothing.
    if (!settle(ev.id, ev.sub, ev.nack) && !ever_unsubscribed_) return fail_unknown_ack(ev.id, ev.receipt);
    send_receipt(ev.receipt);
    feed_those_behind();
}

STOMPCHAT_DECL void session::on_commit(const stomp::event& ev) {
    // All frames are checked before the first takes effect.
    for (const stomp::transaction_frame& one : ev.frames) {
        if (one.kind != stomp::event_kind::send) continue;
        // A refused SEND spoils its transaction, also where errors are soft.
        if (const auto problem = send_problem(one.frame, one.destination)) return fail(problem->code, problem->reason, ev.receipt);
    }
    if (publish_interceptor* const asked = shard_.node().ports.interceptor) return intercept_commit(*asked, ev);
    commit(ev.frames, ev.receipt);
}

STOMPCHAT_DECL void session::commit(std::span<const stomp::transaction_frame> frames, std::string_view receipt) {
    auto transaction = std::make_shared<publish_group>();
    transaction->receipt = receipt;
    transaction->transaction = true;
    for (const stomp::transaction_frame& one : frames) {
        if (one.kind != stomp::event_kind::send && !settle(one.id, one.sub, one.nack) && !ever_unsubscribed_)
            return fail_unknown_ack(one.id, receipt);
    }
    if (!commit_keyed(frames, transaction)) {
        for (const stomp::transaction_frame& one : frames) {
            if (one.kind == stomp::event_kind::send) on_send(one.frame, one.destination, {}, transaction);
            if (phase_ == phase::closing) return;
        }
    }
    close_one(*transaction);
    feed_those_behind();
}

STOMPCHAT_DECL void session::on_disconnect(const stomp::event& ev) {
    if (!ev.receipt.empty()) rare().disconnect_receipt = ev.receipt;
    took_leave_ = true;
    phase_ = phase::leaving;
    pause();
    end_durables();
    leave_if_answered();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
