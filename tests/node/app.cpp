// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <atomic>

using namespace node_test;
using stompchat::app_reply;
using stompchat::app_request;
using stompchat::header_field;

namespace {

// Replies that wait to be given from elsewhere.
class shelf {
public:
    void put(app_reply&& one) {
        const std::lock_guard lock(mutex_);
        all_.push_back(std::move(one));
    }
    std::vector<app_reply> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(all_, {});
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return all_.size();
    }

private:
    mutable std::mutex mutex_;
    std::vector<app_reply> all_;
};

bool has_error(stomp_client& client, std::string_view text, std::uint16_t code) {
    client.expect_error(text);
    client.expect_close(code);
    return true;
}

} // namespace

TEST_CASE("the application sees who asks for what, and its reply finds the request by correlation-id") {
    on_shards([](running_node& node) {
        std::mutex mutex;
        std::vector<std::string> seen;
        node.app.send_script = [&](const app_request& request, app_reply&& reply) {
            std::string text = request.who.user + ' ' + std::string(request.destination) + ' ' + std::string(request.body);
            for (const header_field one : request.headers) text += ' ' + std::string(one.name) + '=' + std::string(one.value);
            {
                const std::lock_guard lock(mutex);
                seen.push_back(text);
            }
            const header_field field{"answer", "yes"};
            reply.reply({&field, 1}, "pong");
            reply.done();
            return true;
        };
        stomp_client client(node.ws);
        client.connect({{"login", "ann"}});
        client.subscribe_and_wait("r", "/session/queue/replies");
        client.subscribe_and_wait("o", "/session/queue/others");
        client.send("/app/echo", "ping", {{"correlation-id", "c1"}, {"receipt", "done"}, {"x", "y"}});
        const received reply = client.expect_message("pong");
        CHECK(reply["destination"] == "/session/queue/replies");
        CHECK(reply["subscription"] == "r");
        CHECK(reply["correlation-id"] == "c1");
        CHECK(reply["answer"] == "yes");
        CHECK(reply["message-id"].starts_with("s-"));
        const received receipt = client.expect(command::receipt);
        CHECK(receipt["receipt-id"] == "done");
        CHECK(receipt["message-id"] == "(absent)");
        client.send("/app/echo", "ping", {{"reply-to", "/session/queue/others"}});
        CHECK(client.expect_message("pong")["subscription"] == "o");
        CHECK(seen.at(0) == "ann /app/echo ping correlation-id=c1 x=y");
    });
}

TEST_CASE("requests of a session arrive in order, whatever the answers do") {
    running_node node;
    std::vector<std::string> order; // one shard, one session: no lock
    shelf replies;
    node.app.send_script = [&](const app_request& request, app_reply&& reply) {
        order.emplace_back(request.body);
        replies.put(std::move(reply));
        return true;
    };
    stomp_client client(node.ws);
    client.connect();
    for (int i = 0; i != 20; ++i) client.send("/app/x", std::to_string(i), {{"receipt", std::to_string(i)}});
    REQUIRE(client.wait_until([&] { return replies.size() == 20; }));
    auto all = replies.take();
    for (std::size_t i = all.size(); i-- != 0;) all[i].done();
    for (int i = 19; i >= 0; --i) client.expect_receipt(std::to_string(i));
    node.on_first_shard([&] {
        for (std::size_t i = 0; i != 20; ++i) CHECK(order[i] == std::to_string(i));
    });
}

TEST_CASE("what the application publishes goes out in the requester's name, and done() waits for the log") {
    on_shards([](running_node& node) {
        shelf replies;
        node.app.send_script = [&](const app_request&, app_reply&& reply) {
            const header_field forged[] = {{"user", "admin"}, {"content-length", "2"}, {"message-id", "1"}, {"kept", "k"}};
            reply.publish("/topic/room", forged, "published");
            replies.put(std::move(reply));
            return true;
        };
        stomp_client ann(node.ws);
        stomp_client bob(node.ws);
        ann.connect({{"login", "ann"}});
        bob.connect({{"login", "bob"}});
        bob.subscribe_and_wait("1", "/topic/room");
        ann.send("/app/x", "", {{"receipt", "r"}});
        const received message = bob.expect_message("published");
        CHECK(message["user"] == "ann");
        CHECK(message.count("user") == 1);
        CHECK(message.count("message-id") == 1);
        CHECK(message.count("content-length") == 1);
        CHECK(message["kept"] == "k");
        ann.expect_nothing();
        node.log.inject_available(false);
        auto held = replies.take();
        held.at(0).publish("/topic/room", {}, "second");
        held.at(0).done();
        ann.expect_nothing();
        node.log.inject_available(true);
        ann.expect_receipt("r");
        bob.expect_message("second");
    });
}

