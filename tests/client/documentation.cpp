// Boost Software License 1.0, see LICENSE

// The code of docs/client.md, compiled and run. tests/package/snippets compares the two.

#include <node/running_node.hpp>
#include <stompchat/client/connection.hpp>
#include <support/run_until.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iostream>
#include <memory>
#include <sstream>

using namespace stompchat;
namespace asio = boost::asio;

namespace {

/// What is printed goes to a text, and chat.example is a node in this process.
struct stage {
    stage() {
        chat.async_subscribe(
            "/topic/lobby", [this](const client::incoming_message& message) { heard.emplace_back(message.body); },
            [](error_code ec, const client::subscribed&) { CHECK_FALSE(ec); });
    }
    ~stage() {
        std::cout.rdbuf(old_out);
        std::cerr.rdbuf(old_err);
    }
    bool run_until(const std::function<bool()>& reached) { return support::run_until(context, reached); }
    bool says(const std::string& text) {
        return run_until([&] { return printed.str().find(text) != std::string::npos; });
    }
    client::connection_options here() const {
        client::connection_options options("ws://127.0.0.1:" + std::to_string(node.ws.port()) + "/ws");
        options.login = "ann";
        return options;
    }

    node_test::running_node node;
    asio::io_context context{1};
    std::ostringstream printed;
    std::streambuf* old_out = std::cout.rdbuf(printed.rdbuf());
    std::streambuf* old_err = std::cerr.rdbuf(printed.rdbuf());
    client::connection chat{context, here()};
    std::vector<std::string> heard;
};

bool handle(std::string_view order) { return order != "bad"; }

void first_program(asio::io_context& context) {
    client::connection_options options("wss://chat.example/ws");
    options.login = "ann";
    options.passcode = "secret";
    client::connection chat(context, std::move(options));

    chat.async_connect([](error_code ec, const client::connected& server) {
        if (ec) std::cerr << "no connection: " << ec.message() << ": " << server.reason << '\n';
    });
    chat.async_subscribe(
        "/topic/lobby", [](const client::incoming_message& message) { std::cout << message.user << ": " << message.body << '\n'; },
        [](error_code ec, const client::subscribed& where) {
            if (ec) std::cerr << "not subscribed: " << where.reason << '\n';
        });
    chat.async_send(client::outgoing_message("/topic/lobby", "hello"), [](error_code ec, const client::sent& result) {
        std::cout << (ec ? "not sent: " + result.reason : "sent as " + result.message_id) << '\n';
    });
}

asio::awaitable<void> coroutine(client::connection& chat) {
    const client::connected server = co_await chat.async_connect(asio::use_awaitable);
    std::cout << "connected to " << server.url << " as " << server.user << '\n';
    client::outgoing_message hello("/topic/lobby", "hello"); // g++ 12: not inside the co_await
    const client::sent result = co_await chat.async_send(std::move(hello), asio::use_awaitable);
    std::cout << "sent as " << result.message_id << '\n';
    co_await chat.async_disconnect(asio::use_awaitable);
}

void several_nodes(asio::io_context& context) {
    client::connection_options options(std::vector<std::string>{"wss://a.chat.example/ws", "wss://b.chat.example/ws"});
    options.backoff.longest = std::chrono::seconds(10);
    client::connection chat(context, std::move(options));
    chat.on_state([](const client::state_change& change) {
        if (change.what == client::state_change::kind::lost) std::cerr << change.text << ", again in " << change.delay.count() << " ms\n";
    });

    client::subscription_handlers lobby([](const client::incoming_message& message) {
        if (message.gap)
            std::cerr << "messages were lost here\n";
        else
            std::cout << message.body << '\n';
    });
    lobby.resumed = [](const client::subscribed& where) {
        if (where.recovered != true) std::cerr << "messages may have been missed: fetch your state anew\n";
    };
    lobby.ended = [](error_code, const std::string& why) { std::cerr << "no more of the lobby: " << why << '\n'; };
    client::subscribe_options how;
    how.history = 20;
    chat.async_subscribe("/topic/lobby", how, lobby, [](error_code, const client::subscribed&) {});
}

void acknowledging(client::connection& chat) {
    client::subscribe_options how(stomp::ack_mode::client_individual);
    how.durable = "orders-worker";
    how.prefetch_count = 10;
    auto mine = std::make_shared<client::subscription_id>();
    client::subscription_handlers orders([&chat, mine](const client::incoming_message& message) {
        if (handle(message.body))
            chat.ack(*mine, message.id);
        else
            chat.nack(*mine, message.id);
    });
    chat.async_subscribe("/topic/orders", how, orders, [mine](error_code, const client::subscribed& where) { *mine = where.id; });
}

} // namespace

TEST_CASE("the programs of the documentation do what it says") {
    {
        stage one;
        // Not run: there is no chat.example here. They compile, and begin and end without a connection.
        first_program(one.context);
        several_nodes(one.context);
        support::run_ready(one.context);
    }
    {
        stage one;
        asio::co_spawn(one.context, coroutine(one.chat), [](std::exception_ptr problem) { CHECK(problem == nullptr); });
        CHECK(one.says(" as ann\n"));
        CHECK(one.says("sent as "));
        CHECK(one.heard == std::vector<std::string>{"hello"});
    }
    stage one;
    acknowledging(one.chat);
    one.chat.async_connect([](error_code ec, const client::connected&) { CHECK_FALSE(ec); });
    for (const char* const body : {"good", "bad"})
        one.chat.async_send(client::outgoing_message("/topic/orders", body), [](error_code ec, const client::sent&) { CHECK_FALSE(ec); });
    CHECK(one.run_until([&] { return one.chat.outbox_messages() == 0 && one.chat.online(); }));
}
