// Boost Software License 1.0, see LICENSE

#include "future.hpp"
#include "running_node.hpp"

using namespace node_test;
using stompchat::error;
using stompchat::error_code;
using stompchat::service_message;

TEST_CASE("what the service publishes from another thread reaches the subscribers, under the id that it is told") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect({{"login", "ann"}});
        ann.subscribe_and_wait("1", "/topic/room");
        service_message what("/topic/room", "closing in five minutes", "the house");
        what.headers = {{"kind", "notice"}, {"a:b", "c\nd"}, {"message-id", "forged"}, {"user", "forged"}};
        const auto [ec, id] = wait_for(node.node->async_publish(std::move(what), in_future));
        CHECK(!ec);
        const received message = ann.expect_message("closing in five minutes");
        CHECK(message["message-id"] == id);
        CHECK(message.count("message-id") == 1);
        CHECK(message["user"] == "the house");
        CHECK(message.count("user") == 1);
        CHECK(message["kind"] == "notice");
        CHECK(message["a:b"] == "c\nd");
        CHECK(message["timestamp"] != "(absent)");

        CHECK(!std::get<0>(wait_for(node.node->async_publish(service_message("/topic/room", "from nobody"), in_future))));
        CHECK(ann.expect_message("from nobody")["user"] == "(absent)");
        // The id is a token like any other.
        ann.subscribe("2", "/topic/room", {{"resume-after", id}, {"receipt", "r"}});
        CHECK(ann.take_receipt("r")["recovered"] == "true");
        CHECK(ann.expect_message("from nobody")["subscription"] == "2");
    });
}

TEST_CASE("the service reaches a user's queue, also while the user is away") {
    running_node node;
    stomp_client ann(node.ws);
    ann.connect({{"login", "a/b"}});
    ann.subscribe("1", "/user/queue/inbox", {{"receipt", "r"}});
    const std::string token = ann.take_receipt("r")["position"];
    CHECK(!std::get<0>(wait_for(node.node->async_publish(service_message("/user/a%2Fb/queue/inbox", "here"), in_future))));
    CHECK(ann.expect_message("here")["destination"] == "/user/queue/inbox");
    ann.vanish();
    CHECK(!std::get<0>(wait_for(node.node->async_publish(service_message("/user/a%2fb/queue/inbox", "away"), in_future))));
    stomp_client again(node.ws);
    again.connect({{"login", "a/b"}});
    again.subscribe("1", "/user/queue/inbox", {{"resume-after", token}});
    again.expect_message("here");
    again.expect_message("away");
}

TEST_CASE("messages of one thread stand in the log in the order of its calls") {
    on_shards([](running_node& node) {
        stomp_client ann(node.ws);
        ann.connect();
        ann.subscribe_and_wait("1", "/topic/room");
        constexpr int threads = 4;
        constexpr int each = 200;
        std::atomic<int> answered{0};
        std::vector<std::thread> publishers;
        for (int t = 0; t != threads; ++t) {
            publishers.emplace_back([&, t] {
                for (int i = 0; i != each; ++i)
                    node.node->async_publish(service_message("/topic/room", std::to_string(i), std::to_string(t)),
                                             [&](error_code ec, const std::string&) { answered += ec ? 0 : 1; });
            });
        }
        std::map<std::string, int> next;
        for (int i = 0; i != threads * each; ++i) {
            const received one = ann.expect(command::message);
            CHECK(one.body == std::to_string(next[one["user"]]++));
        }
        for (std::thread& one : publishers) one.join();
        CHECK(eventually([&] { return answered == threads * each; }));
    });
}

