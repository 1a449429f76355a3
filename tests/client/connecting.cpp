// Boost Software License 1.0, see LICENSE

#include "driving.hpp"

#include <node/running_node.hpp>

using namespace client_test;
using namespace node_test;
using stompchat::condition;
using stompchat::error;

namespace {

std::string url(std::string_view scheme, const endpoint& at, std::string_view path = {}, std::string_view host = "127.0.0.1") {
    return std::string(scheme) + "://" + std::string(host) + ':' + std::to_string(at.port()) + std::string(path);
}

void chat(client::connection_options options) {
    driven ann(std::move(options));
    const client::connected server = ann.connect();
    CHECK(server.version == "1.2");
    CHECK(server.user == "ann");
    CHECK_FALSE(server.session.empty());
    const client::subscribed where = ann.subscribe("/topic/room");
    CHECK_FALSE(where.position.empty());
    CHECK(where.history == 0u);
    CHECK_FALSE(where.recovered.has_value());
    const client::sent first = ann.send("/topic/room", "hello");
    CHECK_FALSE(first.message_id.empty());
    std::string binary("\0\xFF octets", 9);
    ann.send("/topic/room", binary, {{"content-type", "application/octet-stream"}});
    ann.expect({"hello", binary});
    CHECK(ann.ids[0] == first.message_id);
    CHECK(ann.disconnect() == error_code());
    CHECK(ann.try_send("/topic/room", "late").ec == error::stopped);
}

} // namespace

TEST_CASE("a client chats over ws and stomp") {
    running_node node;
    chat(quick(url("ws", node.ws, "/ws")));
    chat(quick(url("stomp", node.tcp)));
    CHECK(eventually([&] { return node.watcher.gone().size() == 2; }));
    for (const auto& end : node.watcher.gone()) CHECK(end.reason == error_code());
}

TEST_CASE("a client chats over wss and stomp+ssl with a server whose certificate it trusts") {
    setup how;
    how.tls = true;
    running_node node(how);
    for (const std::string& to : {url("wss", node.ws, "/ws", "localhost"), url("stomp+ssl", node.tcp)}) {
        client::connection_options options = quick(to);
        options.tls.ca_file = authority_file();
        chat(std::move(options));
    }
}

TEST_CASE("a certificate that nobody trusts, or for another name, ends the attempt for good") {
    setup how;
    how.tls = true;
    {
        running_node node(how);
        driven stranger(quick(url("wss", node.ws, "/ws")));
        const auto got = stranger.try_connect();
        CHECK(got.ec == error::tls_untrusted_certificate);
        CHECK(got.ec == condition::unauthorized);
    }
    how.host = "127.0.0.2"; // an address of this machine that is not in the certificate
    running_node node(how);
    client::connection_options options = quick(url("wss", node.ws, "/ws", "127.0.0.2"));
    options.tls.ca_file = authority_file();
    {
        driven ann(options);
        CHECK(ann.try_connect().ec == error::tls_untrusted_certificate);
    }
    options.tls.verify = false;
    driven careless(options);
    careless.connect();
}

TEST_CASE("a refused login is told with the server's words, and not repeated") {
    running_node node;
    int asked = 0;
    node.authentication.script = [&](stompchat::credentials, login_done done) {
        ++asked;
        done(error::not_authenticated, {});
    };
    for (const std::string& to : {url("ws", node.ws, "/ws"), url("stomp", node.tcp)}) {
        asked = 0;
        driven ann(quick(to));
        const auto got = ann.try_connect();
        CHECK(got.ec == error::not_authenticated);
        CHECK_FALSE(got.value.reason.empty());
        CHECK(asked == 1);
        CHECK(ann.states.back().what == client::state_change::kind::stopped);
        CHECK(ann.try_connect().ec == error::stopped);
    }
}