TEST_CASE("a reason of the application reaches the client, and so does a missing answer") {
    running_node node;
    node.app.send_script = [](const app_request& request, app_reply&& reply) {
        if (request.destination == "/app/no") reply.reject("you are not a member");
        if (request.destination == "/app/elsewhere") {
            reply.publish("/queue/nowhere", {}, "x");
            reply.done();
        }
        return request.destination != "/app/absent";
    };
    const std::pair<const char*, const char*> expected[] = {{"/app/no", "you are not a member"},
                                                            {"/app/forgotten", "no answer"},
                                                            {"/app/elsewhere", "/queue/nowhere"},
                                                            {"/app/absent", "/app/absent"}};
    for (const auto& one : expected) {
        const char* const destination = one.first;
        const char* const text = one.second;
        CAPTURE(destination);
        over_both(node, [&](stomp_client& client) {
            client.connect();
            client.send(destination, "x", {{"receipt", "r"}});
            const received error = client.expect_error(text);
            CHECK(error["receipt-id"] == "r");
            client.expect_close(1008);
        });
    }
}

TEST_CASE("without an application nothing below /app/ exists") {
    setup how;
    how.with_app = false;
    running_node node(how);
    stomp_client client(node.ws);
    client.connect();
    client.send("/app/echo", "x");
    has_error(client, "/app/echo", 1008);
    stomp_client other(node.ws);
    other.connect();
    other.subscribe("1", "/app/echo");
    has_error(other, "/app/echo", 1008);
}

TEST_CASE("a SUBSCRIBE to /app/ is answered with one MESSAGE, behind its RECEIPT") {
    running_node node;
    node.app.subscribe_script = [](const app_request& request, app_reply&& reply) {
        if (request.destination == "/app/no") return reply.reject("not today"), true;
        reply.reply({}, "state");
        reply.reply({}, "not this one");
        reply.done();
        return true;
    };
    over_both(node, [](stomp_client& client) {
        client.connect();
        client.subscribe_and_wait("1", "/app/state");
        const received answer = client.expect_message("state");
        CHECK(answer["destination"] == "/app/state");
        CHECK(answer["subscription"] == "1");
        client.expect_nothing();
        client.unsubscribe("1");
        client.subscribe("2", "/app/no", {{"receipt", "s"}});
        CHECK(client.expect_error("not today")["receipt-id"] == "s");
        client.expect_close(1008);
    });
}

TEST_CASE("an answer to a subscription that has gone does not reach a later one with its id") {
    running_node node;
    shelf replies;
    node.app.subscribe_script = [&](const app_request&, app_reply&& reply) {
        replies.put(std::move(reply));
        return true;
    };
    stomp_client client(node.ws);
    client.connect();
    client.subscribe("1", "/app/state", {{"receipt", "a"}});
    client.unsubscribe("1", {{"receipt", "b"}});
    client.expect_receipt("a");
    client.expect_receipt("b");
    client.subscribe("1", "/app/state", {{"receipt", "c"}});
    REQUIRE(client.wait_until([&] { return replies.size() == 2; }));
    auto all = replies.take();
    all[0].reply({}, "old");
    all[0].reject("too late to matter");
    client.expect_nothing();
    all[1].reply({}, "new");
    client.expect_receipt("c");
    client.expect_message("new");
}

TEST_CASE("answers may come from any thread, also when the session or the node has gone") {
    on_shards([](running_node& node) {
        shelf replies;
        node.app.send_script = [&](const app_request&, app_reply&& reply) {
            replies.put(std::move(reply));
            return true;
        };
        const auto answer_all = [&] {
            auto all = replies.take();
            std::vector<std::thread> threads;
            for (app_reply& one : all) {
                threads.emplace_back([&one] {
                    one.reply({}, "late");
                    one.publish("/topic/room", {}, "late");
                    one.done();
                });
            }
            for (std::thread& one : threads) one.join();
        };
        std::vector<std::unique_ptr<stomp_client>> clients;
        for (int i = 0; i != 8; ++i) {
            clients.push_back(std::make_unique<stomp_client>(node.ws));
            clients.back()->connect();
            clients.back()->subscribe_and_wait("1", "/session/queue/replies");
            clients.back()->send("/app/x", "", {{"receipt", "r"}});
        }
        REQUIRE(eventually([&] { return replies.size() == 8; }));
        answer_all();
        for (const auto& one : clients) {
            one->expect_message("late");
            one->expect_receipt("r");
            one->send("/app/x", "");
        }
        REQUIRE(eventually([&] { return replies.size() == 8; }));
        clients.clear();
        REQUIRE(eventually([&] { return node.watcher.gone().size() == 8; }));
        answer_all();

        stomp_client last(node.ws);
        last.connect();
        last.send("/app/x", "");
        REQUIRE(eventually([&] { return replies.size() == 1; }));
        node.stop(std::chrono::milliseconds(100));
        node.destroy_node();
        answer_all();
        node.on_first_shard([] {});
    });
}
