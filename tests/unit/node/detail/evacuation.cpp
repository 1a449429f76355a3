// Boost Software License 1.0, see LICENSE

#include <stompchat/node/detail/evacuation.hpp>

#include <doctest/doctest.h>

#include <map>
#include <numeric>

using namespace stompchat;
using namespace std::chrono_literals;
using node::broker_health;
using node::evacuation;
using node::send_away_rule;
using time_point = send_away_rule::time_point;

namespace {

constexpr time_point start{1h};

cluster_view view_of(bool first_ready, bool second_ready) {
    cluster_view view;
    view.self = {{"a", 1}, node_status(first_ready)};
    view.nodes = {view.self, {{"b", 1}, node_status(second_ready)}};
    view.current = true;
    return view;
}

} // namespace

TEST_CASE("a broker that is away for a moment leaves a node in service, one that was never there does not") {
    broker_health health(start);
    CHECK_FALSE(health.serves(10s, start));
    health.on_state(broker_state::unavailable, start);
    CHECK_FALSE(health.serves(10s, start + 1s));
    CHECK(health.lost_for(start + 3s) == 3s);
    health.on_state(broker_state::ready, start + 5s);
    CHECK(health.serves(10s, start + 1h));
    CHECK(health.lost_for(start + 1h) == 0s);
    health.on_state(broker_state::unavailable, start + 100s);
    health.on_state(broker_state::unavailable, start + 105s);
    CHECK(health.serves(10s, start + 109s));
    CHECK(health.lost_for(start + 109s) == 9s);
    CHECK_FALSE(health.serves(10s, start + 110s));
    health.on_state(broker_state::ready, start + 120s);
    CHECK(health.serves(10s, start + 121s));
    health.on_state(broker_state::refused, start + 130s);
    CHECK_FALSE(health.serves(10s, start + 130s));
    CHECK(health.refused());
}

TEST_CASE("clients are sent away when the patience is over and another node reached the log all that time") {
    send_away_rule rule(10s, 5s);
    const auto holds = [&](time_point::duration lost, bool others, auto after) {
        return rule.holds(broker_state::unavailable, lost, others, start + after);
    };
    CHECK_FALSE(holds(4s, true, 4s));
    CHECK_FALSE(holds(9s, true, 9s));
    CHECK(holds(10s, true, 10s));
    CHECK(holds(11s, true, 11s));
    CHECK_FALSE(rule.holds(broker_state::ready, 0s, true, start + 12s));
    // It begins anew.
    CHECK_FALSE(holds(10s, true, 30s));
    CHECK(holds(15s, true, 35s));
}

TEST_CASE("clients stay as long as nobody is known to reach the log, or only since a moment ago") {
    send_away_rule rule(10s, 5s);
    const auto holds = [&](bool others, auto after) { return rule.holds(broker_state::unavailable, after, others, start + after); };
    CHECK_FALSE(holds(true, 1s));
    CHECK_FALSE(holds(true, 8s));
    // The other has noticed as well, and comes back first.
    CHECK_FALSE(holds(false, 9s));
    CHECK_FALSE(holds(false, 60s));
    CHECK_FALSE(holds(true, 61s));
    CHECK_FALSE(holds(true, 65s));
    CHECK(holds(true, 66s));
    CHECK_FALSE(holds(false, 67s));
}

TEST_CASE("a broker that refused to serve keeps nobody, whatever is known of others") {
    send_away_rule rule(10s, 5s);
    CHECK(rule.holds(broker_state::refused, 0s, false, start));
}

TEST_CASE("only the word of another node counts, and only when the registry has just told it") {
    CHECK(send_away_rule::others_reach_it(view_of(false, true)));
    CHECK_FALSE(send_away_rule::others_reach_it(view_of(true, false)));
    CHECK_FALSE(send_away_rule::others_reach_it(view_of(false, false)));
    cluster_view old = view_of(false, true);
    old.current = false;
    CHECK_FALSE(send_away_rule::others_reach_it(old));
}

TEST_CASE("the rate is kept over all shards, and no shard is always the first") {
    boost::asio::io_context context;
    std::atomic<bool> active{false};
    std::map<std::size_t, std::size_t> sent;
    std::size_t turns = 0;
    constexpr std::size_t rate = 25;
    broker_health health(start);
    health.on_state(broker_state::refused, start);
    evacuation subject(context, 3, rate, {10s, 5s}, active, [&](std::size_t shard, std::size_t most) { sent[shard] += most; });
    CHECK(subject.look(health, view_of(false, false), start));
    CHECK(active);
    CHECK_FALSE(subject.look(health, view_of(false, false), start));
    const auto total = [&] {
        return std::accumulate(sent.begin(), sent.end(), std::size_t{0}, [](auto sum, auto& one) { return sum + one.second; });
    };
    // Nine more turns are a second.
    for (turns = 1; turns != 10; ++turns) context.run_one();
    CHECK(total() == rate);
    for (const auto& [shard, count] : sent) CHECK(count >= rate / 3 - 4);
    subject.stop();
    CHECK_FALSE(active);
    context.run();
    CHECK(total() == rate);
}
