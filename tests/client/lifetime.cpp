// Boost Software License 1.0, see LICENSE

#include "driving.hpp"

#include <node/running_node.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <memory>
#include <stdexcept>

using namespace client_test;
using namespace node_test;
using stompchat::error;
namespace asio = boost::asio;

namespace {

std::string ws_of(const running_node& node) { return "ws://127.0.0.1:" + std::to_string(node.ws.port()) + "/ws"; }

} // namespace

TEST_CASE("a coroutine connects, subscribes, sends and leaves") {
    running_node node;
    asio::io_context context(1);
    client::connection link(context, quick(ws_of(node)));
    bool finished = false;
    std::string heard;
    auto chat = [&]() -> asio::awaitable<void> {
        const client::connected server = co_await link.async_connect(asio::use_awaitable);
        CHECK(server.user == "ann");
        const client::subscribed where = co_await link.async_subscribe(
            "/topic/room", [&](const client::incoming_message& message) { heard += message.body; }, asio::use_awaitable);
        client::outgoing_message hello("/topic/room", "hello");
        const client::sent sent = co_await link.async_send(std::move(hello), asio::use_awaitable);
        CHECK_FALSE(sent.message_id.empty());
        co_await link.async_unsubscribe(where.id, asio::use_awaitable);
        co_await link.async_disconnect(asio::use_awaitable);
        finished = true;
    };
    asio::co_spawn(context, chat(), [](std::exception_ptr problem) { CHECK(problem == nullptr); });
    context.run(); // comes to its end by itself: nothing is left behind
    CHECK(finished);
    CHECK(heard == "hello");
}

TEST_CASE("a connection that goes away completes what waits, and calls no handler any more") {
    running_node node;
    asio::io_context context(1);
    int aborted = 0;
    int other = 0;
    const auto count = [&](error_code ec, const auto&...) { ++(ec == asio::error::operation_aborted ? aborted : other); };
    {
        client::connection link(context, quick(ws_of(node)));
        link.on_state([&](const client::state_change&) { ++other; });
        link.async_connect(count);
        link.async_send(client::outgoing_message("/topic/room", "x"), count);
        link.async_subscribe(
            "/topic/room", [&](const client::incoming_message&) { ++other; }, count);
    }
    context.run();
    CHECK(aborted == 3);
    CHECK(other == 0);
}

TEST_CASE("a connection may go away within a handler of its own") {
    running_node node;
    asio::io_context context(1);
    auto link = std::make_unique<client::connection>(context, quick(ws_of(node)));
    int heard = 0;
    link->async_connect([](error_code, const client::connected&) {});
    link->async_subscribe(
        "/topic/room",
        [&](const client::incoming_message&) {
            ++heard;
            link.reset();
        },
        [&](error_code, const client::subscribed&) {
            link->async_send(client::outgoing_message("/topic/room", "1"), [](error_code, const client::sent&) {});
            link->async_send(client::outgoing_message("/topic/room", "2"), [](error_code, const client::sent&) {});
        });
    context.run();
    CHECK(heard == 1);
}

TEST_CASE("a handler may unsubscribe, send and close") {
    running_node node;
    driven ann(quick(ws_of(node)));
    ann.connect();
    const auto where = ann.subscribe("/topic/room");
    bool gone = false;
    ann.on_message = [&](const client::incoming_message&) {
        ann.link.async_send(client::outgoing_message("/topic/room", "echo"), [](error_code, const client::sent&) {});
        ann.link.async_unsubscribe(where.id, [&](error_code ec) { gone = !ec; });
    };
    ann.send("/topic/room", "1");
    ann.send("/topic/room", "2");
    CHECK(ann.run_until([&] { return gone; }));
    CHECK(ann.bodies == std::vector<std::string>{"1"});
    ann.link.close();
    CHECK(ann.run_until([&] { return ann.states.back().what == client::state_change::kind::stopped; }));
}

