// Boost Software License 1.0, see LICENSE

#include "shard.hpp"

namespace model {

struct shard::delivery_host {
    shard& self;

    std::chrono::steady_clock::time_point now() const noexcept { return self.now(); }
    void keep(const entry*) const noexcept {}
    bool has_room(const subscription& to) const noexcept { return to.owner->has_room(to); }
    void deliver(const entry* message, subscription& to) const { to.owner->deliver(message, to); }
    void fell_behind(subscription& whom) const { whom.owner->fell_behind(whom); }
    void on_topic(subscription& whom, offset at) const { whom.owner->on_topic(whom, at); }
    void forget_read(subscription& whom) const noexcept {
        if (whom.reading) std::exchange(whom.reading, nullptr)->to = nullptr;
    }
    void tell_gap(subscription& whom) const { whom.owner->tell_gap(whom); }
    std::uint64_t name_of_session(const subscription& whom) const noexcept { return whom.owner->number; }
    void end_session(std::uint64_t name) const {
        if (session* const one = self.find(name)) one->on_lost();
    }
    bool wants_sweep(const topics::topic& of) const noexcept { return of.subscriptions.size() > self.shape_.sweep_threshold; }
    void sweep(topics::topic& of, const entry* message) const { self.queue_for_sweep(of, message); }
    void sweep_ephemeral(topics::topic& of, const entry* message) const { self.queue_for_sweep(of, message); }
    bool can_take(const subscription& to) const noexcept { return to.owner->can_take(); }
    void expect(const subscription&, int) const noexcept {}
};

shard::shard(node& home, std::uint32_t index, surroundings& around, const node_shape& shape)
    : home_(home), around_(around), shape_(shape),
      topics_(index, around.log.partitions(), {shape.recent_octets, std::chrono::milliseconds(shape.linger), 20}) {
    topics_.attach(home);
}

session& shard::open(std::uint32_t client) {
    auto made = std::make_unique<session>(*this, client);
    made->number = ++named_;
    return *(sessions_[named_] = std::move(made));
}

session* shard::find(std::uint64_t number) noexcept {
    const auto found = sessions_.find(number);
    return found == sessions_.end() ? nullptr : found->second.get();
}

void shard::close(std::uint64_t number) { sessions_.erase(number); }

void shard::subscribe(subscription& whom, const std::string& destination) {
    if (topics_.add(whom, destination)) whom.owner->on_topic(whom, topics_.told(topics_.at(whom.slot).partition));
}

void shard::unsubscribe(subscription& whom) {
    topics_.remove(whom, now());
    if (whom.reading) std::exchange(whom.reading, nullptr)->to = nullptr;
}

/// Something is asked for now, answered later by what is true then, and the answer comes later still.
template <class Answer, class Use>
void shard::answer_later(subscription& whom, Answer answer, Use use) {
    whom.reading = std::make_shared<answer_link>(answer_link{&whom});
    home_.after(home_.pace(), [this, link = whom.reading, answer = std::move(answer), use]() mutable {
        const bool failed = !around_.calm && around_.random.percent(3);
        auto result = answer();
        home_.after(home_.pace(), [link, failed, result = std::move(result), use]() mutable {
            if (link->to == nullptr) return;
            subscription& to = *link->to;
            to.reading = nullptr;
            use(to, failed, result);
        });
    });
}

void shard::feed(subscription& whom, std::size_t messages, std::size_t octets) {
    const topics::topic& of = topics_.at(whom.slot);
    read_bounds bounds;
    bounds.messages = around_.random.percent(30) ? 1 + around_.random.below(3) : messages;
    bounds.octets = octets;
    const auto ask = [this, name = of.name, from = position{of.epoch, of.partition, whom.cursor.next()}, bounds] {
        const offset lag = !around_.calm && around_.random.percent(10) ? static_cast<offset>(around_.random.below(10)) : 0;
        return around_.log.read(name, from, bounds, lag);
    };
    answer_later(whom, ask, [this](subscription& to, bool failed, read_result& result) {
        if (!failed)
            topics_.remember_read(topics_.at(to.slot), to.cursor.next(), result, [](const message& one) { return &shared_log::of(one); });
        to.owner->on_fed(to, failed, result);
    });
}

void shard::read_to_start(subscription& whom, const position& from, const read_bounds& bounds) {
    read_bounds most = bounds;
    if (around_.random.percent(30)) most.messages = around_.random.between(1, 3);
    const auto ask = [this, name = topics_.at(whom.slot).name, from, most] { return around_.log.read(name, from, most, 0); };
    answer_later(whom, ask, [](subscription& to, bool failed, read_result& result) { to.owner->on_start_read(to, failed, result); });
}

void shard::ask_end(subscription& whom) {
    const auto ask = [this, of = topics_.at(whom.slot).partition] { return around_.log.end(of); };
    answer_later(whom, ask, [](subscription& to, bool failed, const position& end) { to.owner->on_end(to, failed, end); });
}

void shard::timer(session& whom, std::int64_t milliseconds) {
    home_.after(milliseconds * 1000, [this, number = whom.number] {
        session* const one = find(number);
        if (one != nullptr && one->open()) one->on_timer();
    });
}

void shard::wake() {
    if (gathered_.empty()) return;
    const bool first = pending_.empty();
    waiting_ += gathered_.octets();
    known_waiting_ = waiting_;
    gathered_.move_to(pending_);
    if (first) home_.after(home_.pace(), [this] { deliver(); });
}

void shard::deliver() {
    std::vector<shard_event> events;
    events.swap(pending_);
    waiting_ = 0;
    delivery_host host{*this};
    for (shard_event& event : events) {
        const topics::topic* const of = topics_.find(event.slot, event.number);
        if (event.what == shard_event::kind::answer && of == nullptr) ++around_.counts.outdated_answers;
        switch (event.what) {
        case shard_event::kind::record: delivery::take_record(topics_, event, host); break;
        case shard_event::kind::ephemeral: delivery::take_ephemeral(topics_, event, host); break;
        case shard_event::kind::missed:
            ++around_.counts.missed;
            delivery::take_missed(topics_, event, host);
            break;
        case shard_event::kind::answer: delivery::take_answer(topics_, event, host); break;
        case shard_event::kind::new_log: delivery::take_new_log(topics_, event, host); break;
        case shard_event::kind::result: break;
        }
    }
}

// Large topics, as in node/impl/shard_sweep.ipp.

void shard::queue_for_sweep(topics::topic& of, const entry* message) {
    std::size_t queued = 0;
    for (const swept_topic& one : swept_) {
        if (const topics::topic* const other = topics_.find(one.slot, one.number)) queued += other->subscriptions.queued_octets();
    }
    if (message->ephemeral) {
        if (queued >= shape_.inbox) return;
        placed_.push_back(*message);
        placed_.back().where.offset = topics_.told(of.partition);
        message = &placed_.back();
    }
    if (queued >= shape_.inbox) {
        delivery_host host{*this};
        return delivery::fall_behind(of, message->at().offset, message->at().offset, host);
    }
    if (!of.subscriptions.busy()) swept_.push_back({topics_.slot_of(of), of.number});
    of.subscriptions.push({message});
    sweep_later();
}

void shard::sweep_later() {
    if (std::exchange(sweep_planned_, true)) return;
    home_.after(1 + home_.pace() / 8, [this] { sweep(); });
}

void shard::sweep() {
    sweep_planned_ = false;
    for (std::uint32_t turns = around_.random.between(1, 5); turns != 0 && !swept_.empty(); --turns) {
        const swept_topic turn = swept_.front();
        topics::topic* const of = topics_.find(turn.slot, turn.number);
        if (of == nullptr || !of->subscriptions.busy()) {
            swept_.pop_front();
            continue;
        }
        bool given = false;
        of->subscriptions.visit([&](subscription& to, const delivery::queued_record<const entry*>& message) {
            if (given && around_.random.percent(30)) return false;
            ++around_.counts.swept;
            if (message.what->ephemeral) {
                if (to.cursor.live() && to.owner->can_take()) to.owner->deliver(message.what, to);
                return true;
            }
            given |= delivery::hand_over(
                message.what->at().offset, to, [&] { return to.owner->has_room(to); }, [&] { to.owner->deliver(message.what, to); },
                [&] { to.owner->fell_behind(to); });
            return true;
        });
    }
    if (swept_.empty()) return;
    swept_.push_back(swept_.front());
    swept_.pop_front();
    sweep_later();
}

// The node.

/// As node::reader::inboxes.
struct node::inboxes {
    node& self;

