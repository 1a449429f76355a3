// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_BENCH_LOAD_SCENARIOS_HPP
#define STOMPCHAT_BENCH_LOAD_SCENARIOS_HPP

#include "crowd.hpp"
#include "process.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bench {

using json = nlohmann::ordered_json;

/** What to run against. */
struct target {
    std::uint16_t port = 0;
    pid_t pid = 0;
    /// Another node of the same cluster.
    std::uint16_t to_port = 0;
    pid_t to_pid = 0;
};

/** The size of a scenario; each uses what concerns it. */
struct scale {
    std::size_t rooms = 1;
    std::size_t members = 10;
    std::size_t size = 100;
    std::size_t pending = 1;
    double rate = 1000; // messages a second over all rooms
    double seconds = 3;
    std::size_t clients = 1000;
    std::uint32_t heart_beat = 25000;
};

inline clock::duration duration_of(double seconds) {
    return std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
}

/** CPU time of the server and wall time from the construction on. */
class measurement {
public:
    explicit measurement(const target& of) : server_(of.pid), cpu_(server_.cpu_nanoseconds()), began_(clock::now()) {}

    double cpu_microseconds() const { return static_cast<double>(server_.cpu_nanoseconds() - cpu_) / 1000; }
    double seconds() const { return std::chrono::duration<double>(clock::now() - began_).count(); }

private:
    process server_;
    std::uint64_t cpu_;
    clock::time_point began_;
};

/// Latencies in microseconds.
json to_json(const histogram& latency);
/// What arrived, and what it cost the server. Take it when all has arrived.
json to_json(const tally& what, const measurement& cost);

/// One room; `pending` messages in one write, the next ones when all have arrived.
json fan_out(const target& of, const scale& how);
/// Many rooms at a fixed rate, whatever comes back.
json rooms(const target& of, const scale& how);
/// Many rooms, each with `pending` messages under way all the time.
json saturated(const target& of, const scale& how);
/// Clients that do nothing but keep their connections alive.
json idle(const target& of, const scale& how);
/// Clients that connect, subscribe and leave, `pending` at once.
json churn(const target& of, const scale& how);
/// A room of which `clients` further members do not read for a while.
json slow(const target& of, const scale& how);
/// A room with `clients` guests who come, stay for a few messages and go, while it is written to.
json restless(const target& of, const scale& how);
/// `clients` of `rooms` rooms lose their connection, miss `pending` messages each, and come back within `seconds`.
json reconnect(const target& of, const scale& how);
/// Rooms whose publishers are on one node and whose members are on another, at a fixed rate, `pending` messages in one write.
json across(const target& of, const scale& how);
/// A pair at a fixed rate, first alone, then beside a fan-out to `clients` subscribers that never ends.
json bystander(const target& of, const scale& how);

} // namespace bench

#endif
