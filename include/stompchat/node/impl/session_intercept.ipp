// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_SESSION_INTERCEPT_IPP
#define STOMPCHAT_NODE_IMPL_SESSION_INTERCEPT_IPP

/*  A SEND, or a COMMIT, on its way past the interceptor. What passes at once, with nothing before it that waits, goes on as if there were
   no interceptor. Everything else is copied and waits in the shard's interceptions, where it outlives the session.  */

#include <stompchat/delivery/destination.hpp>
#include <stompchat/node/detail/interceptions.hpp>
#include <stompchat/node/detail/message_check.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/timestamp.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/// The way back of a verdict that takes time.
class session::verdict_target final : public pending_send::target {
public:
    verdict_target(std::shared_ptr<shard_link> home, connection_id from, std::uint64_t number, std::size_t frame)
        : home_(std::move(home)), from_(from), number_(number), frame_(frame) {}

    void decide(send_verdict what) override {
        home_->post([home = home_, from = from_, number = number_, frame = frame_, what = std::move(what)]() mutable {
            if (shard* const here = home->get()) session::on_verdict(*here, from, number, frame, std::move(what));
        });
    }

private:
    std::shared_ptr<shard_link> home_;
    connection_id from_;
    std::uint64_t number_;
    std::size_t frame_;
};

/// One question to the interceptor.
class session::question final : public intercepted_send::source {
public:
    question(const stompchat::node::session& from, std::uint64_t number, std::size_t frame) : from_(from), number_(number), frame_(frame) {}

    std::string session() const override { return from_.name(); }
    std::unique_ptr<pending_send::target> defer() override {
        if (std::exchange(deferred, true)) return nullptr;
        return std::make_unique<verdict_target>(from_.shard_.link(), from_.id(), number_, frame_);
    }

    bool deferred = false;

private:
    const stompchat::node::session& from_;
    std::uint64_t number_;
    std::size_t frame_;
};

namespace detail {

/// Makes a verdict a rejection when it would send what a client could not.
inline void check_verdict(send_verdict& what, const stomp::decode_limits& limits) {
    if (what.rejected) return;
    error_code problem;
    if (what.headers) {
        std::size_t count = 0;
        for (const header_field one : header_block(*what.headers)) {
            if (!problem) problem = header_problem(one.name, one.value, limits);
            if (++count > limits.headers) problem = error::too_many_headers;
        }
    }
    if (what.body && what.body->size() > limits.body) problem = error::body_too_long;
    if (problem) what = send_verdict::reject("the service made it a message that cannot be sent: " + problem.message());
}

inline std::string destination_in_log(std::string_view destination) { return *delivery::log_destination(destination, {}); }

} // namespace detail

STOMPCHAT_DECL bool session::ask(publish_interceptor& asked, const stomp::transaction_frame& about, std::uint64_t number, std::size_t frame,
                                 send_verdict& verdict) {
    question from(*this, number, frame);
    intercepted_send shown(from, who_, about.destination, header_block(pack_headers(about.frame)), about.frame.body);
    verdict = asked.on_send(shown);
    if (from.deferred) {
        verdict = send_verdict::pass();
        return false;
    }
    detail::check_verdict(verdict, shard_.node().options.session.limits);
    return true;
}

STOMPCHAT_DECL void session::intercept(publish_interceptor& asked, const stomp::event& ev) {
    interceptions& all = shard_.intercepted();
    stomp::transaction_frame sent;
    sent.frame = ev.frame;
    sent.destination = ev.destination;
    held_send made;
    made.number = all.next_number();
    send_verdict verdict;
    const bool decided = ask(asked, sent, made.number, 0, verdict);
    if (verdict.rejected) return refuse("SEND", ev.destination, ev.receipt, {error::rejected, std::move(*verdict.rejected)});
    const interceptions::queue* const before = all.find(id());
    const bool free = decided && (before == nullptr || !interceptions::blocked(*before, detail::destination_in_log(ev.destination)));
    if (free && !verdict.headers && !verdict.body) return on_send(ev.frame, ev.destination, ev.receipt, nullptr);
    made.frames.emplace_back(sent, verdict);
    made.receipt = ev.receipt;
    made.destination = detail::destination_in_log(ev.destination);
    made.undecided = decided ? 0 : 1;
    if (free)
        carry_out(made);
    else
        hold(std::move(made));
}

