// Boost Software License 1.0, see LICENSE

#include "checker.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace faults {
namespace {

constexpr std::size_t most_findings = 50;

} // namespace

room_id checker::add_room(std::string name) {
    rooms_.push_back({std::move(name), {}, 0, {}, {}});
    return static_cast<room_id>(rooms_.size() - 1);
}

stream_id checker::add_stream(room_id to) {
    const auto id = static_cast<stream_id>(streams_.size());
    streams_.emplace_back().to = to;
    rooms_[to].streams.push_back(id);
    return id;
}

subscriber_id checker::add_subscriber(room_id of, std::string name) {
    const auto id = static_cast<subscriber_id>(subscribers_.size());
    subscriber& made = subscribers_.emplace_back();
    made.of = of;
    made.name = std::move(name);
    rooms_[of].subscribers.push_back(id);
    return id;
}

// Senders.

number checker::on_send(stream_id id) {
    stream& s = streams_[id];
    s.open[++s.sent].saw_key_loss = losing_keys_;
    ++unanswered_;
    ++sums_.sent;
    return s.sent;
}

void checker::on_repeat(stream_id id, number which, bool keyed) {
    stream& s = streams_[id];
    const auto found = s.open.find(which);
    if (found == s.open.end()) return;
    ++found->second.repeats;
    // The copy may stand in the log before the answer comes.
    if (!keyed || found->second.saw_key_loss) ++s.copies[which];
}

void checker::begin_key_loss() {
    losing_keys_ = true;
    for (stream& s : streams_) {
        for (auto& [which, send] : s.open) {
            if (!send.saw_key_loss && send.repeats != 0) s.copies[which] += send.repeats;
            send.saw_key_loss = true;
        }
    }
}

void checker::on_receipt(stream_id id, number which, std::string_view message_id) {
    stream& s = streams_[id];
    const auto found = s.open.find(which);
    if (found == s.open.end()) return; // a repeat is answered twice
    sums_.receipted_deliveries += found->second.deliveries;
    if (!found->second.given_up) --unanswered_;
    s.open.erase(found);
    ++s.receipted;
    ++sums_.receipted;
    if (!in_log(s, which)) s.receipted_not_logged.insert(which);
    if (message_id.empty() || may_have_copies(s, which))
        s.ids.erase(which);
    else
        compare_ids(s, which, message_id);
}

void checker::on_unknown(stream_id id, number which) {
    const auto found = streams_[id].open.find(which);
    if (found == streams_[id].open.end() || found->second.given_up) return;
    found->second.given_up = true;
    --unanswered_;
    ++sums_.unknown;
}

void checker::compare_ids(stream& s, number which, std::string_view message_id) {
    const std::size_t hash = std::hash<std::string_view>()(message_id);
    const auto [place, fresh] = s.ids.try_emplace(which, hash);
    if (fresh) return;
    if (place->second != hash) {
        ++sums_.misnamed;
        find("the RECEIPT of " + show({static_cast<stream_id>(&s - streams_.data()), which}) + " names another message");
    }
    s.ids.erase(place);
}

// Subscribers.

void checker::on_forged(std::string what) {
    ++sums_.forged;
    find("nobody has sent: " + std::move(what));
}

void checker::on_told(subscriber_id who) {
    subscribers_[who].told = true;
    ++subscribers_[who].counts.gaps;
    find(subscribers_[who].name + " was told of a gap");
}

