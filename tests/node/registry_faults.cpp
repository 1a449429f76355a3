// Boost Software License 1.0, see LICENSE

#include "cluster.hpp"
#include "future.hpp"

#include <algorithm>
#include <set>

using namespace node_test;
using namespace stompchat;
using std::chrono::milliseconds;

// What a node does when the registry forgets it, or does not answer.

namespace {

headers as(std::string_view user) { return {{"login", std::string(user)}}; }

/// Heart-beats come quickly; a lease that is missed in a test's pauses does no harm.
setup quick() {
    setup how;
    how.options.lease = milliseconds(100);
    return how;
}

std::vector<session_record> sessions_of(session_registry& registry, std::string user) {
    auto [ec, found] = wait_for(registry.async_sessions_of(std::move(user), in_future));
    return ec ? std::vector<session_record>() : found;
}

std::vector<std::string> people_in(session_registry& registry, std::string room) {
    std::vector<std::string> names;
    auto [ec, found] = wait_for(registry.async_participants(std::move(room), 1'000, in_future));
    for (const participant& one : found) names.push_back(one.user + " " + std::to_string(one.sessions));
    return names;
}

using people = std::vector<std::string>;

/// Answers nothing but that the caller is unknown.
class forgetful_registry final : public session_registry {
public:
    explicit forgetful_registry(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    asio::any_io_executor get_executor() const override { return executor_; }

    std::atomic<std::size_t> beats{0};
    std::size_t incarnations() const {
        const std::lock_guard lock(mutex_);
        return seen_.size();
    }

private:
    void do_hold_lease(node_incarnation node, node_status, milliseconds, done finished) override {
        {
            const std::lock_guard lock(mutex_);
            seen_.insert(node.incarnation);
        }
        ++beats;
        finished(error::stale_incarnation);
    }
    void do_release(node_incarnation, done finished) override { finished(error::stale_incarnation); }
    void do_add_session(session_record, done finished) override { finished(error::stale_incarnation); }
    void do_remove_session(session_record, done finished) override { finished(error::stale_incarnation); }
    void do_mark_leaving(session_record, done finished) override { finished(error::stale_incarnation); }
    void do_join(std::string, session_record, done finished) override { finished(error::stale_incarnation); }
    void do_leave(std::string, session_record, done finished) override { finished(error::stale_incarnation); }
    void do_sessions_of(std::string, sessions_done finished) override { finished({}, {}); }
    void do_session(std::string, sessions_done finished) override { finished({}, {}); }
    void do_participants(std::string, std::size_t, participants_done finished) override { finished({}, {}); }
    void do_presence(std::string, std::size_t, presence_done finished) override { finished({}, {}); }
    void do_watch_presence(std::string, std::shared_ptr<presence_sink>, done finished) override { finished({}); }
    void do_unwatch_presence(std::string_view, const std::shared_ptr<presence_sink>&) override {}
    void do_interested_nodes(std::string, nodes_done finished) override { finished({}, {}); }
    void do_live_nodes(live_nodes_done finished) override { finished({}, {}); }

    asio::any_io_executor executor_;
    mutable std::mutex mutex_;
    std::set<std::uint64_t> seen_;
};

} // namespace

TEST_CASE("a node that the registry has forgotten registers all again, and no session notices") {
    on_shards(quick(), [](running_node& node) {
        stomp_client bob(node.ws);
        bob.connect(as("bob"));
        bob.subscribe_and_wait("1", "/topic/a");
        bob.subscribe_and_wait("2", "/topic/b");
        bob.subscribe_and_wait("3", "/user/queue/q");
        std::vector<std::unique_ptr<stomp_client>> many;
        for (int i = 0; i != 40; ++i) {
            many.push_back(std::make_unique<stomp_client>(node.ws));
            many.back()->connect(as("ann"));
            many.back()->subscribe_and_wait("1", "/topic/a");
        }
        REQUIRE(eventually([&] { return people_in(node.registry, "/topic/a") == people{"ann 40", "bob 1"}; }));
        const auto before = sessions_of(node.registry, "bob");
        REQUIRE(before.size() == 1);

        node.registry.inject_data_loss();
        CHECK(sessions_of(node.registry, "bob").empty());
        REQUIRE(eventually([&] { return node.watcher.registered_again() == std::vector<std::size_t>{41}; }));
        const auto after = sessions_of(node.registry, "bob");
        REQUIRE(after.size() == 1);
        CHECK(after.front().session == before.front().session);
        CHECK(after.front().where.node == before.front().where.node);
        CHECK(after.front().where.incarnation > before.front().where.incarnation);
        CHECK(sessions_of(node.registry, "ann").size() == 40);
        CHECK(people_in(node.registry, "/topic/a") == people{"ann 40", "bob 1"});
        CHECK(people_in(node.registry, "/topic/b") == people{"bob 1"});
        CHECK(node.registry.rooms() == 2);

        bob.send_and_wait("/topic/a", "still here");
        bob.expect_message("still here");
        for (auto& one : many) one->expect_message("still here");
        CHECK(node.watcher.gone().empty());
        // What goes now is forgotten under the new incarnation.
        many.clear();
        bob.unsubscribe("2");
        CHECK(eventually([&] { return people_in(node.registry, "/topic/a") == people{"bob 1"}; }));
        CHECK(eventually([&] { return people_in(node.registry, "/topic/b").empty(); }));
        CHECK(eventually([&] { return node.registry.sessions() == 1; }));
    });
}

TEST_CASE("what the registry has missed while it did not answer is right again when it does, and messages go on meanwhile") {
    on_shards(quick(), [](running_node& node) {
        stomp_client stays(node.ws);
        stays.connect(as("stays"));
        stays.subscribe_and_wait("1", "/topic/a");
        stomp_client leaves(node.ws);
        leaves.connect(as("leaves"));
        leaves.subscribe_and_wait("1", "/topic/a");
        stomp_client goes(node.ws);
        goes.connect(as("goes"));
        goes.subscribe_and_wait("1", "/topic/a");
        REQUIRE(eventually([&] { return people_in(node.registry, "/topic/a").size() == 3; }));

        node.registry.inject_available(false);
        stomp_client comes(node.ws);
        comes.connect(as("comes"));
        comes.subscribe_and_wait("1", "/topic/a");
        leaves.unsubscribe("1", {{"receipt", "r"}});
        leaves.expect_receipt("r");
        goes.disconnect("bye");
        goes.expect_receipt("bye");
        comes.send_and_wait("/topic/a", "1");
        comes.expect_message("1");
        stays.expect_message("1");
        const auto [ec, nobody] = wait_for(node.node->async_participants("/topic/a", 10, in_future));
        CHECK(ec == error::registry_unavailable);
        CHECK(node.watcher.registered_again().empty());

        node.registry.inject_available(true);
        REQUIRE(eventually([&] { return node.watcher.registered_again() == std::vector<std::size_t>{3}; }));
        CHECK(people_in(node.registry, "/topic/a") == people{"comes 1", "stays 1"});
        CHECK(sessions_of(node.registry, "goes").empty());
        CHECK(sessions_of(node.registry, "leaves").size() == 1);
        CHECK(node.registry.sessions() == 3);
    });
}

TEST_CASE("an outage of the registry in which nothing happened changes nothing") {
    running_node node(quick());
    stomp_client bob(node.ws);
    bob.connect(as("bob"));
    REQUIRE(eventually([&] { return sessions_of(node.registry, "bob").size() == 1; }));
    const auto before = sessions_of(node.registry, "bob");
    node.registry.inject_available(false);
    const auto told = [&](std::string_view text) {
        const auto logs = node.watcher.logs();
        return std::count_if(logs.begin(), logs.end(), [&](const std::string& one) { return one.find(text) != std::string::npos; });
    };
    REQUIRE(eventually([&] { return told("did not renew") == 1; }));
    CHECK(!node.node->view()->current);
    node.registry.inject_available(true);
    REQUIRE(eventually([&] { return told("answers again") == 1; }));
    REQUIRE(eventually([&] { return node.node->view()->current; }));
    CHECK(sessions_of(node.registry, "bob") == before);
    CHECK(node.watcher.registered_again().empty());
    CHECK(told("did not renew") == 1);
}

TEST_CASE("presence goes on after the registry has lost its data") {
    setup how = quick();
    how.options.presence = true;
    running_node node(how);
    stomp_client watching(node.ws);
    watching.connect(as("watching"));
    stomp_client ann(node.ws);
    ann.connect(as("ann"));
    ann.subscribe_and_wait("1", "/topic/a");
    watching.subscribe_and_wait("p", "/presence/a");
    node.registry.inject_data_loss();
    REQUIRE(eventually([&] { return node.watcher.registered_again().size() == 1; }));
    stomp_client cem(node.ws);
    cem.connect(as("cem"));
    cem.subscribe_and_wait("1", "/topic/a");
    std::string last;
    while (last.find("\"cem\"") == std::string::npos) last = watching.expect(command::message).body;
    CHECK(last.find("\"count\":2") != std::string::npos);
}

TEST_CASE("with registry_down = refuse nobody is let in while the registry does not answer, and nobody put out") {
    setup how = quick();
    how.options.registry_down = registry_policy::refuse;
    running_node node(how);
    stomp_client inside(node.ws);
    inside.connect();
    inside.subscribe_and_wait("1", "/topic/a");
    node.registry.inject_available(false);
    REQUIRE(eventually([&] { return !node.node->ready(); }));
    over_both(node, [&](stomp_client& outside) {
        outside.send_frame(command::connect, {{"accept-version", "1.2"}, {"host", "h"}});
        outside.expect_error("registry");
        outside.expect_close(1012);
    });
    inside.send_and_wait("/topic/a", "1");
    inside.expect_message("1");
    node.registry.inject_available(true);
    REQUIRE(eventually([&] { return node.node->ready(); }));
    stomp_client now(node.ws);
    now.connect();
    CHECK(node.watcher.gone().empty());
}

TEST_CASE("a registry that forgets the node again and again is not stormed") {
    shard_pool executor(1);
    forgetful_registry registry(executor.executor());
    std::thread thread([&] { executor.run(); });
    {
        setup how = quick();
        how.shared_registry = &registry;
        running_node node(how);
        stomp_client bob(node.ws);
        bob.connect(as("bob"));
        REQUIRE(eventually([&] { return registry.beats >= 40; }));
        CHECK(registry.incarnations() >= 2);
        CHECK(registry.incarnations() <= 10);
        CHECK(node.watcher.gone().empty());
    }
    executor.stop();
    thread.join();
}

TEST_CASE("each node of a cluster knows the others, their addresses and whether they reach the log") {
    setup how = quick();
    how.options.public_url = "ws://chat.example/ws";
    cluster nodes(how);
    const auto all_know = [&](bool first_is_ready) {
        for (std::size_t i = 0; i != 2; ++i) {
            const auto view = nodes[i].node->view();
            if (!view->current || view->nodes.size() != 2) return false;
            for (const live_node& one : view->nodes) {
                if (one.status.url != "ws://chat.example/ws") return false;
                const bool first = one.node.node == nodes[0].node->view()->self.node.node;
                if (one.status.broker_ready != (first ? first_is_ready : true)) return false;
            }
        }
        return true;
    };
    CHECK(eventually([&] { return all_know(true); }));
    nodes.shared.set_state(0, broker_state::unavailable);
    CHECK(eventually([&] { return all_know(false); }));
    nodes.shared.set_state(0, broker_state::ready);
    CHECK(eventually([&] { return all_know(true); }));
    nodes[0].stop(milliseconds(100));
    CHECK(eventually([&] { return nodes[1].node->view()->nodes.size() == 1; }));
}