TEST_CASE("a message whose handler throws comes again, and the exception leaves run()") {
    running_node node;
    driven ann(quick(ws_of(node)));
    ann.connect();
    ann.subscribe("/topic/room");
    int calls = 0;
    ann.on_message = [&](const client::incoming_message& message) {
        if (message.body == "2" && ++calls == 1) throw std::runtime_error("not today");
    };
    int thrown = 0;
    const auto run_through = [&](std::size_t wanted) {
        while (ann.bodies.size() < wanted) {
            try {
                if (!ann.run_until([&] { return ann.bodies.size() >= wanted; })) break;
            } catch (const std::runtime_error&) {
                ++thrown;
            }
        }
    };
    int sent = 0;
    for (const char* const body : {"1", "2", "3"})
        ann.link.async_send(client::outgoing_message("/topic/room", body), [&](error_code ec, const client::sent&) { sent += !ec; });
    run_through(4);
    CHECK(thrown == 1);
    CHECK(ann.bodies == std::vector<std::string>{"1", "2", "2", "3"});
    CHECK(ann.losses() == 1);
}

TEST_CASE("what waits can be cancelled") {
    running_node node;
    asio::io_context context(1);
    client::connection link(context, quick(std::string("stomp://127.0.0.1:1")));
    asio::cancellation_signal send;
    asio::cancellation_signal subscribe;
    asio::cancellation_signal connect;
    std::vector<std::string> aborted;
    const auto note = [&](const char* what) {
        return [&aborted, what](error_code ec, const auto&) {
            CHECK(ec == asio::error::operation_aborted);
            aborted.emplace_back(what);
        };
    };
    link.async_connect(asio::bind_cancellation_slot(connect.slot(), note("connect")));
    link.async_send(client::outgoing_message("/topic/room", "x"), asio::bind_cancellation_slot(send.slot(), note("send")));
    link.async_subscribe(
        "/topic/room", [](const client::incoming_message&) {}, asio::bind_cancellation_slot(subscribe.slot(), note("subscribe")));
    CHECK(link.outbox_messages() == 1);
    send.emit(asio::cancellation_type::terminal);
    CHECK(link.outbox_messages() == 0);
    send.emit(asio::cancellation_type::terminal);
    subscribe.emit(asio::cancellation_type::partial); // not what it supports
    subscribe.emit(asio::cancellation_type::terminal);
    connect.emit(asio::cancellation_type::terminal);
    context.run();
    CHECK(aborted == std::vector<std::string>{"send", "subscribe", "connect"});
    CHECK_FALSE(link.online());
}

TEST_CASE("a full outbox is told, and has room again when answers come") {
    running_node node;
    client::connection_options options = quick(ws_of(node));
    options.outbox_messages = 2;
    driven ann(std::move(options));
    int answered = 0;
    int full = 0;
    for (int i = 0; i != 3; ++i) {
        ann.link.async_send(client::outgoing_message("/topic/room", "x"), [&](error_code ec, const client::sent&) {
            answered += !ec;
            full += ec == error::outbox_full;
        });
    }
    CHECK(ann.run_until([&] { return full == 1; }));
    ann.connect();
    CHECK(ann.run_until([&] { return answered == 2; }));
    ann.send("/topic/room", "x");
}

TEST_CASE("a transaction is published by its commit") {
    running_node node;
    driven ann(quick(ws_of(node)));
    ann.connect();
    ann.subscribe("/topic/room");
    const auto dropped = ann.link.begin();
    REQUIRE(dropped);
    CHECK_FALSE(ann.link.send_in(*dropped, client::outgoing_message("/topic/room", "dropped")));
    CHECK_FALSE(ann.link.abort(*dropped));
    const auto kept = ann.link.begin();
    REQUIRE(kept);
    for (const char* const body : {"1", "2"}) CHECK_FALSE(ann.link.send_in(*kept, client::outgoing_message("/topic/room", body)));
    ann.send("/topic/room", "0");
    const auto committed = ann.result_of<std::string>([&](auto done) { ann.link.async_commit(*kept, std::move(done)); });
    CHECK_FALSE(committed.ec);
    ann.expect({"0", "1", "2"});
    CHECK(ann.result_of<std::string>([&](auto done) { ann.link.async_commit(*kept, std::move(done)); }).ec == error::unknown_transaction);
}

TEST_CASE("a future waits on another thread") {
    running_node node;
    asio::io_context context(1);
    client::connection link(context, quick(ws_of(node)));
    auto connected = link.async_connect(asio::use_future);
    std::thread runner([&] { context.run(); });
    CHECK(connected.get().version == "1.2");
    asio::post(context, [&] { link.close(); });
    runner.join();
}
