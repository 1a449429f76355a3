// Boost Software License 1.0, see LICENSE

#include "scenarios.hpp"

#include <stdexcept>

namespace bench {
namespace {

constexpr std::chrono::seconds patience{30};

void must_settle(crowd& all) {
    if (!all.settle(patience)) throw std::runtime_error("messages of the warm-up did not arrive");
    all.reset();
}

} // namespace

json fan_out(const target& of, const scale& how) {
    loop on;
    crowd all(on, {of.port});
    all.add_room(how.members, crowd::publisher::outsider);
    all.connect();
    room& only = all.rooms().front();
    const auto one_round = [&] {
        all.publish(only, how.size, how.pending);
        return all.settle(patience);
    };
    for (int i = 0; i != 5; ++i) one_round();
    must_settle(all);
    const measurement cost(of);
    const clock::time_point until = clock::now() + duration_of(how.seconds);
    while (clock::now() < until && one_round()) {
    }
    return to_json(all.result(), cost);
}

json rooms(const target& of, const scale& how) {
    loop on;
    crowd all(on, {of.port});
    for (std::size_t i = 0; i != how.rooms; ++i) all.add_room(how.members, crowd::publisher::member);
    all.connect();
    for (room& one : all.rooms()) all.publish(one, how.size);
    must_settle(all);
    const measurement cost(of);
    const clock::duration step = duration_of(1 / how.rate);
    const clock::time_point until = clock::now() + duration_of(how.seconds);
    std::size_t next = 0;
    // Open loop: what is due is sent, however late the answers are. A late start is not made up for, or a stall would end in a burst.
    for (clock::time_point due = clock::now(); due < until; due = std::max(due + step, clock::now() - 4 * step)) {
        on.run_until(due);
        all.publish(all.rooms()[next++ % all.rooms().size()], how.size);
    }
    all.settle(patience);
    return to_json(all.result(), cost);
}

json saturated(const target& of, const scale& how) {
    loop on;
    crowd all(on, {of.port});
    for (std::size_t i = 0; i != how.rooms; ++i) all.add_room(how.members, crowd::publisher::member);
    all.connect();
    for (room& one : all.rooms()) all.publish(one, how.size);
    must_settle(all);
    bool running = true;
    all.on_arrival = [&](room& in) {
        // The window is full again when a message has reached all members, or as many deliveries as that.
        if (running && in.sent * in.members.size() - in.arrived <= (how.pending - 1) * in.members.size()) all.publish(in, how.size);
    };
    const measurement cost(of);
    for (room& one : all.rooms()) all.publish(one, how.size, how.pending);
    on.run_until(clock::now() + duration_of(how.seconds));
    running = false;
    all.settle(patience);
    return to_json(all.result(), cost);
}

json slow(const target& of, const scale& how) {
    loop on;
    // Small buffers, so that what is not read soon waits in the server.
    crowd all(on, {of.port, 0, 32 * 1024});
    all.add_room(how.members + how.clients, crowd::publisher::outsider);
    all.connect();
    room& only = all.rooms().front();
    all.publish(only, how.size);
    must_settle(all);
    const process server(of.pid);
    const std::uint64_t resident = server.resident_octets();

    const clock::duration step = duration_of(1 / how.rate);
    const auto publish_for_a_while = [&] {
        const clock::time_point until = clock::now() + duration_of(how.seconds);
        for (clock::time_point due = clock::now(); due < until; due += step) {
            on.run_until(due);
            all.publish(only, how.size);
        }
    };
    publish_for_a_while();
    all.settle(patience);
    const tally alone = all.result();
    all.reset();

    for (std::size_t i = 0; i != how.clients; ++i) only.members[i]->set_reading(false);
    const measurement cost(of);
    publish_for_a_while();
    const auto arrived_at_readers = [&] {
        for (std::size_t i = how.clients; i != only.members.size(); ++i) {
            if (only.members[i]->next_number != only.sent) return false;
        }
        return true;
    };
    json result;
    result["all_reading"] = {{"lost", alone.lost}, {"repeated", alone.repeated}, {"latency_us", to_json(alone.latency)}};
    const bool complete = on.run(arrived_at_readers, clock::now() + patience);
    result["some_not_reading"] = to_json(all.result(), cost);
    result["some_not_reading"].erase("lost"); // known only when everybody has read
    result["some_not_reading"]["readers_complete"] = complete;
    result["server_grew_octets"] = static_cast<std::int64_t>(server.resident_octets() - resident);

    // Those that fell behind must get everything as well, once, in order.
    for (std::size_t i = 0; i != how.clients; ++i) only.members[i]->set_reading(true);
    const clock::time_point began = clock::now();
    all.settle(patience);
    const tally everything = all.result();
    result["caught_up_seconds"] = std::chrono::duration<double>(clock::now() - began).count();
    result["deliveries"] = everything.deliveries;
    result["lost"] = everything.lost;
    result["repeated"] = everything.repeated;
    return result;
}

} // namespace bench
