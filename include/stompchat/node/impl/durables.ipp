// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_DURABLES_IPP
#define STOMPCHAT_NODE_IMPL_DURABLES_IPP

#include <stompchat/delivery/durable_names.hpp>
#include <stompchat/delivery/store_key.hpp>
#include <stompchat/node/detail/durables.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/bind_executor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

inline constexpr std::string_view store_is_away = "positions of durable subscriptions cannot be kept at the moment; try again";

/// How long an entry stays that says that a subscription was ended for good: longer than any node is frozen and comes back.
inline constexpr std::chrono::hours ended_lifetime{24};

inline std::chrono::days today() { return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()).time_since_epoch(); }

/// The name of a holder tells where it is: the run of the node, the shard, a number there.
struct holder_place {
    std::uint64_t incarnation = 0;
    std::uint64_t shard = 0;
    std::uint64_t serial = 0;

    static std::optional<holder_place> read(std::string_view text) noexcept {
        std::array<std::uint64_t, 3> numbers{};
        const char* at = text.data();
        const char* const end = at + text.size();
        for (std::size_t i = 0; i != numbers.size(); ++i) {
            const auto [next, failure] = std::from_chars(at, end, numbers[i], 16);
            const bool last = i + 1 == numbers.size();
            if (failure != std::errc{} || (last ? next != end : next == end || *next != '-')) return std::nullopt;
            at = last ? next : next + 1;
        }
        return holder_place{numbers[0], numbers[1], numbers[2]};
    }
};

} // namespace detail

STOMPCHAT_DECL durables::durables(shard& home)
    : shard_(home), timing_{home.node().options.durable_interval, home.node().options.durable_idle_interval}, timer_(home.context()) {}

STOMPCHAT_DECL durables::entry* durables::find(number of) const {
    const auto found = all_.find(of);
    return found == all_.end() ? nullptr : found->second.get();
}

STOMPCHAT_DECL durables::entry* durables::find(const subscription& whom) const { return whom.acks ? find(whom.acks->durable) : nullptr; }

/// A handler that calls `then(entry, arguments...)` on the shard's thread, if the entry is still there.
template <class Then>
auto durables::answer(const entry& of, Then then) {
    return asio::bind_executor(shard_.context(),
                               [this, home = shard_.link(), serial = of.serial, then](error_code ec, auto... result) mutable {
                                   if (home->get() == nullptr) return;
                                   entry* const known = find(static_cast<number>(serial));
                                   if (known != nullptr && known->serial == serial) then(*known, ec, std::move(result)...);
                               });
}

// Becoming the holder.

STOMPCHAT_DECL void durables::claim(subscription& whom, std::string_view user, std::string_view destination, std::string_view name,
                                    const position& start) {
    do ++last_serial_;
    while (static_cast<number>(last_serial_) == 0 || find(static_cast<number>(last_serial_)) != nullptr);
    const node_context& node = shard_.node();
    auto made = std::make_unique<entry>(fmt::format("{:x}-{:x}-{:x}", node.self.incarnation, shard_.index(), last_serial_),
                                        whom.acks->check, timing_);
    made->user = user;
    made->destination = destination;
    made->name = name;
    made->key = delivery::store_key("p", user, {destination, name});
    made->serial = last_serial_;
    made->whom = &whom;
    made->last = start;
    whom.acks->durable = static_cast<number>(last_serial_);
    entry& of = *all_.emplace(whom.acks->durable, std::move(made)).first->second;
    of.due = shard::now() + claim_limit;
    due_.emplace(of.due, whom.acks->durable);
    arm();
    read_entry(of);
}

STOMPCHAT_DECL bool durables::claimed(const subscription& whom) const {
    const entry* const of = find(whom);
    return of != nullptr && of->held;
}

STOMPCHAT_DECL void durables::read_entry(entry& of) {
    shard_.node().ports.store.async_get(of.key, answer(of, [this](entry& to, error_code ec, value found) {
                                            if (ec) return fail_claim(to, ec, detail::store_is_away);
                                            read_names(to, std::move(found));
                                        }));
}

