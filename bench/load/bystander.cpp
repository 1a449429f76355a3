// Boost Software License 1.0, see LICENSE

#include "scenarios.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

/// The pair's messages at a fixed rate for a while.
tally converse(loop& on, crowd& pair, const scale& how) {
    pair.reset();
    const clock::duration step = duration_of(1 / how.rate);
    const clock::time_point until = clock::now() + duration_of(how.seconds);
    for (clock::time_point due = clock::now(); due < until; due += step) {
        on.run_until(due);
        pair.publish(pair.rooms().front(), how.size);
    }
    pair.settle(std::chrono::seconds(30));
    return pair.result();
}

/// The pair is the instrument: where the system lets it, it does not wait for a processor behind what it measures.
void ask_for_priority() {
    sched_param first{};
    first.sched_priority = 2;
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &first);
}

json describe(const tally& what) {
    return {{"deliveries", what.deliveries}, {"lost", what.lost}, {"repeated", what.repeated}, {"latency_us", to_json(what.latency)}};
}

} // namespace

json bystander(const target& of, const scale& how) {
    // The pair has a thread of its own: its figures must not contain how busy the thread of the many subscribers is.
    loop pair_loop;
    crowd pair(pair_loop, {of.port});
    pair.add_room(2, crowd::publisher::member, "pair");
    pair.connect();

    loop crowd_loop;
    crowd many(crowd_loop, {of.port});
    many.add_room(how.clients, crowd::publisher::outsider);
    many.connect();
    room& only = many.rooms().front();
    many.publish(only, how.size);
    if (!many.settle(std::chrono::seconds(60))) throw std::runtime_error("the fan-out does not arrive");
    many.reset();

    json result;
    result["subscribers"] = how.clients;
    tally quiet;
    std::thread([&] {
        ask_for_priority();
        quiet = converse(pair_loop, pair, how);
    }).join();
    result["quiet"] = describe(quiet);

    std::atomic<bool> running{true};
    std::exception_ptr failure;
    const measurement cost(of);
    std::thread crowd_thread([&] {
        try {
            while (running) {
                many.publish(only, how.size, how.pending);
                many.settle(std::chrono::seconds(60));
            }
        } catch (...) {
            failure = std::current_exception();
        }
    });
    ask_for_priority();
    const tally busy = converse(pair_loop, pair, how);
    running = false;
    crowd_thread.join();
    if (failure) std::rethrow_exception(failure);
    result["beside_fan_out"] = describe(busy);
    result["fan_out"] = to_json(many.result(), cost);
    result["p99_ratio"] = static_cast<double>(busy.latency.quantile(0.99)) / static_cast<double>(quiet.latency.quantile(0.99));
    return result;
}

} // namespace bench