TEST_CASE("a message that a client could not send is refused with the reason, and nothing is published") {
    setup how;
    how.options.session.limits.body = 100;
    how.options.session.limits.header_line = 50;
    how.options.session.limits.headers = 5;
    running_node node(how);
    stomp_client ann(node.ws);
    ann.connect();
    ann.subscribe_and_wait("1", "/topic/room");
    const auto outcome = [&](service_message what) { return std::get<0>(wait_for(node.node->async_publish(std::move(what), in_future))); };
    const auto with = [](std::string name, std::string value) {
        service_message made("/topic/room", "x");
        made.headers.emplace_back(std::move(name), std::move(value));
        return made;
    };
    for (const char* nowhere : {"", "room", "/topic/", "/queue/x", "/app/x", "/session/queue/x", "/user/queue/x", "/user/ann"})
        CHECK(outcome(service_message(nowhere, "x")) == error::unknown_destination);
    CHECK(outcome(service_message("/user/a%zz/queue/x", "x")) == error::bad_header_value);
    CHECK(outcome(service_message("/topic/\xff", "x")) == error::bad_header_value);
    CHECK(outcome(service_message("/topic/" + std::string(249, 'x'), "x")) == error::destination_too_long);
    CHECK(outcome(service_message("/topic/room", "x", std::string(256, 'u'))) == error::bad_header_value);
    CHECK(outcome(service_message("/topic/room", "x", "\xff")) == error::bad_header_value);
    CHECK(outcome(with("", "v")) == error::bad_header);
    CHECK(outcome(with("n", std::string("a\0b", 3))) == error::bad_header_value);
    CHECK(outcome(with("n", "\xff")) == error::bad_header_value);
    CHECK(outcome(with("n", std::string(49, 'v'))) == error::header_line_too_long);
    CHECK(outcome(service_message("/topic/room", std::string(101, 'x'))) == error::body_too_long);
    service_message many = with("a", "1");
    for (int i = 0; i != 5; ++i) many.headers.emplace_back("b", "2");
    CHECK(outcome(many) == error::too_many_headers);
    ann.expect_nothing();

    service_message largest = with("n", std::string(48, 'v'));
    largest.body = std::string(100, 'x');
    CHECK(!outcome(largest));
    ann.expect_message(largest.body);
}

TEST_CASE("what is in flight is bounded in messages and in octets; more is refused, not queued") {
    setup how;
    how.options.max_own_in_flight = 3;
    how.options.max_own_in_flight_octets = 1000;
    running_node node(how);
    node.log.inject_available(false);
    const auto publish = [&](std::size_t octets) {
        return node.node->async_publish(service_message("/topic/room", std::string(octets, 'x')), in_future);
    };
    auto first = publish(2000); // one always finds room
    CHECK(std::get<0>(wait_for(publish(1))) == error::too_many_in_flight);
    node.log.inject_available(true);
    CHECK(!std::get<0>(wait_for(std::move(first))));

    node.log.inject_available(false);
    std::vector<decltype(publish(1))> taken;
    for (int i = 0; i != 3; ++i) taken.push_back(publish(10));
    CHECK(std::get<0>(wait_for(publish(1))) == error::too_many_in_flight);
    node.log.inject_available(true);
    for (auto& one : taken) CHECK(!std::get<0>(wait_for(std::move(one))));
    CHECK(!std::get<0>(wait_for(publish(1))));
}

TEST_CASE("it completes when the broker has the message, with the broker's error when it has not") {
    setup how;
    how.log.max_message_length = 1000;
    running_node node(how);
    node.log.inject_available(false);
    auto pending = node.node->async_publish(service_message("/topic/room", "x"), in_future);
    CHECK(pending.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
    node.log.inject_available(true);
    CHECK(!std::get<0>(wait_for(std::move(pending))));
    CHECK(std::get<0>(wait_for(node.node->async_publish(service_message("/topic/room", std::string(1001, 'x')), in_future)))
          == error::message_too_large);
}

TEST_CASE("a stopping node takes nothing more from the service, and answers what it has taken") {
    running_node node;
    node.log.inject_available(false);
    auto pending = node.node->async_publish(service_message("/topic/room", "x"), in_future);
    node.begin_stop(std::chrono::milliseconds(50));
    CHECK(std::get<0>(wait_for(node.node->async_publish(service_message("/topic/room", "x"), in_future))) == error::stopped);
    node.wait_for_stop();
    CHECK(std::get<0>(wait_for(std::move(pending))) == error::outcome_unknown);
    CHECK(std::get<0>(wait_for(node.node->async_publish(service_message("/topic/room", "x"), in_future))) == error::stopped);
}
