// Boost Software License 1.0, see LICENSE

#include "cluster.hpp"

using namespace node_test;
using namespace stompchat;
using std::chrono::milliseconds;

// What becomes of the clients of a node that does not reach the log.

namespace {

headers as(std::string_view user) { return {{"login", std::string(user)}}; }

setup quick() {
    setup how;
    how.options.lease = milliseconds(100);
    return how;
}

void expect_refusal(const endpoint& where, std::string_view text) {
    stomp_client late(where);
    late.send_frame(command::connect, {{"accept-version", "1.2"}, {"host", "h"}});
    late.expect_error(text);
    late.expect_close(1012);
}

/// The node has looked at the others so often since, that it would have sent its clients away.
void let_it_look(cluster::member& node) {
    for (int i = 0; i != 30; ++i) {
        const auto last = node.node->view();
        REQUIRE(eventually([&] { return node.node->view() != last; }));
    }
}

} // namespace

TEST_CASE("clients of a node that alone does not reach the log are told to go to another one") {
    setup how = quick();
    how.shards = 2;
    cluster nodes(how);
    std::vector<std::unique_ptr<stomp_client>> here;
    for (int i = 0; i != 6; ++i) {
        here.push_back(std::make_unique<stomp_client>(nodes[0].ws));
        here.back()->connect(as("ann"));
        here.back()->subscribe_and_wait("1", "/topic/a");
    }
    stomp_client over_tcp_(nodes[0].tcp, over_tcp());
    over_tcp_.connect(as("ann"));
    stomp_client there(nodes[1].ws);
    there.connect(as("bob"));
    there.subscribe_and_wait("1", "/topic/a");

    nodes.shared.set_state(0, broker_state::unavailable);
    for (auto& one : here) {
        one->expect_error("does not reach the messages");
        CHECK(one->expect_close(1012) == "retry-after=1");
    }
    over_tcp_.expect_error("does not reach the messages");
    over_tcp_.expect_end();
    CHECK_FALSE(nodes[0].node->ready());
    CHECK(nodes[1].node->ready());
    expect_refusal(nodes[0].ws, "does not reach the messages");
    stomp_client moved(nodes[1].ws);
    moved.connect(as("ann"));
    moved.send_and_wait("/topic/a", "hello");
    there.expect_message("hello");
    CHECK(nodes[1].watcher.gone().empty());

    nodes.shared.set_state(0, broker_state::ready);
    REQUIRE(eventually([&] { return nodes[0].node->ready(); }));
    stomp_client back(nodes[0].ws);
    back.connect(as("ann"));
    back.send_and_wait("/topic/a", "back");
    there.expect_message("back");
}

TEST_CASE("when no node reaches the log, clients stay where they are, and go on when it is back") {
    cluster nodes(quick());
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    stomp_client bob(nodes[1].ws);
    bob.connect(as("bob"));
    bob.subscribe_and_wait("1", "/topic/a");
    nodes.log.inject_available(false);
    REQUIRE(eventually([&] { return !nodes[0].node->ready() && !nodes[1].node->ready(); }));
    ann.send("/topic/a", "1", {{"receipt", "r"}});
    let_it_look(nodes[0]);
    let_it_look(nodes[1]);
    CHECK(nodes[0].watcher.gone().empty());
    CHECK(nodes[1].watcher.gone().empty());
    stomp_client comes(nodes[0].ws);
    comes.connect(as("cem"));
    nodes.log.inject_available(true);
    ann.expect_receipt("r");
    bob.expect_message("1");
}

TEST_CASE("a node that knows nothing of others, because the registry does not answer, sends nobody away") {
    cluster nodes(quick());
    stomp_client ann(nodes[0].ws);
    ann.connect(as("ann"));
    nodes.registry.inject_available(false);
    REQUIRE(eventually([&] { return !nodes[0].node->view()->current; }));
    nodes.shared.set_state(0, broker_state::unavailable);
    let_it_look(nodes[0]);
    CHECK(nodes[0].watcher.gone().empty());
    // It is told of the others again, and that they are well.
    nodes.registry.inject_available(true);
    ann.expect_error("does not reach the messages");
    ann.expect_close(1012);
}

TEST_CASE("a broker that refuses to serve leaves a node that nobody can connect to, and nobody stays connected") {
    running_node node(quick());
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    ann.subscribe_and_wait("1", "/topic/a");
    node.log.inject_refusal();
    ann.expect_error("cannot serve");
    ann.expect_close(1012);
    CHECK_FALSE(node.node->ready());
    expect_refusal(node.ws, "cannot serve");
    node.log.inject_available(true);
    CHECK_FALSE(node.node->ready());
    CHECK(node.watcher.states() == std::vector{broker_state::ready, broker_state::refused});
}