void checker::on_message(subscriber_id to, stream_id id, number which, std::string_view message_id) {
    subscriber& who = subscribers_[to];
    room& r = rooms_[who.of];
    const entry e{id, which};
    if (id >= streams_.size() || streams_[id].to != who.of || which == 0 || which > streams_[id].sent)
        return on_forged("number " + std::to_string(which) + " of stream " + std::to_string(id) + " in " + r.name);
    stream& s = streams_[id];
    const bool may_go_back = std::exchange(who.may_go_back, false);

    if (who.cursor < r.end() && r.at(who.cursor) == e) {
        step(who, e, who.cursor);
        return trim(r);
    }
    if (may_go_back && go_back(r, who, e)) return;
    if (who.cursor == r.end()) {
        if (in_log(s, which) && !take_copy(s, which)) {
            // Either it comes again, or it comes later than to others.
            const auto late = std::find_if(who.missing.begin(), who.missing.end(), [&](const auto& one) { return one.second == e; });
            if (late == who.missing.end()) {
                ++who.counts.duplicated;
                return find(who.name + " got " + show(e) + " again");
            }
            who.missing.erase(late);
            ++who.counts.reordered;
            return find(who.name + " got " + show(e) + " late");
        }
        if (in_log(s, which))
            ++sums_.repeated;
        else
            note_in_log(who, s, e, message_id);
        r.log.push_back(e);
        step(who, e, who.cursor);
        return trim(r);
    }
    // It is not the one that comes next: has it jumped over some?
    const std::uint64_t far = std::min<std::uint64_t>(r.end(), who.cursor + look_back);
    for (std::uint64_t i = who.cursor + 1; i < far; ++i) {
        if (r.at(i) != e) continue;
        skip(who, i);
        step(who, e, i);
        return trim(r);
    }
    const auto late = std::find_if(who.missing.begin(), who.missing.end(), [&](const auto& one) { return one.second == e; });
    if (late != who.missing.end()) {
        who.missing.erase(late);
        ++who.counts.reordered;
        return find(who.name + " got " + show(e) + " late");
    }
    const bool known = in_log(s, which);
    if (known && !take_copy(s, which)) {
        ++who.counts.duplicated;
        return find(who.name + " got " + show(e) + " again");
    }
    if (which > s.logged) {
        // Nobody has seen it: it stands behind what the others have seen, which this one has jumped over.
        skip(who, r.end());
        note_in_log(who, s, e, message_id);
        r.log.push_back(e);
        step(who, e, who.cursor);
        return trim(r);
    }
    // Others have gone on without it.
    if (known)
        ++sums_.repeated;
    else
        note_in_log(who, s, e, message_id);
    insert(r, who.cursor, to, e);
    step(who, e, who.cursor);
}

// Up to the index.
void checker::skip(subscriber& who, std::uint64_t index) {
    for (; who.cursor < index; ++who.cursor) {
        const entry& skipped = rooms_[who.of].at(who.cursor);
        if (who.told) {
            ++who.counts.told;
            continue;
        }
        who.missing.emplace(who.cursor, skipped);
        find(who.name + " did not get " + show(skipped) + " when it was due");
    }
}

bool checker::take_copy(stream& s, number which) {
    const auto found = s.copies.find(which);
    if (found == s.copies.end() || found->second == 0) return false;
    --found->second;
    return true;
}

void checker::note_in_log(subscriber& who, stream& s, entry e, std::string_view message_id) {
    const auto open = s.open.find(e.which);
    if (e.which > s.logged) {
        for (number hole = s.logged + 1; hole < e.which; ++hole) s.holes.insert(hole);
        s.logged = e.which;
    } else {
        s.holes.erase(e.which);
        if (open != s.open.end() && open->second.given_up)
            ++sums_.late;
        else if (who.seen[e.stream] > e.which && !may_have_copies(s, e.which)) {
            ++who.counts.reordered;
            find(who.name + " got " + show(e) + " behind later ones of its stream");
        }
    }
    s.receipted_not_logged.erase(e.which);
    // A RECEIPT without an id has come already if none is awaited.
    if (!message_id.empty() && !may_have_copies(s, e.which) && (open != s.open.end() || s.ids.contains(e.which)))
        compare_ids(s, e.which, message_id);
}