STOMPCHAT_DECL void session::intercept_commit(publish_interceptor& asked, const stomp::event& ev) {
    interceptions& all = shard_.intercepted();
    held_send made;
    made.number = all.next_number();
    made.transaction = true;
    std::vector<send_verdict> verdicts; // empty as long as every frame passes as it is
    for (std::size_t i = 0; i != ev.frames.size(); ++i) {
        const stomp::transaction_frame& one = ev.frames[i];
        if (one.kind != stomp::event_kind::send || delivery::kind_of(one.destination) == delivery::destination_kind::app) continue;
        send_verdict verdict;
        if (!ask(asked, one, made.number, i, verdict)) ++made.undecided;
        // Verdicts that are still under way find nothing any more.
        if (verdict.rejected) return fail(error::rejected, *verdict.rejected, ev.receipt);
        if (!verdict.headers && !verdict.body) continue;
        verdicts.resize(ev.frames.size());
        verdicts[i] = std::move(verdict);
    }
    const bool free = made.undecided == 0 && all.find(id()) == nullptr;
    if (free && verdicts.empty()) return commit(ev.frames, ev.receipt);
    verdicts.resize(ev.frames.size());
    for (std::size_t i = 0; i != ev.frames.size(); ++i) made.frames.emplace_back(ev.frames[i], verdicts[i]);
    made.receipt = ev.receipt;
    if (free)
        carry_out(made);
    else
        hold(std::move(made));
}

STOMPCHAT_DECL void session::hold(held_send what) {
    for (const owned_frame& one : what.frames) what.octets += one.octets();
    what.user = who_.user;
    ++in_flight_;
    in_flight_octets_ += what.octets;
    shard_.intercepted().hold(id(), std::move(what));
}

STOMPCHAT_DECL void session::let_go(const held_send& what) {
    --in_flight_;
    in_flight_octets_ -= what.octets;
}

STOMPCHAT_DECL void session::carry_out(const held_send& what) {
    if (!what.transaction) {
        const stomp::transaction_frame sent = what.frames.front().view();
        return on_send(sent.frame, sent.destination, what.receipt, nullptr);
    }
    std::vector<stomp::transaction_frame> frames;
    for (const owned_frame& one : what.frames) {
        frames.push_back(one.view());
        // The subscription may have gone, and another may have its id: the ACK then means nothing to that.
        if (!one.named_id.empty())
            frames.back().sub = stomp_.find(one.named_id);
        else if (!one.named_destination.empty())
            frames.back().sub = stomp_.find_destination(one.named_destination);
    }
    commit(frames, what.receipt);
}

STOMPCHAT_DECL void session::on_verdict(shard& home, connection_id from, std::uint64_t number, std::size_t frame, send_verdict verdict) {
    interceptions& all = home.intercepted();
    interceptions::queue* const waiting = all.find(from);
    held_send* const about = waiting == nullptr ? nullptr : interceptions::find(*waiting, number);
    if (about == nullptr) return; // refused meanwhile, for another reason
    const auto sender = [&]() -> session* {
        session* const one = home.find(from);
        return one != nullptr && one->phase_ != phase::closing ? one : nullptr;
    };
    detail::check_verdict(verdict, home.node().options.session.limits);
    if (verdict.rejected) {
        const held_send refused = all.take(from, number);
        if (session* const to = sender()) {
            to->let_go(refused);
            const refusal why{error::rejected, std::move(*verdict.rejected)};
            if (refused.transaction)
                to->fail(why.code, why.reason, refused.receipt);
            else
                to->refuse("SEND", refused.frames.front().view().destination, refused.receipt, why);
            // Frames behind one that ends the session are not carried out.
            if (to->phase_ == phase::closing) all.drop_behind(from, number);
        }
    } else {
        if (verdict.headers || verdict.body) about->frames[frame] = owned_frame(about->frames[frame].view(), verdict);
        --about->undecided;
    }
    while (const auto next = all.take_free(from)) {
        if (session* const to = sender()) {
            to->carry_out(*next);
            to->let_go(*next);
        } else {
            publish_for_gone(home, *next);
        }
    }
    if (session* const to = sender()) {
        to->leave_if_answered();
        to->read_on();
    }
}

STOMPCHAT_DECL void session::publish_for_gone(shard& home, const held_send& what) {
    if (what.transaction) return; // all of it or nothing: its ACKs belonged to the connection
    const stomp::frame_view sent = what.frames.front().view().frame;
    if (!sent.value_of("idempotency-key").empty()) return; // its client sends it again
    std::string headers;
    for (const stomp::header& one : sent.headers) {
        if (!is_reserved_header(one.name)) append_header(headers, one.name, one.value);
    }
    outgoing message;
    message.ticket = home.issue_ticket(publish_record()); // names no session: nobody waits for the answer
    message.destination = what.destination;
    message.user = what.user;
    message.timestamp = detail::milliseconds_since_1970();
    message.headers = header_block(headers);
    message.body = sent.body;
    message.ephemeral = home.settings_of(what.destination).policy == destination_policy::ephemeral;
    home.node().ports.log.publish({&message, 1});
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
