// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_BENCH_LOAD_CROWD_HPP
#define STOMPCHAT_BENCH_LOAD_CROWD_HPP

#include "client.hpp"
#include "histogram.hpp"
#include "loop.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/** What arrived. Each room has one publisher, which numbers its messages: a number above the expected one means that those between were
    lost (or overtaken: then they come later and count as repeated), one below it that it was delivered before or out of order. */
struct tally {
    std::uint64_t deliveries = 0;
    std::uint64_t lost = 0;
    std::uint64_t repeated = 0;
    histogram latency; // from the publisher's write to the subscriber's read
};

/// The number that a published body carries.
std::uint64_t number_of(std::string_view body);

struct room {
    std::string destination;
    std::vector<client*> members;
    client* publisher = nullptr;
    std::uint64_t sent = 0;
    std::uint64_t arrived = 0; // over all members
};

/** Rooms with their clients on one loop: connects them, publishes, and checks and counts what arrives.
    Thread safety: for the loop's thread. Memory: about 1.5 KiB per client. */
class crowd final : public client_listener {
public:
    crowd(loop& on, const client_options& options) : crowd(on, options, options) {}
    /// Publishers from outside connect elsewhere.
    crowd(loop& on, const client_options& options, const client_options& outsiders) : loop_(on), options_(options), outsiders_(outsiders) {}

    enum class publisher {
        member,
        outsider, ///< one more client, without a subscription
        none,
    };
    /// Adds a room; its clients connect with connect().
    void add_room(std::size_t members, publisher from, std::string_view prefix = "room");

    /// Connects all that are not connected. Throws std::runtime_error when that takes more than two minutes or one is refused.
    void connect();

    /// Sends `count` numbered messages of `size` octets in one write.
    void publish(room& to, std::size_t size, std::size_t count = 1);

    /// Handles events until everything that was published has arrived. Returns false if that takes more than `patience`.
    bool settle(clock::duration patience);

    /// Forgets what has arrived so far. Precondition: settled.
    void reset();

    /// What a reset() began, with everything that was published and did not arrive counted as lost.
    tally result() const;

    std::vector<room>& rooms() noexcept { return rooms_; }
    const std::vector<std::unique_ptr<client>>& clients() const noexcept { return clients_; }
    bool settled() const noexcept { return arrived_ >= expected_; }
    std::uint64_t deliveries() const noexcept { return tally_.deliveries; }

    /// Called behind each delivery to a room, for load that follows from what arrives.
    std::function<void(room&)> on_arrival;
    /// Set: connections that end are no failure of the run, but told here. Otherwise the run ends with an exception.
    std::function<void(client&, std::string_view reason)> on_end;

private:
    void on_open(client& who) override;
    void on_message(client& who, std::string_view body) override;
    void on_closed(client& who, std::string_view reason) override;

    loop& loop_;
    client_options options_;
    client_options outsiders_;
    std::vector<room> rooms_;
    std::vector<std::unique_ptr<client>> clients_;
    std::size_t opened_ = 0;
    std::size_t begun_ = 0;
    std::uint64_t expected_ = 0;
    std::uint64_t arrived_ = 0;
    tally tally_;
    std::string body_;
};

} // namespace bench

#endif
