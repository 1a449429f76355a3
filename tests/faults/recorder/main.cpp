// Boost Software License 1.0, see LICENSE

// Sends and listens while a driver breaks things, and says at the end what was lost, duplicated or out of order.
#include "recorder.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    faults::recorder_options options;
    CLI::App app("Records what a cluster confirms and what it delivers. recorder.hpp has the commands of its standard input.");
    app.add_option("--url", options.urls, "ws://host:port/ws of a node, repeatable")->required();
    app.add_option("--tcp", options.tcp, "host:port of a node's STOMP listener, repeatable")->required();
    app.add_option("--run", options.run, "a word that makes names of rooms and users unique")->required();
    app.add_option("--seed", options.seed);
    app.add_option("--rooms", options.rooms)->check(CLI::Range(1, 100));
    app.add_option("--users", options.users, "users with a queue")->check(CLI::Range(0, 100));
    app.add_option("--rate", options.rate, "messages a second, all senders together");
    app.add_option("--filler", options.filler, "octets that every body has at least");
    app.add_option("--slow", options.slow_octets, "octets that slow subscribers read in a tenth of a second")->check(CLI::PositiveNumber);
    app.add_option("--inject", options.inject)->check(CLI::IsMember({"lost", "duplicated", "reordered"}));
    app.add_flag("!--raw", options.library, "without the library's own clients");
    CLI11_PARSE(app, argc, argv);
    try {
        boost::asio::io_context context(1);
        faults::recorder all(context, options);
        all.open();
        context.run();
        return all.exit_code();
    } catch (const std::exception& failure) {
        std::cerr << "stompchat-recorder: " << failure.what() << std::endl;
        return EXIT_FAILURE;
    }
}
