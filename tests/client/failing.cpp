// Boost Software License 1.0, see LICENSE

#include "driving.hpp"

#include <node/running_node.hpp>

#include <boost/asio/write.hpp>
#include <support/cutting_proxy.hpp>

using namespace client_test;
using namespace node_test;
using stompchat::condition;
using stompchat::error;

namespace {

std::string ws_of(const running_node& node, std::string_view path = "/ws") {
    return "ws://127.0.0.1:" + std::to_string(node.ws.port()) + std::string(path);
}

/// A server that says the same to everyone, whatever they say, and then hears no more.
class talking_server {
public:
    using tcp = boost::asio::ip::tcp;

    talking_server(boost::asio::io_context& context, std::string words)
        : acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}), words_(std::move(words)) {
        accept();
    }
    std::string url(std::string_view scheme) const {
        return std::string(scheme) + "://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    int accepted = 0;

private:
    void accept() {
        acceptor_.async_accept([this](auto ec, tcp::socket socket) {
            if (ec) return;
            ++accepted;
            boost::system::error_code ignored;
            boost::asio::write(socket, boost::asio::buffer(words_), ignored);
            sockets_.push_back(std::move(socket));
            accept();
        });
    }

    tcp::acceptor acceptor_;
    std::string words_;
    std::vector<tcp::socket> sockets_;
};

} // namespace

