// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_SUBSCRIBE_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_SUBSCRIBE_IPP

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/app_target.hpp>
#include <stompchat/node/detail/presence_hub.hpp>
#include <stompchat/node/detail/session.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

/// The word in the header `code` of a refusal.
inline std::string_view refusal_code(error code) noexcept {
    switch (code) {
    case error::unknown_destination: return "unknown-destination";
    case error::bad_header_value: return "bad-header";
    case error::destination_too_long:
    case error::durable_name_too_long:
    case error::too_many_durables:
    case error::idempotency_key_too_long:
    case error::too_many_subscriptions: return "limit";
    case error::taken_over: return "taken-over";
    case error::not_authorized:
    case error::rejected: return "forbidden";
    default: return "unavailable";
    }
}

} // namespace detail

STOMPCHAT_DECL std::string_view session::destination_of(const subscription& whom, std::string& storage) const {
    if (whom.local_destination) return *whom.local_destination;
    return delivery::subscribed_destination(shard_.destination_of(whom), storage);
}

STOMPCHAT_DECL void session::tell_subscribed(subscription& whom) {
    if (std::exchange(whom.announced, true)) return;
    std::string storage;
    const std::string_view destination = destination_of(whom, storage);
    tell_observer([destination](observer& to, const session_info& info) { to.on_session_subscribed(info, destination); });
}

STOMPCHAT_DECL void session::tell_unsubscribed(subscription& whom) {
    if (!std::exchange(whom.announced, false)) return;
    std::string storage;
    const std::string_view destination = destination_of(whom, storage);
    tell_observer([destination](observer& to, const session_info& info) { to.on_session_unsubscribed(info, destination); });
}

STOMPCHAT_DECL session::refusal session::too_long(std::string_view destination) {
    return {error::destination_too_long,
            fmt::format("the destination has {} octets; at most {} are allowed", destination.size(), delivery::max_destination_length)};
}

STOMPCHAT_DECL void session::on_subscribe(const stomp::event& ev) {
    if (const auto problem = subscribe(ev)) {
        stomp::subscription& refused = *ev.sub;
        refuse("SUBSCRIBE", ev.destination, ev.receipt, *problem);
        if (phase_ == phase::open) stomp_.remove(refused);
    }
}

STOMPCHAT_DECL std::optional<session::refusal> session::subscribe(const stomp::event& ev) {
    if (delivery::too_long(ev.destination)) return too_long(ev.destination);
    const delivery::destination_kind kind = delivery::kind_of(ev.destination);
    if (kind == delivery::destination_kind::unknown || kind == delivery::destination_kind::to_user)
        return refusal{error::unknown_destination, fmt::format("nobody can subscribe to {}", ev.destination)};
    if (kind == delivery::destination_kind::presence && !shard_.node().rules.presence(delivery::room_of_presence(ev.destination)))
        return refusal{error::unknown_destination, fmt::format("there is no {}", ev.destination)};
    decision allowed{true, {}};
    if (kind != delivery::destination_kind::session_queue) {
        allowed = shard_.node().ports.authorization.authorize(who_, action::subscribe, ev.destination);
        if (!allowed.allow) return refusal{error::not_authorized, fmt::format("you may not subscribe to {}", ev.destination)};
    }
    const chat_node_options& options = shard_.node().options;
    const auto value = ev.frame.find("prefetch-count");
    const auto wanted = value ? decimal(*value, options.max_prefetch_count) : std::optional(options.prefetch_count);
    if (!wanted || *wanted == 0) return refusal{error::bad_header_value, "prefetch-count must be a decimal number of at least 1"};
    const std::uint32_t prefetch = ev.sub->mode == stomp::ack_mode::auto_ ? 0 : *wanted;

    if (kind == delivery::destination_kind::presence) {
        subscription& made = add_subscription(ev, subscription::kind::presence, prefetch, {});
        // Who was there is no history: there is nothing to resume.
        const stomp::header recovered{"recovered", "false"};
        tell_subscribed(made);
        send_receipt(ev.receipt, {&recovered, ev.frame.find("resume-after") ? 1u : 0u});
        shard_.presence().add(made, delivery::room_of_presence(ev.destination));
        return std::nullopt;
    }
    auto starting = std::make_unique<delivery::start_request>();
    const bool in_log_kind = kind == delivery::destination_kind::topic || kind == delivery::destination_kind::user_queue;
    if (auto problem = read_durable(ev, in_log_kind, *starting)) return problem;
    starting->receipt = ev.receipt;
    starting->earliest = allowed.earliest;
    switch (kind) {
    case delivery::destination_kind::app: {
        subscription& made = add_subscription(ev, subscription::kind::app, prefetch, {});
        made.index = made_subscriptions_;
        made.starting = std::move(starting);
        return subscribe_app(ev);
    }
    case delivery::destination_kind::session_queue:
        tell_subscribed(add_subscription(ev, subscription::kind::session_queue, prefetch, {}));
        send_receipt(ev.receipt);
        return std::nullopt;
    default: break;
    }
    const std::string in_log = *delivery::log_destination(ev.destination, who_.user);
    if (auto problem = read_start(ev, in_log, *starting)) return problem;
    subscription& made = add_subscription(ev, subscription::kind::topic, prefetch, in_log);
    if (!starting->receipt.empty() || starting->resumes || starting->history || starting->durable()) made.starting = std::move(starting);
    if (kind == delivery::destination_kind::topic) shard_.registered().join(name(), who_.user, in_log);
    shard_.subscribe(made, in_log);
    return std::nullopt;
}

