// Boost Software License 1.0, see LICENSE

/*  stompchat_model [--deliveries N] [--seed S]: worlds one after the other, each from its own seed, until so many messages were delivered.
   A world that breaks a promise is named with its seed and the step at which it did; `--seed` of that number begins with it.  */

#include "world.hpp"

#include <support/seed.hpp>

#include <cstdlib>
#include <iostream>
#include <limits>
#include <string_view>

namespace {

/// Whether the run has come to all hard places.
bool came_everywhere(const model::tally& t) {
    bool all = true;
    const auto show = [&](const char* what, std::uint64_t count) {
        std::cout << what << ": " << count << '\n';
        if (count == 0) all = false;
    };
    show("deliveries", t.deliveries);
    show("RECEIPTs", t.receipts);
    show("recovered", t.recovered);
    show("not recovered", t.not_recovered);
    show("with history", t.histories);
    show("gaps", t.gaps);
    show("gaps without a record that was lost", t.false_alarms);
    show("sessions ended for messages that were lost", t.closed);
    show("disconnects", t.disconnects);
    show("fell behind", t.fell_behind);
    show("fed from the recent messages", t.fed_from_recent);
    show("fed from the log", t.fed_from_log);
    show("no room in an inbox", t.missed);
    show("repeated by the broker", t.repeated);
    show("answers to registrations that were over", t.outdated_answers);
    show("ends asked for", t.ends_asked);
    show("handed out piece by piece", t.swept);
    show("logs made anew", t.new_logs);
    show("logs cut off", t.truncated);
    // Whoever stands between two records of the room cannot always know that nothing was lost; but whoever fell behind stands at one.
    if (t.false_alarms * 20 > t.gaps) {
        std::cout << "too many gaps without a loss\n";
        all = false;
    }
    return all;
}

void add(model::tally& sum, const model::tally& one) {
    sum.deliveries += one.deliveries;
    sum.receipts += one.receipts;
    sum.recovered += one.recovered;
    sum.not_recovered += one.not_recovered;
    sum.histories += one.histories;
    sum.gaps += one.gaps;
    sum.false_alarms += one.false_alarms;
    sum.closed += one.closed;
    sum.disconnects += one.disconnects;
    sum.fell_behind += one.fell_behind;
    sum.fed_from_recent += one.fed_from_recent;
    sum.fed_from_log += one.fed_from_log;
    sum.missed += one.missed;
    sum.repeated += one.repeated;
    sum.outdated_answers += one.outdated_answers;
    sum.ends_asked += one.ends_asked;
    sum.swept += one.swept;
    sum.new_logs += one.new_logs;
    sum.truncated += one.truncated;
    sum.note(one.trace);
}

model::tally run(std::uint64_t seed) {
    model::world one(seed);
    try {
        one.run();
    } catch (const model::broken& what) {
        std::cout << "seed " << seed << ", step " << one.step() << ": not true that " << what.what() << '\n';
        std::exit(1);
    }
    return one.counts();
}

} // namespace

int main(int argc, char** argv) {
    std::uint64_t deliveries = 1'000'000;
    std::uint64_t first = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        (std::string_view(argv[i]) == "--seed" ? first : deliveries) = value;
    }
    if (run(first).trace != run(first).trace) {
        std::cout << "seed " << first << ": two runs of one world differ\n";
        return 1;
    }
    model::tally sum;
    bool all = true;
    stompchat_test::for_each_seed(std::numeric_limits<std::uint32_t>::max() - 1, [&](std::uint32_t seed) {
        if (sum.deliveries >= deliveries) return;
        if (const char* const only = std::getenv("STOMPCHAT_TEST_SEED"); only != nullptr) all = false;
        add(sum, run(first - 1 + seed));
    });
    const bool everywhere = came_everywhere(sum);
    std::cout << "trace: " << std::hex << sum.trace << '\n';
    return everywhere || !all || sum.deliveries < 500'000 ? 0 : 3;
}