// At a place that others have passed.
void checker::insert(room& r, std::uint64_t index, subscriber_id by, entry e) {
    r.log.insert(r.log.begin() + static_cast<std::ptrdiff_t>(index - r.first), e);
    for (const subscriber_id id : r.subscribers) {
        subscriber& other = subscribers_[id];
        std::map<std::uint64_t, entry> moved;
        for (const auto& [at, what] : other.missing) moved.emplace(at >= index ? at + 1 : at, what);
        other.missing = std::move(moved);
        if (id == by) continue;
        if (other.highest > index) ++other.highest;
        if (other.cursor <= index) continue;
        ++other.cursor;
        other.missing.emplace(index, e);
        find(other.name + " did not get " + show(e) + ", which " + subscribers_[by].name + " got");
    }
}

void checker::step(subscriber& who, const entry& e, std::uint64_t index) {
    who.cursor = index + 1;
    who.told = false;
    number& seen = who.seen[e.stream];
    seen = std::max(seen, e.which);
    if (who.cursor <= who.highest) {
        ++who.counts.redelivered;
        return;
    }
    who.highest = who.cursor;
    ++who.counts.delivered;
    const auto open = streams_[e.stream].open.find(e.which);
    if (open == streams_[e.stream].open.end())
        ++sums_.receipted_deliveries;
    else
        ++open->second.deliveries;
}

bool checker::go_back(const room& r, subscriber& who, const entry& e) {
    for (std::uint64_t i = who.cursor; i-- > r.first && who.cursor - i <= look_back;) {
        if (r.at(i) != e) continue;
        step(who, e, i);
        return true;
    }
    return false;
}

void checker::trim(room& r) {
    if (r.log.size() < 2 * look_back) return;
    std::uint64_t low = r.end();
    for (const subscriber_id id : r.subscribers) low = std::min(low, subscribers_[id].cursor);
    if (low < r.first + 2 * look_back) return;
    const auto count = static_cast<std::ptrdiff_t>(low - r.first - look_back);
    r.log.erase(r.log.begin(), r.log.begin() + count);
    r.first += static_cast<std::uint64_t>(count);
}

bool checker::caught_up(subscriber_id id) const {
    const subscriber& who = subscribers_[id];
    const room& r = rooms_[who.of];
    return who.cursor >= r.end()
           && std::all_of(r.streams.begin(), r.streams.end(), [&](stream_id s) { return streams_[s].receipted_not_logged.empty(); });
}

bool checker::has_seen(subscriber_id id, stream_id stream, number which) const {
    const auto found = subscribers_[id].seen.find(stream);
    return found != subscribers_[id].seen.end() && found->second >= which;
}

void checker::finish() {
    for (subscriber& who : subscribers_) {
        const room& r = rooms_[who.of];
        for (std::uint64_t i = who.cursor; i < r.end(); ++i) {
            if (who.told)
                ++who.counts.told;
            else {
                ++who.counts.lost;
                find(who.name + " never got " + show(r.at(i)));
            }
        }
        who.counts.lost += who.missing.size();
        for (const stream_id id : r.streams) {
            for (const number which : streams_[id].receipted_not_logged) {
                ++who.counts.lost;
                find(who.name + " never got " + show({id, which}) + ", which was receipted");
            }
        }
    }
}

totals checker::sums() const {
    totals all = sums_;
    for (const subscriber& who : subscribers_) {
        all.delivered += who.counts.delivered;
        all.lost += who.counts.lost;
        all.duplicated += who.counts.duplicated;
        all.reordered += who.counts.reordered;
        all.gaps += who.counts.gaps;
        all.told += who.counts.told;
        all.redelivered += who.counts.redelivered;
    }
    return all;
}

void checker::find(std::string text) {
    if (findings_.size() < most_findings) findings_.push_back(std::move(text));
}

std::string checker::show(const entry& e) const {
    return "number " + std::to_string(e.which) + " of stream " + std::to_string(e.stream) + " in " + rooms_[streams_[e.stream].to].name;
}

} // namespace faults
