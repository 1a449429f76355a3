// Boost Software License 1.0, see LICENSE

#include "session.hpp"

#include "shard.hpp"

namespace model {

struct session::feeding_host {
    session& self;

    delivery::output_room room() const noexcept { return self.room(); }
    const topics::topic& topic_of(const subscription& whom) const noexcept { return self.home_.table().at(whom.slot); }
    offset told_to(const subscription& whom) const noexcept { return self.home_.table().told(topic_of(whom).partition); }
    void deliver(const entry* message, subscription& to) const {
        ++self.home_.around().counts.fed_from_recent;
        self.deliver(message, to);
    }
    void deliver_read(const message& one, subscription& to) const {
        ++self.home_.around().counts.fed_from_log;
        self.deliver(&shared_log::of(one), to);
    }
    void read(subscription& whom, std::size_t messages, std::size_t octets) const { self.home_.feed(whom, messages, octets); }
    void tell_gap(subscription& whom) const { self.tell_gap(whom); }
    const delivery::destination_settings* latest_of(const subscription&) const noexcept { return nullptr; }
    std::string_view key_of(const entry*, const delivery::destination_settings&) const noexcept { return {}; }
};

session::~session() {
    for (const auto& one : subscriptions_) home_.unsubscribe(*one);
    home_.count_queued(-static_cast<std::ptrdiff_t>(octets_));
}

void session::subscribe(story& seen) {
    if (!open_) return;
    seen.on_subscribed(home_.table().told(home_.around().log.home(seen.room())));
    auto made = std::make_unique<subscription>();
    made->owner = this;
    made->seen = &seen;
    made->window = seen.asked().window;
    const wish& asked = seen.asked();
    if (asked.receipt || asked.resume_after || asked.history) {
        made->starting = std::make_unique<delivery::start_request>();
        made->starting->resumes = asked.resume_after.has_value();
        made->starting->resume_after = asked.resume_after;
        made->starting->history = asked.history;
        if (asked.earliest) made->starting->earliest = delivery::start_request::time_point(std::chrono::milliseconds(*asked.earliest));
    }
    subscription& added = *made;
    subscriptions_.push_back(std::move(made));
    home_.subscribe(added, home_.around().log.name(seen.room()));
}

void session::unsubscribe(const story& which) {
    const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(), [&](const auto& one) { return one->seen == &which; });
    if (found == subscriptions_.end()) return;
    behind_.remove(**found);
    home_.unsubscribe(**found);
    subscriptions_.erase(found);
}

void session::acknowledge(const story& which, std::uint32_t count) {
    for (const auto& one : subscriptions_) {
        if (one->seen == &which) one->unacknowledged -= std::min(count, one->unacknowledged);
    }
    feed_those_behind();
}

std::vector<parcel> session::write(std::size_t most) {
    std::vector<parcel> written;
    for (; most != 0 && !queue_.empty(); --most) {
        octets_ -= queue_.front().octets();
        home_.count_queued(-static_cast<std::ptrdiff_t>(queue_.front().octets()));
        written.push_back(queue_.front());
        queue_.pop_front();
    }
    return written;
}

void session::on_drained() { feed_those_behind(); }

delivery::output_room session::room() const noexcept {
    return {octets_, home_.shape().output_queue, home_.queued() >= home_.shape().shard_output};
}

void session::push(parcel what) {
    octets_ += what.octets();
    home_.count_queued(static_cast<std::ptrdiff_t>(what.octets()));
    queue_.push_back(what);
    home_.around().to_write(*this);
}

void session::deliver(const entry* what, subscription& to) {
    if (to.window != 0 && !what->ephemeral) ++to.unacknowledged;
    push({parcel::kind::message, to.seen, what, {}});
}

void session::fell_behind(subscription& whom) {
    ++home_.around().counts.fell_behind;
    behind_.add(whom);
    if (delivery::waits_for_nothing(whom, room())) home_.timer(*this, 0);
}

void session::tell_gap(subscription& whom) { push({parcel::kind::gap, whom.seen, nullptr, {}}); }

