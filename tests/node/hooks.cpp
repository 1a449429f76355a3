// Boost Software License 1.0, see LICENSE

#include "future.hpp"
#include "running_node.hpp"

using namespace node_test;
using story = std::vector<std::string>;

TEST_CASE("the service is told of a session in order: connected, its subscriptions, gone") {
    on_shards([](running_node& node) {
        node.app.subscribe_script = [](const stompchat::app_request&, stompchat::app_reply&& reply) {
            reply.reply({}, "state");
            reply.done();
            return true;
        };
        over_both(node, [&](stomp_client& client) {
            const std::string user = client.connect({{"login", "ann" + std::to_string(node.watcher.gone().size())}})["user-name"];
            client.subscribe_and_wait("1", "/topic/room");
            client.subscribe_and_wait("2", "/user/queue/inbox", {{"ack", "client"}});
            client.subscribe_and_wait("3", "/session/queue/replies");
            client.subscribe_and_wait("4", "/app/state");
            client.expect_message("state");
            client.unsubscribe("2", {{"receipt", "u"}});
            client.expect_receipt("u");
            client.unsubscribe("4", {{"receipt", "v"}});
            client.expect_receipt("v");
            const std::size_t before = node.watcher.gone().size();
            client.disconnect("bye");
            client.expect_receipt("bye");
            client.vanish();
            CHECK(eventually([&] { return node.watcher.gone().size() == before + 1; }));
            CHECK(node.watcher.story_of(user)
                  == story{"connected", "subscribed /topic/room", "subscribed /user/queue/inbox", "subscribed /session/queue/replies",
                           "subscribed /app/state", "unsubscribed /user/queue/inbox", "unsubscribed /app/state", "gone normally"});
        });
    });
}

TEST_CASE("what the service publishes when it is told of a subscription reaches that subscription") {
    setup how;
    how.shards = 4;
    running_node node(how);
    node.watcher.subscribed_script = [&](std::string_view room) {
        node.node->async_publish(stompchat::service_message(std::string(room), "welcome", "the house"),
                                 [](stompchat::error_code, const std::string&) {});
    };
    for (int i = 0; i != 50; ++i) {
        stomp_client client(node.ws);
        client.connect();
        client.subscribe("1", "/topic/room-" + std::to_string(i));
        client.expect_message("welcome");
    }
}

TEST_CASE("a subscription that was refused, or removed before it began, is not told") {
    running_node node;
    node.authorization.script = [](const stompchat::identity&, stompchat::action, std::string_view where) { return where != "/topic/no"; };
    node.app.subscribe_script = [](const stompchat::app_request& request, stompchat::app_reply&& reply) {
        if (request.destination == "/app/never") return false;
        reply.reject("no");
        return true;
    };
    stomp_client ann(node.ws);
    ann.connect({{"login", "ann"}, {"soft-errors", "true"}});
    for (const char* where : {"/topic/no", "/app/no", "/app/never", "/queue/x"}) {
        ann.subscribe("1", where, {{"receipt", "r"}});
        CHECK(ann.take_receipt("r")["status"] == "refused");
    }
    ann.subscribe("1", "/topic/yes", {{"history", "x"}, {"receipt", "r"}});
    CHECK(ann.take_receipt("r")["status"] == "refused");
    // Before the log can be read no subscription begins.
    node.log.inject_available(false);
    ann.subscribe("2", "/topic/late", {{"history", "5"}});
    ann.unsubscribe("2", {{"receipt", "u"}});
    ann.expect_receipt("u");
    node.log.inject_available(true);
    ann.vanish();
    CHECK(eventually([&] { return node.watcher.gone().size() == 1; }));
    CHECK(node.watcher.story_of("ann") == story{"connected", "gone normally"});
}

TEST_CASE("gone is told exactly once, with the reason, however a session ends") {
    running_node node;
    const auto ends = [&](const char* user, const char* why, auto&& end) {
        CAPTURE(user);
        stomp_client client(node.ws);
        client.connect({{"login", user}});
        client.subscribe_and_wait("1", "/topic/room");
        end(client);
        CHECK(eventually([&] { return node.watcher.story_of(user).size() >= 3; }));
        CHECK(node.watcher.story_of(user) == story{"connected", "subscribed /topic/room", why});
    };
    ends("vanishes", "gone normally", [](stomp_client& client) { client.vanish(); });
    ends("closes", "gone normally", [](stomp_client& client) {
        client.send_close(1000);
        client.expect_close(1000);
    });
    ends("errs", "gone unknown command", [](stomp_client& client) {
        client.send_octets(std::string("HELLO\n\n\0", 8));
        client.expect_error("HELLO");
        client.expect_close(1002);
    });
    ends("kicked", "gone disconnected by the service", [&](stomp_client& client) {
        node.node->async_disconnect_user("kicked", stompchat::farewell("go"), [](stompchat::error_code, stompchat::disconnect_result) {});
        client.expect_error("go");
        client.expect_close(1008);
    });
    stomp_client last(node.ws);
    last.connect({{"login", "last"}});
    last.subscribe_and_wait("1", "/topic/room");
    node.begin_stop(std::chrono::milliseconds(200));
    last.expect_close(1012);
    node.wait_for_stop();
    CHECK(node.watcher.story_of("last") == story{"connected", "subscribed /topic/room", "gone stopped"});
    CHECK(node.watcher.gone().size() == node.watcher.connected().size());
}

TEST_CASE("a client that was not let in is not told of at all") {
    running_node node;
    node.authentication.script = [](stompchat::credentials, login_done done) { done(stompchat::error::not_authenticated, {}); };
    stomp_client client(node.ws);
    client.send_frame(command::connect, {{"accept-version", "1.2"}, {"login", "ann"}});
    client.expect_error("login refused");
    client.expect_close(1008);
    node.stop(std::chrono::milliseconds(200));
    CHECK(node.watcher.connected().empty());
    CHECK(node.watcher.gone().empty());
}
