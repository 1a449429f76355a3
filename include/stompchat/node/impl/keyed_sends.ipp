// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_KEYED_SENDS_IPP
#define STOMPCHAT_NODE_IMPL_KEYED_SENDS_IPP

#include <stompchat/delivery/store_key.hpp>
#include <stompchat/node/detail/keyed_sends.hpp>
#include <stompchat/node/detail/membership.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL void keyed_sends::add(session& from, std::deque<item> what) {
    // A session that is not read for `max_unread` ends: shortly before that it can still be told what became of the SEND.
    const time_point until = std::chrono::system_clock::now()
                             + std::min<std::chrono::milliseconds>(std::chrono::milliseconds(shard_.node().options.max_unread) * 9 / 10,
                                                                   delivery::keyed_send::most_waiting);
    const auto [place, begins] = job_of_.try_emplace(key(from.id()), last_job_ + 1);
    if (begins) {
        auto made = std::make_unique<job>();
        made->session = from.id();
        made->user = from.who().user;
        jobs_.emplace(++last_job_, std::move(made));
    }
    const std::uint64_t number = place->second;
    job& of = *jobs_.at(number);
    for (item& one : what) {
        one.until = until;
        of.items.push_back(std::move(one));
    }
    if (begins) advance(number);
}

STOMPCHAT_DECL void keyed_sends::advance(std::uint64_t number) {
    job& of = *jobs_.at(number);
    while (!of.items.empty()) {
        if (!of.items.front().key.empty()) {
            begin_key(of);
            return carry_out(number, of.machine->begin(std::chrono::system_clock::now()));
        }
        const item next = std::move(of.items.front());
        of.items.pop_front();
        if (!next.for_app) {
            publish(of, next, {}, {}, 0);
        } else if (session* const whose = shard_.find(of.session)) {
            whose->send_to_app(next, next.transaction);
            // Refused: the session has ended with it.
            if (next.transaction->refused) of.items.clear();
        }
    }
    finish(number);
}

STOMPCHAT_DECL void keyed_sends::begin_key(job& of) {
    const item& next = of.items.front();
    delivery::key_reservation mine;
    mine.holder = shard_.node().membership->incarnation();
    mine.nonce = shard_.unique_number(++last_nonce_);
    mine.id = {shard_.node().self.incarnation, mine.nonce};
    mine.base = shard_.reached(next.destination);
    of.machine = std::make_unique<delivery::keyed_send>(mine, next.until);
    of.store_key = delivery::store_key("d", of.user, {next.destination, next.key});
    of.asked_who_lives = {};
}

STOMPCHAT_DECL void keyed_sends::carry_out(std::uint64_t number, delivery::keyed_send::step next) {
    job& of = *jobs_.at(number);
    switch (next.what) {
    case action::compare_and_set: {
        const std::uint64_t holder = next.waits_for;
        of.asks = std::move(next);
        if (of.asks.pause.count() == 0) return ask_store(number);
        wait(number);
        if (holder != 0 && holder != shard_.node().membership->incarnation()) ask_who_lives(number, holder);
        return;
    }
    case action::publish:
        published_.emplace(++last_job_, published{*of.machine, of.store_key});
        publish(of, of.items.front(), next.id, next.base, last_job_);
        break;
    case action::answer: answer(of, next.message_id); break;
    case action::give_up: give_up(of); break;
    }
    of.machine.reset();
    // Whoever gave up may have given up all.
    if (!of.items.empty()) of.items.pop_front();
    advance(number);
}

STOMPCHAT_DECL void keyed_sends::wait(std::uint64_t number) {
    job& of = *jobs_.at(number);
    if (!of.timer) of.timer = std::make_unique<boost::asio::steady_timer>(shard_.context());
    of.timer->expires_after(of.asks.pause);
    of.timer->async_wait([home = shard_.link(), number](error_code ec) {
        shard* const self = home->get();
        if (ec || self == nullptr) return;
        keyed_sends& all = self->keyed();
        const auto found = all.jobs_.find(number);
        if (found != all.jobs_.end() && all.may_go_on(*found->second))
            all.ask_store(number);
        else if (found != all.jobs_.end())
            all.finish(number);
    });
}

