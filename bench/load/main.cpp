// Boost Software License 1.0, see LICENSE

/*  stompchat-bench: drives a STOMP-over-WebSocket server on this machine, checks that everything arrives once and in order, and prints what
    that cost the server as JSON. Exit code 2: something was lost, repeated or out of order.  */

#include "scenarios.hpp"

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include <exception>
#include <functional>
#include <iostream>

namespace {

bool is_sound(const bench::json& result) {
    for (const auto& [name, value] : result.items()) {
        if (value.is_object() && !is_sound(value)) return false;
        if ((name == "lost" || name == "repeated" || name == "not_recovered") && value != 0) return false;
        if (name == "readers_complete" && value != true) return false;
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Load on a STOMP-over-WebSocket server on 127.0.0.1, and what it costs that server");
    app.require_subcommand(1);
    bench::target of;
    bench::scale how;
    app.add_option("--port", of.port, "The server's port")->required();
    app.add_option("--pid", of.pid, "The server's process")->required();
    app.add_option("--to-port", of.to_port, "The port of the node that delivers (across)");
    app.add_option("--to-pid", of.to_pid, "Its process (across)");
    std::function<bench::json(const bench::target&, const bench::scale&)> run;
    const auto add = [&](const char* name, const char* text, bench::json (*scenario)(const bench::target&, const bench::scale&)) {
        CLI::App* const one = app.add_subcommand(name, text);
        one->add_option("--rooms", how.rooms, "Rooms");
        one->add_option("--members", how.members, "Subscribers of each room");
        one->add_option("--size", how.size, "Octets of each body, at least 32");
        one->add_option("--pending", how.pending, "Messages sent at once, or under way at once");
        one->add_option("--rate", how.rate, "Messages a second over all rooms");
        one->add_option("--seconds", how.seconds, "Measured time");
        one->add_option(
            "--clients", how.clients,
            "Sessions (idle), members that do not read (slow), guests (restless), members (reconnect), subscribers (bystander)");
        one->add_option("--heart-beat", how.heart_beat, "Milliseconds, both ways (idle)");
        one->callback([&run, scenario] { run = scenario; });
    };
    add("fan-out", "One room; the next messages are sent when all have arrived", bench::fan_out);
    add("rooms", "Many rooms at a fixed rate", bench::rooms);
    add("saturated", "Many rooms with messages under way all the time", bench::saturated);
    add("idle", "Sessions that only keep their connection alive", bench::idle);
    add("churn", "Sessions that connect, subscribe and leave", bench::churn);
    add("slow", "A room some of whose members do not read", bench::slow);
    add("restless", "A room with guests who come and go", bench::restless);
    add("reconnect", "Members of rooms who all come back at once", bench::reconnect);
    add("across", "Rooms that are written to on one node and read on another", bench::across);
    add("bystander", "A pair beside a large fan-out", bench::bystander);
    CLI11_PARSE(app, argc, argv);

    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    try {
        const bench::json result = run(of, how);
        std::cout << result.dump(2) << std::endl;
        return is_sound(result) ? 0 : 2;
    } catch (const std::exception& problem) {
        std::cerr << "stompchat-bench: " << problem.what() << '\n';
        return 1;
    }
}