STOMPCHAT_DECL void durables::read_names(entry& of, value found) {
    const std::string key = delivery::store_key("pn", of.user);
    auto then = [this, key, found = std::move(found)](entry& to, error_code ec, value names) {
        if (ec) return fail_claim(to, ec, detail::store_is_away);
        const chat_node_options& options = shard_.node().options;
        delivery::durable_names all(names ? *names : std::string(), detail::today(),
                                    std::chrono::ceil<std::chrono::days>(options.durable_lifetime));
        const bool known = found && *found != delivery::durable_position::ended;
        switch (all.begin(to.destination, to.name, options.max_durable_names, known)) {
        case delivery::durable_names::outcome::unchanged: return write_claim(to, found);
        case delivery::durable_names::outcome::full:
            return fail_claim(to, error::too_many_durables,
                              fmt::format("this would be more than {} durable subscriptions of a user; end one for good first",
                                          options.max_durable_names));
        case delivery::durable_names::outcome::changed: break;
        }
        auto written = [this, found](entry& of_it, error_code failure, bool swapped, value) {
            if (failure) return fail_claim(of_it, failure, detail::store_is_away);
            if (swapped) return write_claim(of_it, found);
            read_names(of_it, found); // another session of the user was faster
        };
        shard_.node().ports.store.async_compare_and_set(key, std::move(names), all.text(), options.durable_lifetime,
                                                        answer(to, std::move(written)));
    };
    shard_.node().ports.store.async_get(key, answer(of, std::move(then)));
}

STOMPCHAT_DECL void durables::write_claim(entry& of, value found) {
    auto what = of.at.claim(std::move(found), of.last);
    auto then = [this](entry& to, error_code ec, bool swapped, value stood) {
        if (ec) return fail_claim(to, ec, detail::store_is_away);
        if (to.at.on_claimed(swapped, stood, shard::now()) == delivery::durable_position::outcome::again)
            return write_claim(to, std::move(stood));
        on_held(to);
    };
    shard_.node().ports.store.async_compare_and_set(of.key, std::move(what.expected), std::move(what.desired),
                                                    shard_.node().options.durable_lifetime, answer(of, std::move(then)));
}

STOMPCHAT_DECL void durables::on_held(entry& of) {
    of.held = true;
    plan(of);
    // On this node the loser need not wait for its next write to learn of it.
    const auto loser = detail::holder_place::read(of.at.former());
    const auto& links = shard_.node().links;
    if (loser && loser->incarnation == shard_.node().self.incarnation && loser->shard < links.size()) {
        const auto& link = links[loser->shard];
        link->post([link, serial = loser->serial] {
            if (shard* const home = link->get()) home->durable_subscriptions().on_taken_over(serial);
        });
    }
    if (of.whom == nullptr) return write(of);
    of.whom->owner->on_durable(*of.whom, of.at.resumed(), of.at.written());
}

STOMPCHAT_DECL void durables::fail_claim(entry& of, error_code ec, std::string_view why) {
    subscription* const whom = of.whom;
    const ended done = erase(of);
    if (whom != nullptr) whom->owner->on_durable_refused(*whom, ec, why);
    if (done) done(ec);
}

// Moving the position.

STOMPCHAT_DECL void durables::touch(const subscription& whom) {
    entry* const of = find(whom);
    if (of == nullptr) return;
    of->at.touch();
    plan(*of);
}

STOMPCHAT_DECL void durables::hold(const subscription& whom, offset refused) {
    if (entry* const of = find(whom)) of->at.hold(refused);
}

STOMPCHAT_DECL position durables::first(entry& of, bool ends) const {
    subscription& whom = *of.whom;
    if (whom.cursor.pending()) return of.at.written();
    const topic_table::topic& topic = shard_.topic_of(whom);
    // A subscription may end between two events of its shard that belong together: what was handed out then says nothing yet.
    const offset next = ends ? whom.cursor.next() : whom.cursor.next_unseen(shard_.handed_to(whom));
    const auto unacknowledged = whom.acks->window.oldest();
    return of.at.first({topic.epoch, topic.partition, next},
                       unacknowledged ? std::optional(static_cast<offset>(*unacknowledged)) : std::nullopt);
}

STOMPCHAT_DECL void durables::write(entry& of) {
    const time_point now = shard::now();
    if (of.whom == nullptr) ++of.attempts;
    auto what = of.forgotten ? of.at.begin_end(now) : of.at.begin(of.whom != nullptr ? first(of, false) : of.last, now);
    plan(of);
    const std::chrono::seconds lifetime = shard_.node().options.durable_lifetime;
    auto then = [this](entry& to, error_code ec, bool swapped, value found) { on_written(to, ec, swapped, std::move(found)); };
    shard_.node().ports.store.async_compare_and_set(
        of.key, std::move(what.expected), std::move(what.desired),
        of.forgotten ? std::min<std::chrono::seconds>(lifetime, detail::ended_lifetime) : lifetime, answer(of, std::move(then)));
}

