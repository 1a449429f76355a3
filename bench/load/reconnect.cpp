// Boost Software License 1.0, see LICENSE

#include "scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {
namespace {

/** Members of rooms who all lose their connection, and come back with the token of the last message that they had. */
class returning final : public client_listener {
public:
    returning(loop& on, const client_options& options, std::size_t clients, const std::vector<room>& rooms)
        : loop_(on), options_(options), rooms_(rooms), members_(clients) {}

    /// Connects everybody, as they came or evenly over a time.
    void connect(clock::duration spread) {
        const clock::time_point began = clock::now();
        const clock::time_point deadline = began + spread + std::chrono::minutes(2);
        opened_ = 0;
        std::size_t begun = 0;
        while (opened_ != members_.size()) {
            const auto due = spread.count() == 0
                                 ? std::min(members_.size(), opened_ + 128)
                                 : std::min<std::size_t>(
                                     members_.size(),
                                     static_cast<std::size_t>(
                                         1 + (clock::now() - began).count() * static_cast<std::int64_t>(members_.size()) / spread.count()));
            for (; begun < due; ++begun) open(begun);
            if (clock::now() > deadline) throw std::runtime_error(fmt::format("only {} of {} came back", opened_, members_.size()));
            loop_.turn(std::chrono::milliseconds(1));
        }
    }

    void drop() {
        for (member& one : members_) {
            one.token = one.now->token();
            one.expected = one.now->next_number;
            one.now->abandon();
        }
    }

    bool settle(std::uint64_t deliveries, clock::duration patience) {
        return loop_.run([&] { return deliveries_ >= deliveries; }, clock::now() + patience);
    }
    void reset() noexcept { deliveries_ = lost_ = repeated_ = recovered_ = 0; }

    std::uint64_t deliveries() const noexcept { return deliveries_; }
    std::uint64_t lost() const noexcept { return lost_; }
    std::uint64_t repeated() const noexcept { return repeated_; }
    std::uint64_t recovered() const noexcept { return recovered_; }

private:
    struct member {
        std::unique_ptr<client> now;
        std::string token;
        std::uint64_t expected = 0;
    };

    void open(std::size_t at) {
        member& one = members_[at];
        one.now = std::make_unique<client>(loop_, options_, *this, rooms_[at % rooms_.size()].destination);
        one.now->remember_token(one.token);
        one.now->next_number = one.expected;
        one.now->open();
    }
    void on_open(client& who) override {
        ++opened_;
        if (who.recovered()) ++recovered_;
    }
    void on_message(client& who, std::string_view body) override {
        const std::uint64_t number = number_of(body);
        if (number < who.next_number) {
            ++repeated_;
            return;
        }
        lost_ += number - who.next_number;
        who.next_number = number + 1;
        ++deliveries_;
    }
    void on_closed(client&, std::string_view reason) override {
        throw std::runtime_error(fmt::format("a client that came back was cut off: {}", reason));
    }

    loop& loop_;
    client_options options_;
    const std::vector<room>& rooms_;
    std::vector<member> members_;
    std::size_t opened_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t repeated_ = 0;
    std::uint64_t recovered_ = 0;
};

/// Publishes to every room, and waits until the server has taken it all: its answer to DISCONNECT comes behind the SENDs.
void publish_to_all(loop& on, const target& of, std::vector<room>& rooms, std::size_t size, std::size_t count) {
    crowd outside(on, {of.port});
    std::size_t gone = 0;
    outside.on_end = [&](client&, std::string_view) { ++gone; };
    for (const room& one : rooms) {
        outside.add_room(0, crowd::publisher::outsider);
        outside.rooms().back().destination = one.destination;
        outside.rooms().back().sent = one.sent;
    }
    outside.connect();
    for (room& one : outside.rooms()) {
        outside.publish(one, size, count);
        one.publisher->leave();
    }
    if (!on.run([&] { return gone == rooms.size(); }, clock::now() + std::chrono::minutes(1)))
        throw std::runtime_error("the server does not answer the publishers");
    for (room& one : rooms) one.sent += count;
}

} // namespace

json reconnect(const target& of, const scale& how) {
    loop on;
    const process server(of.pid);
    std::vector<room> rooms(how.rooms);
    for (std::size_t i = 0; i != rooms.size(); ++i) rooms[i].destination = fmt::format("/topic/room-{}", i);
    returning all(on, {of.port}, how.clients, rooms);
    all.connect({});
    publish_to_all(on, of, rooms, how.size, 1);
    if (!all.settle(how.clients, std::chrono::minutes(1))) throw std::runtime_error("the first message does not arrive");
    const std::uint64_t resident = server.resident_octets();

    all.drop();
    all.reset();
    publish_to_all(on, of, rooms, how.size, how.pending);
    const measurement cost(of);
    all.connect(duration_of(how.seconds));
    const double connected = cost.seconds();
    const std::uint64_t expected = how.clients * how.pending;
    all.settle(expected, std::chrono::minutes(1));
    json result;
    result["clients"] = how.clients;
    result["rooms"] = how.rooms;
    result["replayed"] = all.deliveries();
    result["lost"] = std::max(all.lost(), expected - std::min(expected, all.deliveries()));
    result["repeated"] = all.repeated();
    result["recovered"] = all.recovered();
    result["not_recovered"] = how.clients - all.recovered();
    result["seconds_connected"] = connected;
    result["seconds_all_recovered"] = cost.seconds();
    result["cpu_us"] = cost.cpu_microseconds();
    result["resident_octets_before"] = resident;
    result["resident_octets_after"] = server.resident_octets();
    return result;
}

} // namespace bench
