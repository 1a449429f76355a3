// Boost Software License 1.0, see LICENSE

#include "scenarios.hpp"

#include <stdexcept>

namespace bench {

json across(const target& of, const scale& how) {
    if (of.to_port == 0 || of.to_pid == 0) throw std::runtime_error("across needs --to-port and --to-pid");
    constexpr std::chrono::seconds patience{30};
    constexpr const char* librdkafka = "rdk:"; // how it calls its threads
    loop on;
    crowd all(on, {of.to_port}, {of.port});
    for (std::size_t i = 0; i != how.rooms; ++i) all.add_room(how.members, crowd::publisher::outsider);
    all.connect();
    for (room& one : all.rooms()) all.publish(one, how.size);
    if (!all.settle(patience)) throw std::runtime_error("messages of the warm-up did not arrive");

    const clock::duration step = duration_of(static_cast<double>(how.pending) / how.rate);
    const auto publish_for = [&](clock::duration time) {
        std::size_t next = 0;
        const clock::time_point until = clock::now() + time;
        // Open loop: what is due is sent, however late the answers are. A late start is not made up for, or a stall would end in a burst.
        for (clock::time_point due = clock::now(); due < until; due = std::max(due + step, clock::now() - 4 * step)) {
            on.run_until(due);
            all.publish(all.rooms()[next++ % all.rooms().size()], how.size, how.pending);
        }
        return all.settle(patience);
    };
    // Everything that grows with the first messages has grown.
    if (!publish_for(std::min(duration_of(how.seconds / 4), clock::duration(std::chrono::seconds(2)))))
        throw std::runtime_error("messages of the warm-up did not arrive");
    all.reset();

    const process node(of.to_pid);
    const std::uint64_t before = node.cpu_nanoseconds_of(librdkafka);
    const measurement there(of);
    const measurement here({of.to_port, of.to_pid});
    publish_for(duration_of(how.seconds));
    const tally arrived = all.result();
    json result = to_json(arrived, here);
    const auto messages = static_cast<double>(arrived.deliveries) / static_cast<double>(how.members);
    result["messages_per_second"] = messages / here.seconds();
    result["cpu_us_per_message_of_the_publisher"] = there.cpu_microseconds() / messages;
    result["cpu_us_per_message"] = here.cpu_microseconds() / messages;
    result["cpu_us_per_message_of_librdkafka"] = static_cast<double>(node.cpu_nanoseconds_of(librdkafka) - before) / 1000 / messages;
    return result;
}

} // namespace bench
