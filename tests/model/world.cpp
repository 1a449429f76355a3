// Boost Software License 1.0, see LICENSE

#include "world.hpp"

#include <algorithm>
#include <utility>

namespace model {
namespace {

constexpr std::int64_t millisecond = 1000;
constexpr int rounds = 4;
constexpr std::int64_t storm_length = 300 * millisecond;

} // namespace

world::world(std::uint64_t seed)
    : random_(seed), log_(random_, clock_, random_.between(1, 4), random_.between(3, 24), random_.one_of<std::uint32_t>({1, 3, 50})),
      around_{clock_, random_, log_, counts_, false, {}}, trouble_(random_.percent(75)), renewals_(random_.percent(20) ? 45 : 6) {
    around_.to_write = [this](session& from) { write_later(*clients_[from.client()]); };
    for (std::uint32_t i = random_.between(1, 3); i != 0; --i) nodes_.push_back(std::make_unique<node>(around_, shape()));
    for (const auto& one : nodes_) one->start();
    for (std::uint32_t i = 0, count = random_.between(20, 90); i != count; ++i) {
        clients_.push_back(std::make_unique<client>());
        client& made = *clients_.back();
        made.number = i;
        for (std::uint32_t rooms = random_.between(1, 3); rooms != 0; --rooms) {
            const std::uint32_t room = random_.below(log_.rooms());
            made.rooms.push_back({room, {}, {}});
        }
        connect_later(made, random_.below(50 * millisecond));
    }
}

world::~world() {
    for (const auto& one : nodes_) one->stop();
}

node_shape world::shape() {
    node_shape made;
    made.shards = random_.between(1, 3);
    made.slowness = random_.one_of<std::uint32_t>({1, 1, 4, 20});
    made.output_queue = random_.one_of<std::size_t>({300, 1000, 5000, 100'000});
    made.shard_output = random_.one_of<std::size_t>({2000, 20'000, 1'000'000});
    made.inbox = random_.one_of<std::size_t>({1, 500, 5000, 1'000'000});
    made.recent_octets = random_.one_of<std::size_t>({0, 500, 5000, 1'000'000});
    made.linger = random_.one_of<std::int64_t>({0, 5, 100, 10'000});
    made.sweep_threshold = random_.one_of<std::size_t>({2, 8, 1000});
    made.remembered = random_.one_of<std::size_t>({0, 2, 1000});
    made.history_window = random_.one_of<std::int64_t>({50, 600'000});
    return made;
}

void world::run() {
    for (int i = 0; i != rounds; ++i) {
        storm();
        calm();
    }
}

void world::storm() {
    around_.calm = false;
    storm_ends_ = clock_.now() + storm_length;
    publish();
    if (trouble_) make_trouble();
    for (const auto& one : clients_) {
        one->laziness = random_.one_of<std::uint32_t>({1, 1, 1, 10, 100});
        live(*one);
    }
    clock_.run_until(storm_ends_);
}

void world::calm() {
    around_.calm = true;
    for (const auto& one : clients_) {
        one->laziness = 1;
        if (one->at == nullptr) connect_later(*one, random_.below(10 * millisecond));
    }
    require(clock_.run_out(3'000'000), "everything comes to rest");
    for (const auto& one : clients_) {
        require(one->at != nullptr, "everybody is connected in the end");
        for (const membership& in : one->rooms) {
            require(in.now != nullptr, "everybody is subscribed in the end");
            in.now->at_rest();
        }
    }
}

// The clients.

session* world::session_of(const client& who) { return who.at == nullptr ? nullptr : who.at->at(who.shard).find(who.session); }

template <class What>
void world::later(client& who, std::int64_t delay, What what) {
    clock_.after(delay, [&who, visit = who.visit, what = std::move(what)] {
        if (who.visit == visit && who.at != nullptr) what();
    });
}

void world::connect_later(client& who, std::int64_t delay) {
    if (std::exchange(who.comes, true)) return;
    clock_.after(delay, [this, &who] {
        who.comes = false;
        connect(who);
    });
}

void world::connect(client& who) {
    node& to = *nodes_[random_.below(static_cast<std::uint32_t>(nodes_.size()))];
    if (!to.runs()) return connect_later(who, random_.below(5 * millisecond));
    who.at = &to;
    who.shard = random_.below(to.shape().shards);
    who.session = to.at(who.shard).open(who.number).number;
    ++who.visit;
    counts_.note(who.number);
    for (membership& in : who.rooms) {
        later(who, random_.percent(50) ? 0 : random_.below(2 * millisecond), [this, &who, &in] { subscribe(who, in); });
    }
    live(who);
}

/// What a client does while it is connected, until it goes.
void world::live(client& who) {
    if (who.at == nullptr || around_.calm) return;
    later(who, random_.percent(20) ? random_.below(3 * millisecond) : random_.below(200 * millisecond), [this, &who] {
        if (around_.calm) return;
        if (random_.percent(70)) return disconnect(who);
        membership& in = who.rooms[random_.below(static_cast<std::uint32_t>(who.rooms.size()))];
        session* const one = session_of(who);
        if (in.now && one != nullptr) {
            one->unsubscribe(*in.now);
            who.past.push_back(std::move(in.now));
            later(who, random_.below(5 * millisecond), [this, &who, &in] { subscribe(who, in); });
        }
        live(who);
    });
}

void world::disconnect(client& who) {
    ++counts_.disconnects;
    who.at->at(who.shard).close(who.session);
    who.at = nullptr;
    who.writes = false;
    ++who.visit;
    who.past.clear();
    for (membership& in : who.rooms) in.now = nullptr;
    connect_later(who, random_.percent(60) ? random_.below(15 * millisecond) : random_.below(150 * millisecond));
}

wish world::wish_for(const membership& in) {
    wish made;
    made.receipt = random_.percent(85);
    if (in.token && random_.percent(85)) made.resume_after = in.token;
    if (random_.percent(4)) {
        const position end = log_.end(log_.home(in.room));
        made.resume_after = position{end.epoch, end.partition, end.offset + 1'000'000};
    } else if (random_.percent(6) && log_.count(in.room) != 0) {
        made.resume_after = log_.at(in.room, random_.below(log_.count(in.room))).where;
    }
    if (random_.percent(25)) made.history = random_.below(20);
    if (random_.percent(30)) made.window = random_.between(1, 5);
    if (random_.percent(5)) made.earliest = log_.wall_clock() - random_.below(300);
    return made;
}

void world::subscribe(client& who, membership& in) {
    session* const one = session_of(who);
    if (in.now || one == nullptr || !one->open()) return;
    in.now = std::make_unique<story>(log_, counts_, in.room, wish_for(in), who.at->shape().history_window);
    one->subscribe(*in.now);
}

void world::write_later(client& who) {
    if (std::exchange(who.writes, true)) return;
    later(who, 1 + random_.below(300) * (around_.calm ? 1 : who.laziness), [this, &who] {
        who.writes = false;
        write(who);
    });
}

void world::write(client& who) {
    const std::uint64_t visit = who.visit;
    session* const from = session_of(who);
    if (from == nullptr) return;
    for (const parcel& one : from->write(random_.percent(50) ? random_.between(1, 4) : 1000)) {
        take(who, one);
        if (who.visit != visit) return;
    }
    if (from->has_written_all())
        from->on_drained();
    else
        write_later(who);
}

void world::take(client& who, const parcel& what) {
    counts_.note(static_cast<std::uint64_t>(what.what) << 32 | who.number);
    counts_.note(static_cast<std::uint64_t>(clock_.now()));
    if (what.what == parcel::kind::end) {
        const bool lost = std::any_of(who.rooms.begin(), who.rooms.end(), [](const membership& in) { return in.now && in.now->lost(); })
                          || std::any_of(who.past.begin(), who.past.end(), [](const auto& one) { return one->lost(); });
        require(lost, "a session ends only if messages were lost to it");
        ++counts_.closed;
        return disconnect(who);
    }
    story& to = *what.to;
    switch (what.what) {
    case parcel::kind::receipt: to.on_receipt(what.answer); break;
    case parcel::kind::gap: to.on_gap(); break;
    default:
        to.on_message(*what.message);
        counts_.note(static_cast<std::uint64_t>(what.message->where.offset));
        if (to.asked().window != 0 && !what.message->ephemeral) acknowledge_later(who, to);
    }
    for (membership& in : who.rooms) {
        if (in.now.get() == &to && to.token()) in.token = to.token();
    }
}

void world::acknowledge_later(client& who, const story& of) {
    later(who, random_.below(300) * (around_.calm ? 1 : who.laziness), [this, &who, &of] {
        if (session* const one = session_of(who)) one->acknowledge(of, 1);
    });
}

// The others.

void world::publish() {
    clock_.after(random_.below(2 * millisecond), [this] {
        if (around_.calm) return;
        const std::uint32_t room = random_.percent(50) ? 0 : random_.below(log_.rooms());
        for (std::uint32_t burst = random_.percent(10) ? random_.between(5, 20) : 1; burst != 0; --burst) {
            counts_.note(static_cast<std::uint64_t>(log_.publish(room).where.offset));
        }
        for (const auto& one : nodes_) {
            if (one->runs()) one->on_published(log_.home(room));
        }
        if (random_.percent(10)) {
            const entry& brief = log_.make_ephemeral(random_.below(log_.rooms()));
            for (const auto& one : nodes_) {
                if (one->runs()) one->pass_on(brief);
            }
        }
        publish();
    });
}

void world::make_trouble() {
    clock_.after(random_.below(20 * millisecond), [this] {
        if (around_.calm) return;
        node& one = *nodes_[random_.below(static_cast<std::uint32_t>(nodes_.size()))];
        const std::uint32_t what = random_.below(100);
        if (what < renewals_)
            renew();
        else if (what < 50)
            truncate();
        else if (what < 90 && one.runs())
            one.repeat(random_.below(log_.partitions()), random_.between(1, 30));
        else if (what < 95)
            restart(one);
        make_trouble();
    });
}

void world::truncate() {
    const partition of = random_.below(log_.partitions());
    const position end = log_.end(of);
    offset below = end.offset - static_cast<offset>(random_.below(40));
    for (const auto& one : nodes_) {
        if (one->runs()) below = std::min(below, one->shown(of));
    }
    ++counts_.truncated;
    log_.truncate(of, below);
}

void world::renew() {
    const partition of = random_.below(log_.partitions());
    log_.renew(of, random_.percent(50));
    ++counts_.new_logs;
    for (const auto& one : nodes_) {
        if (one->runs()) one->on_new_log(of);
    }
}

void world::restart(node& which) {
    if (!which.runs()) return;
    for (const auto& one : clients_) {
        if (one->at == &which) disconnect(*one);
    }
    which.stop();
    clock_.after(random_.below(30 * millisecond), [&which] { which.start(); });
}

} // namespace model