STOMPCHAT_DECL std::optional<std::uint32_t> session::decimal(std::string_view text, std::uint32_t most) noexcept {
    if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) return most;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, most));
}

STOMPCHAT_DECL std::optional<session::refusal> session::subscribe_app(const stomp::event& ev) {
    ++in_flight_;
    app_handler* const app = shard_.node().ports.app;
    auto target = std::make_unique<app_target>(shard_.link(), id(), std::make_shared<publish_group>());
    target->destination = ev.destination;
    target->subscription_id = ev.sub->id;
    if (ev.sub->destination_if_no_id) target->by_destination = *ev.sub->destination_if_no_id;
    target->for_subscribe = true;
    target->subscription_number = static_cast<const subscription*>(ev.sub->context)->index;
    const std::string own_name = name();
    const app_request request{who_, own_name, ev.destination, header_block(pack_headers(ev.frame)), {}};
    app_reply reply(std::move(target));
    if (app != nullptr && app->on_subscribe(request, std::move(reply))) return std::nullopt;
    drop_subscription(*ev.sub);
    return refusal{error::unknown_destination, fmt::format("there is no {}", ev.destination)};
}

STOMPCHAT_DECL void session::on_unsubscribe(const stomp::event& ev) {
    // Deliveries that are queued stand in front of the RECEIPT, so that none comes behind it.
    subscription& leaving = *static_cast<subscription*>(ev.sub->context);
    send_pending_receipt(leaving);
    ever_unsubscribed_ = true;
    if (const auto durable = ev.frame.find("durable"); durable || (leaving.acks && leaving.acks->durable != 0))
        return end_durable(ev, durable);
    drop_subscription(*ev.sub);
    send_receipt(ev.receipt);
}

STOMPCHAT_DECL void session::refuse(std::string_view verb, std::string_view destination, std::string_view receipt, const refusal& why,
                                    header_block about) {
    if (!soft_errors_) return fail(why.code, why.reason, receipt);
    const std::string_view code = detail::refusal_code(why.code);
    if (!receipt.empty()) {
        const stomp::header headers[] = {{"status", "refused"}, {"code", code}, {"reason", why.reason}};
        return send_receipt(receipt, headers);
    }
    std::string block;
    append_header(block, "status", "refused");
    append_header(block, "for", verb);
    append_header(block, "refused-destination", destination);
    append_header(block, "code", code);
    append_header(block, "reason", why.reason);
    block += about.octets();
    if (!tell_session("/session/queue/errors", header_block(block), {})) fail(why.code, why.reason);
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
