// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_DURABLE_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_DURABLE_IPP

// Subscriptions that outlive their session: what SUBSCRIBE and UNSUBSCRIBE say about them, and how their holder learns of another one.

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/session.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL std::optional<session::refusal> session::read_durable(const stomp::event& ev, bool in_log,
                                                                     delivery::start_request& into) const {
    const auto name = ev.frame.find("durable");
    if (!name) return std::nullopt;
    const std::size_t most = shard_.node().options.max_durable_name;
    if (!in_log)
        return refusal{error::bad_header_value, "nothing is kept of this destination that a durable subscription could go on with"};
    if (ev.sub->mode == stomp::ack_mode::auto_)
        return refusal{error::bad_header_value, "a durable subscription needs ack client or client-individual"};
    if (name->empty()) return refusal{error::bad_header_value, "durable must be a name"};
    if (name->size() > most)
        return refusal{error::durable_name_too_long,
                       fmt::format("the name of the durable subscription has {} octets; at most {} are allowed", name->size(), most)};
    if (who_.user == anonymous_user())
        return refusal{error::not_authorized, "an anonymous user cannot come back to a durable subscription"};
    into.durable_name = *name;
    return std::nullopt;
}

STOMPCHAT_DECL void session::claim(subscription& whom, offset now) {
    const position start = whom.starting->wait(now, shard_.knowledge_of(whom));
    shard_.durable_subscriptions().claim(whom, who_.user, shard_.destination_of(whom), whom.starting->durable_name, start);
}

STOMPCHAT_DECL void session::on_durable(subscription& whom, bool resumed, const position& first) {
    if (phase_ != phase::open || !whom.starting) return;
    if (resumed) whom.starting->resume_durable(first);
    carry_out(whom, whom.starting->again(shard_.knowledge_of(whom), window_begins(whom)));
}

STOMPCHAT_DECL void session::on_durable_refused(subscription& whom, error_code ec, std::string_view why) {
    const error code = ec == make_error_code(error::too_many_durables) ? error::too_many_durables : error::registry_unavailable;
    take_back(whom, {code, std::string(why)});
}

STOMPCHAT_DECL void session::on_taken_over(subscription& whom, std::string_view name) {
    ever_unsubscribed_ = true; // its late ACKs change nothing, and are no error
    std::string about;
    append_header(about, "durable", name);
    append_header(about, "refused-subscription", whom.frame_side->id);
    take_back(whom, {error::taken_over, fmt::format("another subscription has taken over the durable subscription {}", name)},
              header_block(about));
}

STOMPCHAT_DECL void session::take_back(subscription& whom, const refusal& why, header_block about) {
    const auto wanted = std::exchange(whom.starting, nullptr);
    std::string storage;
    const std::string destination(destination_of(whom, storage));
    stomp::subscription& ended = *whom.frame_side;
    drop_subscription(ended);
    if (phase_ != phase::open) return;
    refuse("SUBSCRIBE", destination, wanted ? wanted->receipt : std::string(), why, about);
    if (phase_ == phase::open) stomp_.remove(ended);
}

STOMPCHAT_DECL void session::end_durable(const stomp::event& ev, std::optional<std::string_view> name) {
    subscription& leaving = *static_cast<subscription*>(ev.sub->context);
    const bool durable = leaving.acks && leaving.acks->durable != 0;
    std::string storage;
    std::string destination(destination_of(leaving, storage));
    if (name && (!durable || shard_.durable_subscriptions().name_of(leaving) != *name)) {
        drop_subscription(*ev.sub);
        return refuse("UNSUBSCRIBE", destination, ev.receipt,
                      {error::bad_header_value, "this is not the durable subscription of that name; no position was forgotten"});
    }
    // The position is written, or forgotten, before the RECEIPT: whoever has it can go on elsewhere.
    ++in_flight_;
    auto done = [home = shard_.link(), id = id(), destination = std::move(destination), receipt = std::string(ev.receipt),
                 forgets = name.has_value()](error_code ec) {
        if (session* const self = home->find(id)) self->on_durable_ended(destination, receipt, forgets ? ec : error_code());
    };
    if (name)
        shard_.durable_subscriptions().forget(leaving, std::move(done));
    else
        shard_.durable_subscriptions().end(leaving, std::move(done));
    drop_subscription(*ev.sub);
}

STOMPCHAT_DECL void session::on_durable_ended(std::string_view destination, std::string_view receipt, error_code ec) {
    --in_flight_;
    if (!ec)
        send_receipt(receipt);
    else if (ec == make_error_code(error::taken_over))
        refuse("UNSUBSCRIBE", destination, receipt, {error::taken_over, "another subscription has taken over; nothing was forgotten"});
    else
        refuse("UNSUBSCRIBE", destination, receipt,
               {error::registry_unavailable, "the position cannot be forgotten at the moment; it may stay"});
    leave_if_answered();
    read_on();
}

STOMPCHAT_DECL void session::end_durables() {
    // What was acknowledged before DISCONNECT is written before its RECEIPT.
    ++in_flight_;
    stomp_.for_each_subscription([this](stomp::subscription& one) {
        auto* const whom = static_cast<subscription*>(one.context);
        if (whom == nullptr || !whom->acks || whom->acks->durable == 0) return;
        ++in_flight_;
        shard_.durable_subscriptions().end(*whom, [home = shard_.link(), id = id()](error_code) {
            session* const self = home->find(id);
            if (self == nullptr) return;
            --self->in_flight_;
            self->leave_if_answered();
        });
    });
    --in_flight_;
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