TEST_CASE("a server that talks nonsense is left and tried again, whatever it says") {
    const std::string nul(1, '\0');
    struct talk {
        const char* scheme;
        std::string words;
        error_code why;
    };
    const talk talks[] = {
        {"stomp", "HTTP/1.1 400 Bad Request\r\n\r\n" + nul, error::bad_command},
        {"stomp", "MESSAGE\ndestination:/topic/a\n\n" + nul, error::not_connected},
        {"stomp", "CONNECTED\nversion:3.0\n\n" + nul, error::no_common_version},
        {"stomp", "CONNECTED\nversion:1.2\n\n" + nul + "CONNECTED\nversion:1.2\n\n" + nul, error::already_connected},
        {"stomp", std::string(100'000, 'x'), error::header_line_too_long},
        {"stomp", "CONNECTED\nversion:1.2\n" + std::string(100'000, 'x'), error::header_line_too_long},
        {"ws", "SSH-2.0-OpenSSH_9.2\r\n", error::websocket_bad_handshake},
        {"ws", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", error::websocket_bad_handshake},
        {"ws", "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", error::websocket_bad_handshake},
        {"wss", "HTTP/1.1 400 Bad Request\r\n\r\n", error_code()},
    };
    for (const talk& one : talks) {
        CAPTURE(one.words.substr(0, 60));
        driven ann(quick(std::string("stomp://127.0.0.1:1")));
        talking_server server(ann.context, one.words);
        client::connection_options options = quick(server.url(one.scheme));
        options.attempts = 3;
        ann.link = client::connection(ann.context, std::move(options));
        ann.link.on_state([&](const client::state_change& change) { ann.states.push_back(change); });
        ann.link.async_connect([](error_code, const client::connected&) {});
        // A connection may have been established for a moment, and is lost then.
        REQUIRE(ann.run_until([&] { return !ann.states.empty() && ann.states.back().what != client::state_change::kind::connected; }));
        CHECK(ann.states.back().ec);
        if (one.why) CHECK(ann.states.back().ec == one.why);
        CHECK_FALSE(ann.states.back().text.empty());
        CHECK(server.accepted == 1);
    }
}

TEST_CASE("whoever cannot be reached is told with a reason") {
    for (const char* const to : {"stomp://127.0.0.1:1", "ws://127.0.0.1:1/ws", "stomp://no-such-host.invalid:1"}) {
        client::connection_options options = quick(std::string(to));
        options.attempts = 2;
        driven ann(std::move(options));
        const auto got = ann.try_connect();
        CHECK(got.ec);
        CHECK_FALSE(got.value.reason.empty());
        CHECK(ann.losses() == 1);
    }
}

TEST_CASE("options that make no sense are told at once") {
    client::connection_options no_authority = quick(std::string("wss://127.0.0.1:1"));
    no_authority.tls.ca_file = "/no/such/file";
    for (const client::connection_options& options :
         {quick(std::vector<std::string>()), quick(std::string("http://chat.example")), no_authority}) {
        driven ann(options);
        const auto got = ann.try_connect();
        CHECK(got.ec);
        CHECK_FALSE(got.value.reason.empty());
        CHECK(ann.try_connect().ec);
        CHECK(ann.try_send("/topic/room", "x").ec == error::stopped);
    }
}

TEST_CASE("a path that the server does not have is told with the server's status") {
    running_node node;
    client::connection_options options = quick(ws_of(node, "/nowhere"));
    options.attempts = 1;
    driven ann(std::move(options));
    const auto got = ann.try_connect();
    CHECK(got.ec == error::websocket_bad_handshake);
    CHECK(got.value.reason.find("404") != std::string::npos);
}

TEST_CASE("a network that swallows everything is noticed by the heart-beats, and the client comes back") {
    running_node node;
    driven ann(quick(std::string("stomp://127.0.0.1:1")));
    support::cutting_proxy network(ann.context, node.ws.port());
    client::connection_options options = quick(network.ws());
    options.session.heart_beat_receive = std::chrono::milliseconds(100); // the node sends each second, so that counts
    options.connect_timeout = std::chrono::milliseconds(500);
    ann.link = client::connection(ann.context, std::move(options));
    ann.link.on_state([&](const client::state_change& change) { ann.states.push_back(change); });
    ann.connect();
    ann.subscribe("/topic/room");
    ann.send("/topic/room", "1");
    network.swallow = true;
    REQUIRE(ann.run_until([&] { return ann.losses() >= 1; }));
    CHECK(ann.states[1].ec == error::heart_beat_timeout);
    network.swallow = false;
    CHECK_FALSE(ann.send("/topic/room", "2").message_id.empty());
    ann.expect({"1", "2"});
}

TEST_CASE("heart-beats keep a quiet connection alive on both sides") {
    setup how;
    how.options.session.heart_beat_send = how.options.session.heart_beat_receive = std::chrono::milliseconds(30);
    running_node node(how);
    client::connection_options options = quick(ws_of(node));
    options.session.heart_beat_send = options.session.heart_beat_receive = std::chrono::milliseconds(30);
    options.session.heart_beat_tolerance = 20; // for a machine that is busy otherwise
    driven ann(std::move(options));
    ann.connect();
    // Longer than the node's patience of three intervals.
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    ann.run_until([&] { return std::chrono::steady_clock::now() >= end; });
    CHECK(ann.losses() == 0);
    CHECK(ann.link.online());
}

TEST_CASE("a refused SEND or SUBSCRIBE is told with the server's reason, and the session goes on") {
    running_node node;
    node.authorization.script = [](const stompchat::identity&, stompchat::action, std::string_view where) {
        return where != "/topic/secret";
    };
    driven ann(quick(ws_of(node)));
    ann.connect();
    const auto send = ann.try_send("/topic/secret", "x");
    CHECK(send.ec == error::not_authorized);
    CHECK(send.ec == condition::unauthorized);
    CHECK_FALSE(send.value.reason.empty());
    const auto subscribe = ann.try_subscribe("/topic/secret");
    CHECK(subscribe.ec == error::not_authorized);
    CHECK_FALSE(subscribe.value.reason.empty());
    CHECK(ann.try_subscribe("/nowhere").ec == error::unknown_destination);
    CHECK(ann.try_send("/topic/" + std::string(300, 'x'), "").ec == error::refused_by_limit);
    CHECK(ann.losses() == 0);
    ann.send("/topic/room", "still there");
}

TEST_CASE("without soft errors a refusal costs the session, which comes back without what was refused") {
    running_node node;
    node.authorization.script = [](const stompchat::identity&, stompchat::action, std::string_view where) {
        return where != "/topic/secret";
    };
    client::connection_options options = quick("stomp://127.0.0.1:" + std::to_string(node.tcp.port()));
    options.soft_errors = false;
    driven ann(std::move(options));
    ann.connect();
    ann.subscribe("/topic/room");
    const auto send = ann.try_send("/topic/secret", "x");
    CHECK(send.ec == error::not_authorized);
    CHECK_FALSE(send.value.reason.empty());
    CHECK(ann.try_subscribe("/topic/secret").ec == error::not_authorized);
    ann.send("/topic/room", "still there");
    ann.expect({"still there"});
    CHECK(ann.losses() == 2);
}

TEST_CASE("a login that is refused after a reconnect ends the connection") {
    running_node node;
    std::atomic<bool> allowed = true;
    node.authentication.script = [&](stompchat::credentials, login_done done) {
        done(allowed ? error_code() : error_code(error::not_authenticated), stompchat::identity("ann"));
    };
    driven ann(quick(std::string("stomp://127.0.0.1:1")));
    support::cutting_proxy network(ann.context, node.ws.port());
    ann.link = client::connection(ann.context, quick(network.ws()));
    ann.link.on_state([&](const client::state_change& change) { ann.states.push_back(change); });
    ann.connect();
    ann.subscribe("/topic/room");
    allowed = false;
    network.cut();
    REQUIRE(ann.run_until([&] { return !ann.ended.empty(); }));
    CHECK(ann.ended[0].first == error::not_authenticated);
    CHECK(ann.states.back().what == client::state_change::kind::stopped);
    CHECK(ann.states.back().ec == error::not_authenticated);
}
