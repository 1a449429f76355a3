// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_KEYED_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_KEYED_IPP

// SENDs with an idempotency key: what a session has to do with its jobs of keyed_sends.

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/session.hpp>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL std::string_view session::key_of(const stomp::frame_view& frame) noexcept { return frame.value_of("idempotency-key"); }

STOMPCHAT_DECL keyed_sends::item session::copy_of(const stomp::frame_view& frame, std::string_view destination) {
    keyed_sends::item made;
    made.for_app = delivery::kind_of(destination) == delivery::destination_kind::app;
    made.destination = made.for_app ? std::string(destination) : *delivery::log_destination(destination, {});
    made.headers = pack_headers(frame);
    made.body = frame.body;
    // What is not in the log cannot be looked up in it, and an application sees the header itself.
    if (!made.for_app && shard_.settings_of(made.destination).policy != destination_policy::ephemeral) made.key = key_of(frame);
    return made;
}

STOMPCHAT_DECL bool session::send_keyed(const stomp::frame_view& frame, std::string_view destination, std::string_view receipt) {
    if (!has_job_ && key_of(frame).empty()) return false;
    std::deque<keyed_sends::item> job;
    job.push_back(copy_of(frame, destination));
    if (!has_job_ && job.front().key.empty()) return false;
    job.front().receipt = receipt;
    add_to_job(std::move(job));
    return true;
}

STOMPCHAT_DECL bool session::commit_keyed(std::span<const stomp::transaction_frame> frames,
                                          const std::shared_ptr<publish_group>& transaction) {
    const auto sent = [](const stomp::transaction_frame& one) { return one.kind == stomp::event_kind::send; };
    const auto keyed = [&](const stomp::transaction_frame& one) { return sent(one) && (has_job_ || !key_of(one.frame).empty()); };
    if (std::none_of(frames.begin(), frames.end(), keyed)) return false;
    std::deque<keyed_sends::item> job;
    for (const stomp::transaction_frame& one : frames) {
        if (!sent(one)) continue;
        job.push_back(copy_of(one.frame, one.destination));
        job.back().transaction = transaction;
        ++transaction->open;
    }
    add_to_job(std::move(job));
    return true;
}

STOMPCHAT_DECL void session::add_to_job(std::deque<keyed_sends::item> what) {
    if (!std::exchange(has_job_, true)) ++in_flight_;
    shard_.keyed().add(*this, std::move(what));
}

STOMPCHAT_DECL void session::count_in_flight(const publish_record& what) noexcept {
    ++in_flight_;
    in_flight_octets_ += what.octets;
}

STOMPCHAT_DECL void session::send_to_app(const keyed_sends::item& what, const std::shared_ptr<publish_group>& transaction) {
    std::vector<stomp::header> headers;
    for (const header_field one : header_block(what.headers)) headers.push_back({one.name, one.value});
    stomp::frame_view frame;
    frame.cmd = stomp::command::send;
    frame.headers = headers;
    frame.body = what.body;
    send_to_app(frame, what.destination, {}, transaction);
    --transaction->open; // now it is open as a request to the application
}

STOMPCHAT_DECL bool session::on_job_given_up(const keyed_sends::item& what) {
    constexpr std::string_view reason = "the state store does not answer; this SEND, which has an idempotency-key, was not published";
    if (what.transaction)
        fail(error::outcome_unknown, "the state store does not answer; the transaction was published in part, or not at all",
             what.transaction->receipt);
    else
        refuse("SEND", what.destination, what.receipt, {error::registry_unavailable, std::string(reason)});
    return phase_ != phase::closing;
}

STOMPCHAT_DECL void session::on_job_done() {
    has_job_ = false;
    --in_flight_;
    leave_if_answered();
    read_on();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
