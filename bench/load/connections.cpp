// Boost Software License 1.0, see LICENSE

#include "scenarios.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

json idle(const target& of, const scale& how) {
    loop on;
    const process server(of.pid);
    crowd all(on, {of.port, how.heart_beat});
    // The first ones pay for what is there once.
    all.add_room(how.members, crowd::publisher::none);
    all.connect();
    const std::uint64_t resident = server.resident_octets();
    while (all.clients().size() < how.clients) all.add_room(how.members, crowd::publisher::none);
    all.connect();
    on.run_until(clock::now() + std::chrono::milliseconds(500));
    const auto sessions = static_cast<double>(all.clients().size());
    json result;
    result["sessions"] = all.clients().size();
    result["resident_octets_per_session"] =
        static_cast<double>(server.resident_octets() - resident) / (sessions - static_cast<double>(how.members));

    if (how.heart_beat == 0) return result;
    // Everybody beats once a period, evenly spread; the measured time is a whole number of periods, or less than one where it has to be
    // short.
    const measurement cost(of);
    const auto period = std::chrono::milliseconds(how.heart_beat);
    const clock::time_point began = clock::now();
    const clock::time_point until = began + duration_of(how.seconds);
    for (std::size_t i = 0;; ++i) {
        const clock::time_point due = began + period * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(all.clients().size());
        if (due >= until) break;
        on.run_until(due);
        all.clients()[i % all.clients().size()]->send_heart_beat();
    }
    on.run_until(until);
    result["seconds"] = cost.seconds();
    result["cpu_us_per_second_per_session"] = cost.cpu_microseconds() / cost.seconds() / sessions;
    return result;
}

namespace {

/** Keeps a number of clients on their way through connect, subscribe and leave, each in a room of its own or all in the one given. */
class carousel final : public client_listener {
public:
    carousel(loop& on, const client_options& options, std::string destination = {})
        : loop_(on), options_(options), destination_(std::move(destination)) {}

    void begin() {
        clients_.push_back(nullptr);
        ++riding_;
        renew(clients_.size() - 1);
    }
    /// Replaces who has ended, from outside its own call.
    void renew_ended() {
        for (const std::size_t at : std::exchange(ended_, {})) {
            if (running)
                renew(at);
            else
                --riding_;
        }
    }
    std::size_t riding() const noexcept { return riding_; }
    std::uint64_t rounds() const noexcept { return rounds_; }
    std::uint64_t deliveries() const noexcept { return deliveries_; }
    std::uint64_t gaps() const noexcept { return gaps_; }

    bool running = true;

private:
    void renew(std::size_t at) {
        clients_[at] =
            std::make_unique<client>(loop_, options_, *this, destination_.empty() ? "/topic/room-" + std::to_string(at) : destination_);
        clients_[at]->room = static_cast<std::uint32_t>(at);
        clients_[at]->open();
    }
    void on_open(client& who) override {
        // In a room of its own nobody writes: it leaves again at once.
        if (destination_.empty()) who.leave();
    }
    void on_message(client& who, std::string_view body) override {
        ++deliveries_;
        const std::uint64_t number = number_of(body);
        if (who.next_number != 0 && number != who.next_number) ++gaps_;
        who.next_number = number + 1;
        if (++who.deliveries == 3 || !running) who.leave();
    }
    void on_closed(client& who, std::string_view reason) override {
        if (!reason.empty()) throw std::runtime_error("a client that came and went was cut off: " + std::string(reason));
        ++rounds_;
        ended_.push_back(who.room);
    }

    loop& loop_;
    client_options options_;
    std::string destination_;
    std::vector<std::unique_ptr<client>> clients_;
    std::vector<std::size_t> ended_;
    std::size_t riding_ = 0;
    std::uint64_t rounds_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t gaps_ = 0;
};

} // namespace

json churn(const target& of, const scale& how) {
    loop on;
    carousel all(on, {of.port});
    const auto turn = [&] {
        on.turn(std::chrono::milliseconds(100));
        all.renew_ended();
    };
    for (std::size_t i = 0; i != how.pending; ++i) all.begin();
    while (all.rounds() < 20) turn();
    const std::uint64_t before = all.rounds();
    const measurement cost(of);
    const clock::time_point until = clock::now() + duration_of(how.seconds);
    while (clock::now() < until) turn();
    json result;
    result["rounds"] = all.rounds() - before;
    result["seconds"] = cost.seconds();
    result["cpu_us_per_round"] = cost.cpu_microseconds() / static_cast<double>(all.rounds() - before);
    all.running = false;
    while (all.riding() != 0) turn();
    return result;
}

json restless(const target& of, const scale& how) {
    loop on;
    crowd settled(on, {of.port});
    settled.add_room(how.members, crowd::publisher::outsider);
    settled.connect();
    room& only = settled.rooms().front();
    carousel guests(on, {of.port}, only.destination);
    for (std::size_t i = 0; i != how.clients; ++i) guests.begin();
    const measurement cost(of);
    const clock::duration step = duration_of(1 / how.rate);
    const clock::time_point until = clock::now() + duration_of(how.seconds);
    // A few more at the end, or the last guests would wait for something to leave with.
    for (clock::time_point due = clock::now(); due < until || guests.riding() != 0; due += step) {
        on.run_until(due);
        guests.renew_ended();
        guests.running = clock::now() < until;
        if (settled.deliveries() + 100 * only.members.size() > only.sent * only.members.size()) settled.publish(only, how.size);
    }
    settled.settle(std::chrono::seconds(30));
    json result = to_json(settled.result(), cost);
    result["guests"] = {{"rounds", guests.rounds()}, {"deliveries", guests.deliveries()}, {"lost", guests.gaps()}};
    return result;
}

} // namespace bench