STOMPCHAT_DECL void durables::on_written(entry& of, error_code ec, bool swapped, value found) {
    if (ec) {
        of.at.on_failed();
        // Nobody waits any longer for what may take long; and nothing is forgotten behind the back of who was told that it is not.
        of.forgotten = false;
        const ended done = std::exchange(of.done, {});
        if (of.attempts >= most_attempts)
            erase(of);
        else
            plan(of);
        if (done) done(ec);
        return;
    }
    switch (of.at.on_written(swapped, std::move(found))) {
    case delivery::durable_position::outcome::lost: return lose(of);
    case delivery::durable_position::outcome::again: return write(of);
    case delivery::durable_position::outcome::done: break;
    }
    if (of.whom != nullptr) return plan(of);
    // A write that had begun before the subscription ended says less than the last one has to.
    if (of.attempts == 0 && (of.forgotten || !of.at.stands(of.last))) return write(of);
    finish(of, {});
}

// The end.

STOMPCHAT_DECL void durables::end(subscription& whom, ended done) { begin_end(whom, false, std::move(done)); }

STOMPCHAT_DECL void durables::forget(subscription& whom, ended done) { begin_end(whom, true, std::move(done)); }

STOMPCHAT_DECL void durables::begin_end(subscription& whom, bool forgotten, ended done) {
    entry* const of = find(whom);
    if (of == nullptr) return;
    if (of->held) of->last = first(*of, true);
    const bool nothing_to_write = !forgotten && (!of->held || of->at.stands(of->last));
    of->whom = nullptr;
    whom.acks->durable = 0;
    of->done = std::move(done);
    of->forgotten = forgotten;
    if (nothing_to_write) return finish(*of, {});
    ended_.insert(of->serial);
    if (of->held && !of->at.under_way()) write(*of);
    if (ended_.size() > most_ended) finish(*find(static_cast<number>(*ended_.begin())), error::registry_unavailable);
}

STOMPCHAT_DECL void durables::finish(entry& of, error_code ec) {
    if (of.forgotten && !ec) leave_names(of);
    const ended done = erase(of);
    if (done) done(ec);
}

STOMPCHAT_DECL void durables::leave_names(const entry& of) {
    // If this fails, the name counts until it would have ended by itself.
    state_store& store = shard_.node().ports.store;
    const auto lifetime = shard_.node().options.durable_lifetime;
    auto then = [&store, lifetime, key = delivery::store_key("pn", of.user), destination = of.destination, name = of.name](error_code ec,
                                                                                                                           value names) {
        if (ec || !names) return;
        delivery::durable_names all(*names, detail::today(), std::chrono::ceil<std::chrono::days>(lifetime));
        if (all.end(destination, name) == delivery::durable_names::outcome::unchanged) return;
        value left = all.size() == 0 ? value() : value(all.text());
        store.async_compare_and_set(key, std::move(names), std::move(left), lifetime, [](error_code, bool, const value&) {});
    };
    store.async_get(delivery::store_key("pn", of.user), std::move(then));
}

STOMPCHAT_DECL void durables::on_taken_over(std::uint64_t serial) {
    entry* const of = find(static_cast<number>(serial));
    if (of != nullptr && of->serial == serial) lose(*of);
}

STOMPCHAT_DECL void durables::lose(entry& of) {
    subscription* const whom = of.whom;
    const std::string name = of.name;
    const ended done = erase(of);
    if (whom != nullptr) whom->owner->on_taken_over(*whom, name);
    if (done) done(error::taken_over);
}

STOMPCHAT_DECL durables::ended durables::erase(entry& of) {
    ended done = std::move(of.done);
    if (of.whom != nullptr) of.whom->acks->durable = 0;
    const auto at = static_cast<number>(of.serial);
    due_.erase({of.due, at});
    ended_.erase(of.serial);
    all_.erase(at);
    return done;
}

STOMPCHAT_DECL void durables::stop() {
    stopped_ = true;
    timer_.cancel(); // else the context would have something to wait for, although no session is left
}

// Time.

STOMPCHAT_DECL void durables::plan(entry& of) {
    if (!of.held || of.at.due() == of.due) return;
    const auto at = static_cast<number>(of.serial);
    due_.erase({of.due, at});
    of.due = of.at.due();
    if (of.due == time_point::max()) return;
    due_.emplace(of.due, at);
    arm();
}

STOMPCHAT_DECL void durables::arm() {
    if (stopped_ || due_.empty() || due_.begin()->first >= timer_at_) return;
    timer_at_ = due_.begin()->first;
    timer_.expires_at(timer_at_);
    timer_.async_wait([this, home = shard_.link()](error_code ec) {
        if (!ec && home->get() != nullptr) on_timer();
    });
}

STOMPCHAT_DECL void durables::on_timer() {
    timer_at_ = time_point::max();
    const time_point now = shard::now();
    while (!due_.empty() && due_.begin()->first <= now) {
        entry& of = *find(due_.begin()->second);
        if (of.held)
            write(of);
        else
            fail_claim(of, error::registry_unavailable, detail::store_is_away);
    }
    arm();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