    void record(const delivery::registration& claim, const record_view& what) {
        shard& to = self.at(claim.shard);
        const entry* shown = nullptr;
        for (const entry* const one : self.showing_) {
            if (one->where == what.at) shown = one;
        }
        if (to.has_room())
            to.gathered().put_record(claim, what.at, shown->size(), shown);
        else
            to.gathered().put_missed(claim, what.at);
    }
    void ephemeral(const delivery::registration& claim, const record_view&) {
        shard& to = self.at(claim.shard);
        if (to.has_room()) to.gathered().put_ephemeral(claim, self.showing_.front()->size(), self.showing_.front());
    }
    void answer(const delivery::registration& claim, const position& at, const delivery::last_offsets::knowledge& known) {
        self.at(claim.shard).gathered().put_answer(claim, at, known);
    }
    void new_log(const delivery::registration& claim, const position& at) { self.at(claim.shard).gathered().put_new_log(claim, at); }
};

void node::pass_on(const entry& what) {
    after(pace(), [this, &what] {
        showing_.assign(1, &what);
        const record_view view = around_.log.view(what);
        router_->pass_on(std::span(&view, 1), inboxes{*this});
        wake();
    });
}

void node::start() {
    ++incarnation_;
    router_ = std::make_unique<delivery::router>(around_.log.partitions(), shape_.remembered);
    read_.assign(around_.log.partitions(), reading{});
    for (std::uint32_t i = 0; i != shape_.shards; ++i) shards_.push_back(std::make_unique<shard>(*this, i, around_, shape_));
    for (partition p = 0; p != around_.log.partitions(); ++p) {
        // From the present end on, which it is told later.
        read_[p].begins.push_back(around_.log.end(p));
        read_[p].shown = around_.log.end(p).offset;
        read_later(p);
    }
}

void node::stop() {
    // The sessions go before what they stand on, and what is planned finds another incarnation.
    ++incarnation_;
    shards_.clear();
    router_ = nullptr;
    orders_.clear();
    orders_planned_ = false;
}

void node::add(std::string destination, const delivery::registration& claim) {
    orders_.push_back({true, std::move(destination), claim});
    carry_out_orders();
}

void node::remove(std::string destination, const delivery::registration& claim) {
    // It may come behind a younger registration: the number tells them apart.
    after(around_.random.percent(50) ? 0 : pace() * 5, [this, destination = std::move(destination), claim] {
        orders_.push_back({false, destination, claim});
        carry_out_orders();
    });
}

void node::carry_out_orders() {
    if (orders_planned_) return;
    orders_planned_ = true;
    after(pace() * 2, [this] {
        orders_planned_ = false;
        for (std::uint32_t most = around_.random.between(1, 8); most != 0 && !orders_.empty(); --most) {
            const order next = std::move(orders_.front());
            orders_.pop_front();
            if (next.add)
                router_->add(next.destination, next.claim, inboxes{*this});
            else
                router_->remove(next.destination, next.claim);
        }
        wake();
        if (!orders_.empty()) carry_out_orders();
    });
}

void node::wake() {
    for (const auto& one : shards_) one->wake();
}

void node::repeat(partition of, std::uint32_t records) {
    reading& from = read_[of];
    if (from.handed_out < 0) return;
    ++around_.counts.repeated;
    from.again_from = std::max<offset>(0, from.shown - static_cast<offset>(records));
    read_later(of);
}

void node::on_new_log(partition of) {
    read_[of].begins.push_back(around_.log.begin(of));
    read_later(of);
}

void node::read_later(partition of) {
    if (std::exchange(read_[of].planned, true)) return;
    after(pace(), [this, of] {
        read_[of].planned = false;
        read(of);
    });
}

void node::read(partition of) {
    reading& from = read_[of];
    if (!from.begins.empty()) {
        const position begin = from.begins.front();
        from.begins.erase(from.begins.begin());
        from.epoch = begin.epoch;
        from.shown = begin.offset;
        from.again_from = -1;
        show({}, begin);
        return read_later(of);
    }
    const offset first = from.again_from >= 0 ? std::exchange(from.again_from, -1) : from.shown;
    showing_.clear();
    std::vector<record_view> records;
    around_.log.show(of, first, around_.random.between(1, 12), [&](const entry& one) {
        showing_.push_back(&one);
        records.push_back(around_.log.view(one));
    });
    if (records.empty()) return;
    from.shown = std::max(from.shown, records.back().at.offset + 1);
    show(records, {from.epoch, of, from.shown});
    read_later(of);
}

void node::show(std::span<const record_view> records, const position& next) {
    inboxes to{*this};
    router_->show(records, next, to);
    read_[next.partition].handed_out = next.offset;
    wake();
    router_->answer_early(to);
    wake();
}

} // namespace model