STOMPCHAT_DECL void keyed_sends::ask_store(std::uint64_t number) {
    const job& of = *jobs_.at(number);
    auto answered = [home = shard_.link(), number](error_code ec, bool swapped, const state_store::value& found) {
        shard* const self = home->get();
        if (self == nullptr) return;
        keyed_sends& all = self->keyed();
        const auto job = all.jobs_.find(number);
        if (job == all.jobs_.end()) return;
        all.carry_out(number, job->second->machine->on_store(static_cast<bool>(ec), swapped, found, std::chrono::system_clock::now()));
    };
    shard_.node().ports.store.async_compare_and_set(of.store_key, of.asks.expected, of.asks.desired, delivery::keyed_send::lifetime,
                                                    boost::asio::bind_executor(shard_.context(), std::move(answered)));
}

STOMPCHAT_DECL void keyed_sends::ask_who_lives(std::uint64_t number, std::uint64_t holder) {
    job& of = *jobs_.at(number);
    const time_point now = std::chrono::system_clock::now();
    if (now < of.asked_who_lives + std::chrono::milliseconds(500)) return;
    of.asked_who_lives = now;
    auto answered = [home = shard_.link(), number, holder](error_code ec, const std::vector<live_node>& alive) {
        shard* const self = home->get();
        if (ec || self == nullptr) return;
        const auto job = self->keyed().jobs_.find(number);
        // One that says itself that it does not reach the log does not publish now either.
        const bool dead = std::none_of(alive.begin(), alive.end(),
                                       [&](const live_node& one) { return one.node.incarnation == holder && one.status.broker_ready; });
        if (dead && job != self->keyed().jobs_.end() && job->second->machine) job->second->machine->on_dead(holder);
    };
    shard_.node().ports.registry.async_live_nodes(boost::asio::bind_executor(shard_.context(), std::move(answered)));
}

STOMPCHAT_DECL bool keyed_sends::may_go_on(job& of) {
    if (of.orphaned_octets != 0 || shard_.find(of.session) != nullptr) return true;
    for (const item& one : of.items) of.orphaned_octets += one.octets();
    orphaned_octets_ += of.orphaned_octets;
    return orphaned_octets_ <= shard_.node().options.shard_inbox;
}

STOMPCHAT_DECL publish_record keyed_sends::record_of(const job& of, const item& one) const {
    publish_record what(one.receipt);
    what.group = one.transaction;
    what.session = of.session;
    what.octets = static_cast<std::uint32_t>(one.body.size());
    what.check = destination_check(one.destination);
    return what;
}

STOMPCHAT_DECL void keyed_sends::publish(const job& of, const item& one, const record_id& id, const position& base, std::uint64_t keyed) {
    publish_record what = record_of(of, one);
    what.keyed = keyed;
    if (session* const whose = shard_.find(of.session)) whose->count_in_flight(what);
    shard_.publish(of.user, one.destination, header_block(one.headers), one.body, std::move(what), id, base);
}

STOMPCHAT_DECL void keyed_sends::answer(const job& of, std::string_view message_id) {
    session* const whose = shard_.find(of.session);
    if (whose == nullptr) return;
    publish_record what = record_of(of, of.items.front());
    whose->count_in_flight(what);
    const auto token = parse_token(message_id);
    whose->on_published(what, {}, token ? token->at : position{});
}

STOMPCHAT_DECL void keyed_sends::on_published(std::uint64_t number, error_code ec, const position& at, std::uint32_t check) {
    const auto found = published_.find(number);
    if (found == published_.end()) return;
    const published done = std::move(found->second);
    published_.erase(found);
    auto last = done.machine.on_published(ec, position_token(at, check).text());
    if (!last) return;
    shard_.node().ports.store.async_compare_and_set(done.store_key, std::move(last->expected), std::move(last->desired),
                                                    delivery::keyed_send::lifetime, [](error_code, bool, const state_store::value&) {});
}

STOMPCHAT_DECL void keyed_sends::give_up(job& of) {
    session* const whose = shard_.find(of.session);
    if (whose == nullptr || !whose->on_job_given_up(of.items.front())) of.items.clear();
}

STOMPCHAT_DECL void keyed_sends::finish(std::uint64_t number) {
    const auto found = jobs_.find(number);
    const std::unique_ptr<job> done = std::move(found->second);
    jobs_.erase(found);
    job_of_.erase(key(done->session));
    orphaned_octets_ -= done->orphaned_octets;
    if (session* const whose = shard_.find(done->session)) whose->on_job_done();
}

STOMPCHAT_DECL void keyed_sends::clear() {
    jobs_.clear();
    job_of_.clear();
    published_.clear();
    orphaned_octets_ = 0;
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