void session::on_lost() {
    if (!open_) return;
    push({parcel::kind::end, nullptr, nullptr, {}});
    open_ = false;
    behind_.clear();
    for (const auto& one : subscriptions_) home_.unsubscribe(*one);
    subscriptions_.clear();
}

// Where a subscription begins.

delivery::start_request::time_point session::window_begins() const {
    return delivery::start_request::time_point(std::chrono::milliseconds(home_.around().log.wall_clock() - home_.shape().history_window));
}

void session::on_topic(subscription& whom, offset now) {
    if (!whom.starting) return begin(whom, now);
    carry_out(whom, whom.starting->on_topic(now, home_.table().knowledge(home_.table().at(whom.slot)), window_begins()));
}

void session::on_end(subscription& whom, bool failed, const position& end) {
    ++home_.around().counts.ends_asked;
    if (failed) return again_in(200);
    carry_out(whom, whom.starting->on_end(end, home_.table().knowledge(home_.table().at(whom.slot)), window_begins()));
}

void session::on_start_read(subscription& whom, bool failed, read_result& result) {
    if (failed) return again_in(200);
    topics::topic& topic = home_.table().at(whom.slot);
    if (const auto& after = whom.starting->resume_after)
        home_.table().remember_read(topic, after->offset + 1, result, [](const message& one) { return &shared_log::of(one); });
    carry_out(whom, whom.starting->on_read(result, home_.table().knowledge(topic), window_begins()));
}

void session::carry_out(subscription& whom, delivery::start_step step) {
    switch (step.what) {
    case delivery::start_step::action::begin: return begin(whom, step.from);
    case delivery::start_step::action::read: return home_.read_to_start(whom, step.read_from, step.bounds);
    case delivery::start_step::action::ask_end: return home_.ask_end(whom);
    case delivery::start_step::action::wait: return again_in(20);
    case delivery::start_step::action::begin_with_history: break;
    }
    answer_start(whom, step.from);
    whom.cursor.begin_behind(step.found.messages.front().at().offset);
    behind_.add(whom);
    take_read(whom, step.found);
}

void session::begin(subscription& whom, offset from) {
    answer_start(whom, from);
    whom.cursor.begin(from, feeding_host{*this}.told_to(whom));
    if (!whom.cursor.behind()) return;
    fell_behind(whom);
    feed_those_behind();
}

void session::answer_start(subscription& whom, offset from) {
    const auto wanted = std::exchange(whom.starting, nullptr);
    if (!wanted) return;
    whom.told_of_gaps = wanted->resumes || wanted->history;
    if (!whom.seen->asked().receipt) return;
    const topics::topic& topic = home_.table().at(whom.slot);
    const std::uint32_t history = wanted->recovered ? 0 : wanted->history.value_or(0);
    push({parcel::kind::receipt,
          whom.seen,
          nullptr,
          {{topic.epoch, topic.partition, from - 1}, wanted->recovered, history, wanted->complete}});
}

// Those that are behind.

void session::on_fed(subscription& whom, bool failed, const read_result& result) {
    if (failed) return again_in(200);
    take_read(whom, result);
}

void session::take_read(subscription& whom, const read_result& result) {
    feeding_host host{*this};
    switch (delivery::take_fed(whom, result, host)) {
    case delivery::fed::something: return feed_those_behind();
    case delivery::fed::nothing: return again_in(20);
    case delivery::fed::lost: return on_lost();
    }
}

void session::feed_those_behind() {
    if (!open_) return;
    feeding_host host{*this};
    delivery::feed_those_behind(behind_, host);
}

void session::again_in(std::int64_t milliseconds) { home_.timer(*this, milliseconds); }

void session::on_timer() {
    for (std::size_t i = 0; i != subscriptions_.size(); ++i) {
        subscription& whom = *subscriptions_[i];
        const topics::topic& topic = home_.table().at(whom.slot);
        if (whom.cursor.pending() && !whom.reading && whom.starting && topic.live)
            carry_out(whom, whom.starting->again(home_.table().knowledge(topic), window_begins()));
        if (!open_) return;
    }
    feed_those_behind();
}

} // namespace model
