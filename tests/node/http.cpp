// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

using namespace node_test;
using namespace std::string_literals;

namespace {

const std::string upgrade_lines = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

std::string get(std::string_view target, const std::string& more = {}, std::string_view method = "GET") {
    return std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n";
}

// Writes, then reads to the end of the stream.
std::string talk(const endpoint& server, const std::string& request) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    socket.connect(server);
    boost::asio::write(socket, boost::asio::buffer(request));
    std::string answer;
    stompchat::error_code ec;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), ec);
    return answer;
}

std::string once(const endpoint& server, std::string_view target, std::string_view method = "GET") {
    return talk(server, get(target, "Connection: close\r\n", method));
}

} // namespace

TEST_CASE("the upgrade chooses the highest subprotocol that both sides know, and none that was not offered") {
    running_node node;
    const std::pair<const char*, const char*> samples[] = {{"v10.stomp, v11.stomp, v12.stomp", "v12.stomp"},
                                                           {"v10.stomp,v11.stomp", "v11.stomp"},
                                                           {"mqtt, v10.stomp", "v10.stomp"},
                                                           {"mqtt", ""},
                                                           {"", ""}};
    for (const auto& sample : samples) {
        const char* const offered = sample.first;
        const char* const chosen = sample.second;
        CAPTURE(offered);
        client_options how;
        how.subprotocols = offered;
        stomp_client client(node.ws, how);
        const std::string& answer = client.upgrade_answer();
        CHECK(answer.starts_with("HTTP/1.1 101 "));
        CHECK(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
        if (*chosen == '\0')
            CHECK(answer.find("Sec-WebSocket-Protocol") == std::string::npos);
        else
            CHECK(answer.find("Sec-WebSocket-Protocol: "s + chosen + "\r\n") != std::string::npos);
        // Whatever was chosen, the frame CONNECT decides.
        client.connect({}, "1.1");
    }
}

TEST_CASE("a page of another origin may not connect, unless it is on the list; what is no browser may") {
    setup how;
    const auto status = [](running_node& node, const std::string& origin) {
        client_options client;
        if (!origin.empty()) client.more = {{"Origin", origin}};
        return stomp_client(node.ws, client).upgrade_answer().substr(9, 3);
    };
    {
        running_node node(how);
        CHECK(status(node, "") == "101");
        CHECK(status(node, "http://127.0.0.1:" + std::to_string(node.ws.port())) == "101");
        CHECK(status(node, "http://evil.example") == "403");
        CHECK(status(node, "http://127.0.0.1:1") == "403");
        CHECK(status(node, "null") == "403");
    }
    how.options.allowed_origins = {"https://chat.example"};
    {
        running_node node(how);
        CHECK(status(node, "https://chat.example") == "101");
        CHECK(status(node, "https://CHAT.example") == "101");
        CHECK(status(node, "http://chat.example") == "403");
        CHECK(status(node, "https://chat.example.evil") == "403");
        CHECK(status(node, "http://127.0.0.1:" + std::to_string(node.ws.port())) == "403");
        CHECK(status(node, "") == "101");
    }
    how.options.allowed_origins = {"*"};
    running_node node(how);
    CHECK(status(node, "http://evil.example") == "101");
}

TEST_CASE("other paths are ordinary pages: health, readiness and what the embedder serves") {
    setup how;
    how.options.http = [](const stompchat::http_request& request) {
        stompchat::http_response answer(
            request.target == "/" ? 200 : 404, "text/html",
            std::make_shared<const std::string>(std::string(request.method) + " by " + std::string(request.remote_address)));
        return answer;
    };
    running_node node(how);
    CHECK(once(node.ws, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(once(node.ws, "/healthz?x").ends_with("\r\n\r\nok\n"));
    CHECK(once(node.ws, "/readyz").starts_with("HTTP/1.1 200 OK\r\n"));
    node.log.inject_available(false);
    REQUIRE(eventually([&] { return once(node.ws, "/readyz").starts_with("HTTP/1.1 503 "); }));
    CHECK(once(node.ws, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    node.log.inject_available(true);
    REQUIRE(eventually([&] { return once(node.ws, "/readyz").starts_with("HTTP/1.1 200 "); }));
    CHECK(once(node.ws, "/").ends_with("\r\n\r\nGET by 127.0.0.1"));
    CHECK(once(node.ws, "/", "HEAD").ends_with("\r\n\r\n"));
    CHECK(once(node.ws, "/", "HEAD").find("Content-Length: 17\r\n") != std::string::npos);
    CHECK(once(node.ws, "/absent").starts_with("HTTP/1.1 404 Not Found\r\n"));
    CHECK(once(node.ws, "/", "POST").starts_with("HTTP/1.1 405 "));
}

TEST_CASE("an embedder may do without the health pages") {
    setup how;
    how.options.health_endpoints = false;
    running_node node(how);
    CHECK(once(node.ws, "/healthz").starts_with("HTTP/1.1 404 "));
}

TEST_CASE("a connection is kept for the next request, also for the upgrade") {
    running_node node;
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    socket.connect(node.ws);
    std::string in;
    const auto read_to = [&](std::string_view end) {
        char octets[1000];
        while (in.find(end) == std::string::npos) in.append(octets, socket.read_some(boost::asio::buffer(octets)));
        in.clear();
    };
    for (int i = 0; i != 3; ++i) {
        boost::asio::write(socket, boost::asio::buffer(get("/healthz")));
        read_to("\r\n\r\nok\n");
    }
    boost::asio::write(socket, boost::asio::buffer(get("/ws", upgrade_lines)));
    read_to("HTTP/1.1 101 ");
}

TEST_CASE("what is no upgrade is told what is missing") {
    running_node node;
    const std::string whole =
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const auto without = [&](const std::string& line, const std::string& instead = {}) {
        std::string rest = upgrade_lines;
        rest.replace(rest.find(line), rest.find("\r\n", rest.find(line)) + 2 - rest.find(line), instead);
        return talk(node.ws, get("/ws", rest)).substr(9, 3);
    };
    CHECK(without("Upgrade:") == "426");
    CHECK(without("Connection:") == "400");
    CHECK(without("Sec-WebSocket-Version") == "426");
    CHECK(without("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8\r\n") == "426");
    CHECK(without("Sec-WebSocket-Key") == "400");
    CHECK(without("Sec-WebSocket-Key", "Sec-WebSocket-Key: short\r\n") == "400");
    CHECK(talk(node.ws, get("/ws", upgrade_lines, "POST")).starts_with("HTTP/1.1 405 "));
    CHECK(talk(node.ws, get("/ws", upgrade_lines + "Content-Length: 3\r\n")).starts_with("HTTP/1.1 400 "));
    CHECK(talk(node.ws, "CONNECT\naccept-version:1.2\n\n\0"s).starts_with("HTTP/1.1 400 "));
    CHECK(talk(node.ws, get("/", "X: " + std::string(20'000, 'x') + "\r\n")).starts_with("HTTP/1.1 431 "));
}

TEST_CASE("frames may come in one piece with the upgrade request") {
    running_node node;
    // One masked text message with CONNECT and what follows; the key is zero.
    const std::string frames = "CONNECT\naccept-version:1.2\nhost:x\n\n\0SEND\ndestination:/queue/x\n\n\0"s;
    const std::string message = "\x81"s + static_cast<char>(0x80 | frames.size()) + "\0\0\0\0"s + frames;
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    socket.connect(node.ws);
    boost::asio::write(socket, boost::asio::buffer(get("/ws", upgrade_lines) + message));
    std::string in;
    char octets[1000];
    while (in.find("ERROR\n") == std::string::npos) in.append(octets, socket.read_some(boost::asio::buffer(octets)));
    CHECK(in.starts_with("HTTP/1.1 101 "));
    CHECK(in.find("CONNECTED\n") != std::string::npos);
}

TEST_CASE("a cookie and an authorization of the upgrade request reach the authenticator") {
    running_node node;
    node.authentication.script = [](stompchat::credentials shown, login_done done) {
        stompchat::identity who(shown.cookie + '|' + shown.authorization.value_or("none") + '|' + shown.host + '|' + shown.remote_address);
        done({}, std::move(who));
    };
    client_options how;
    how.more = {{"Cookie", "c=1"}, {"Authorization", "Bearer up"}};
    stomp_client client(node.ws, how);
    CHECK(client.connect()["user-name"] == "c=1|Bearer up|test|127.0.0.1");
    stomp_client again(node.ws, how);
    CHECK(again.connect({{"authorization", "Bearer frame"}})["user-name"] == "c=1|Bearer frame|test|127.0.0.1");
    stomp_client plain(node.tcp, over_tcp());
    CHECK(plain.connect()["user-name"] == "|none|test|127.0.0.1");
}
