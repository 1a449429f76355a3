// Boost Software License 1.0, see LICENSE

// Opening handshakes that are wrong, strange or slow, over a real socket.

#include <websocket/both_servers.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace websocket_test;
using namespace std::literals; // for texts with a NUL inside

struct request {
    std::string name;
    std::string octets;
    unsigned status;
    /// A line that the answer's head has.
    std::string line = {};
    enum {
        ends,    ///< the connection ends with a refusal
        at_once, ///< the same, but only at once: in small pieces Beast sees it no earlier than the head's end, which may be the time limit
        goes_on, ///< plain HTTP, which the node answers and the echo server does not have: other requests may follow
    } then = ends;
};

std::string with(std::string_view more, std::initializer_list<std::string_view> without = {}) {
    return upgrade_request("/ws", more, without);
}

std::string begins_with(std::string_view request_line) {
    const std::string request = upgrade_request("/ws");
    return std::string(request_line) + request.substr(request.find("\r\n"));
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i != times; ++i) all += text;
    return all;
}

void check_answer(const request& one, raw_peer& peer) {
    const seen_answer answer = peer.read_answer();
    CHECK(answer.status == one.status);
    CHECK_MESSAGE((one.line.empty() || answer.has(one.line)), answer.head);
    if (one.status == 101) {
        CHECK(answer.has("Upgrade: websocket"));
        CHECK(answer.has("Connection: Upgrade"));
        CHECK(answer.has("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        // The connection works: a ping is answered.
        REQUIRE(peer.send(client_frame(0x89, "ping")));
        CHECK(peer.read_frame().payload == "ping");
        return;
    }
    if (one.then == request::goes_on) {
        CHECK(answer.has("Connection: keep-alive"));
        REQUIRE(peer.send(with("")));
        return check_answer({"behind it", "", 101}, peer);
    }
    // No frame is taken any more, and the connection ends.
    CHECK(answer.has(one.status == 426 ? "Connection: Upgrade, close" : "Connection: close"));
    CHECK(peer.read_to_end());
    CHECK(peer.received().empty());
}

// Each request gets its answer in time, whether it comes at once or drips in, while others are served.
void check_requests(const std::vector<request>& requests) {
    for_each_server([&](server_under_test& server) {
        for (const request& one : requests) {
            if (one.then == request::goes_on && !server.is_node) continue;
            CAPTURE(one.name);
            for (const bool dripping : {false, true}) {
                if (dripping && (one.then == request::at_once || one.octets.size() > 1000)) continue;
                CAPTURE(dripping);
                raw_peer peer(server.port);
                if (dripping)
                    peer.drip(one.octets, std::chrono::microseconds(20));
                else
                    peer.send(one.octets);
                check_answer(one, peer);
            }
            server.check_serves_others();
        }
    });
}

} // namespace

TEST_CASE("a good handshake is answered, in every form that it may have") {
    check_requests({
        {"plain", with(""), 101},
        {"names and tokens in other cases",
         with("HOST: x\r\nuPGRADE: WebSocket\r\nCONNECTION: uPGRADE\r\n", {"Host", "Upgrade", "Connection"}), 101},
        {"Connection is a list", with("Connection: keep-alive, Upgrade\r\n", {"Connection"}), 101},
        {"Connection is on two lines", with("Connection: keep-alive\r\nConnection: Upgrade\r\n", {"Connection"}), 101},
        {"Upgrade is a list", with("Upgrade: h2c, websocket\r\n", {"Upgrade"}), 101},
        {"Upgrade is on two lines", with("Upgrade: h2c\r\nUpgrade: websocket\r\n", {"Upgrade"}), 101},
        {"an absolute target", begins_with("GET http://server.example.com/ws HTTP/1.1"), 101},
        {"an absolute target with port and query", begins_with("GET http://server.example.com:80/ws?a=http://b/ HTTP/1.1"), 101},
        {"a query", begins_with("GET /ws?token=a/b HTTP/1.1"), 101},
        {"white space around values", with("Sec-WebSocket-Version: \t13 \t\r\n", {"Sec-WebSocket-Version"}), 101},
        // RFC 9112, 5.2, leaves it to the server to refuse folded lines or to read them as white space.
        {"a folded line", with("X-Folded: one\r\n two\r\n\tthree\r\n"), 101},
        {"extensions, of which none is taken", with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"), 101},
        {"an allowed origin", with("Origin: https://chat.example\r\n"), 101},
        {"an origin in another case", with("Origin: HTTPS://Chat.Example\r\n"), 101},
        {"a body of nothing", with("Content-Length: 0\r\n"), 101},
        {"just below the limit", with("X-Long: " + std::string(16000, 'x') + "\r\n"), 101},
    });
}

TEST_CASE("an extension that is offered is not answered, a subprotocol of STOMP is chosen by the node only when offered") {
    for_each_server([](server_under_test& server) {
        const auto answer_to = [&server](std::string_view more) {
            raw_peer peer(server.port);
            REQUIRE(peer.send(with(more)));
            const seen_answer answer = peer.read_answer();
            CHECK(answer.status == 101);
            CHECK(answer.head.find("Sec-WebSocket-Extensions") == std::string::npos);
            return answer;
        };
        const auto has_protocol = [](const seen_answer& answer) { return answer.head.find("Sec-WebSocket-Protocol") != std::string::npos; };
        CHECK_FALSE(has_protocol(answer_to("Sec-WebSocket-Extensions: permessage-deflate\r\n")));
        CHECK_FALSE(has_protocol(answer_to("Sec-WebSocket-Protocol: mqtt, wamp\r\n")));
        const seen_answer chosen = answer_to("Sec-WebSocket-Protocol: v10.stomp, v11.stomp\r\nSec-WebSocket-Protocol: v12.stomp\r\n");
        CHECK(has_protocol(chosen) == server.is_node);
        if (server.is_node) CHECK(chosen.has("Sec-WebSocket-Protocol: v12.stomp"));
    });
}

TEST_CASE("a wrong method, version or kind of request is refused") {
    check_requests({
        {"POST", begins_with("POST /ws HTTP/1.1"), 405, "Allow: GET"},
        {"HEAD", begins_with("HEAD /ws HTTP/1.1"), 405, "Allow: GET"},
        {"CONNECT", begins_with("CONNECT server.example.com:80 HTTP/1.1"), 405, "Allow: GET, HEAD", request::goes_on},
        {"a method that nobody knows", begins_with("BREW /ws HTTP/1.1"), 405, "Allow: GET"},
        {"HTTP/1.0", begins_with("GET /ws HTTP/1.0"), 400},
        {"HTTP/2.0", begins_with("GET /ws HTTP/2.0"), 400},
        {"HTTP/0.9", "GET /ws\r\n\r\n", 400},
        {"a small letter in HTTP", begins_with("GET /ws http/1.1"), 400},
        {"two spaces", begins_with("GET  /ws HTTP/1.1"), 400},
        {"no Upgrade", with("", {"Upgrade"}), 426, "Upgrade: websocket"},
        {"no Upgrade, Connection says so", with("", {"Upgrade"}), 426, "Connection: Upgrade, close"},
        {"another Upgrade", with("Upgrade: h2c\r\n", {"Upgrade"}), 426, "Upgrade: websocket"},
        {"a longer word", with("Upgrade: websockets\r\n", {"Upgrade"}), 426, "Upgrade: websocket"},
        {"no Connection", with("", {"Connection"}), 400},
        {"another Connection", with("Connection: keep-alive\r\n", {"Connection"}), 400},
        {"no version", with("", {"Sec-WebSocket-Version"}), 426, "Sec-WebSocket-Version: 13"},
        {"version 8", with("Sec-WebSocket-Version: 8\r\n", {"Sec-WebSocket-Version"}), 426, "Sec-WebSocket-Version: 13"},
        {"version 13, 8", with("Sec-WebSocket-Version: 13, 8\r\n", {"Sec-WebSocket-Version"}), 426, "Sec-WebSocket-Version: 13"},
        {"version 013", with("Sec-WebSocket-Version: 013\r\n", {"Sec-WebSocket-Version"}), 426, "Sec-WebSocket-Version: 13"},
        {"two versions", with("Sec-WebSocket-Version: 8\r\n"), 426, "Sec-WebSocket-Version: 13"},
        {"the wrong version says Upgrade", with("", {"Sec-WebSocket-Version"}), 426, "Upgrade: websocket"},
        {"another target", begins_with("GET /elsewhere HTTP/1.1"), 404, "", request::goes_on},
        {"a longer target", begins_with("GET /ws/more HTTP/1.1"), 404, "", request::goes_on},
        {"another target, absolute", begins_with("GET http://server.example.com/ HTTP/1.1"), 404, "", request::goes_on},
        {"an absolute target without a path", begins_with("GET http://server.example.com HTTP/1.1"), 404, "", request::goes_on},
        {"the path in the query", begins_with("GET /?/ws HTTP/1.1"), 404, "", request::goes_on},
        {"POST elsewhere", begins_with("POST /elsewhere HTTP/1.1"), 405, "Allow: GET, HEAD", request::goes_on},
    });
}

TEST_CASE("a bad key is refused, and so are several") {
    const auto key = [](std::string_view value) {
        return with("Sec-WebSocket-Key: " + std::string(value) + "\r\n", {"Sec-WebSocket-Key"});
    };
    check_requests({
        {"none", with("", {"Sec-WebSocket-Key"}), 400},
        {"empty", key(""), 400},
        {"15 octets", key("AAAAAAAAAAAAAAAAAAAA"), 400},
        {"17 octets", key("AAAAAAAAAAAAAAAAAAAAAAA="), 400},
        {"without padding", key("dGhlIHNhbXBsZSBub25jZQ"), 400},
        {"not base64", key("dGhlIHNhbXBsZSBub25j*Q=="), 400},
        {"a space inside", key("dGhlIHNhbXBsZSBu 25jZQ=="), 400},
        {"a comma list", key("dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="), 400},
        {"twice", with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400},
        {"very long", key(std::string(5000, 'A')), 400},
    });
}

TEST_CASE("a request for nobody, with a body, or from a foreign page is refused") {
    check_requests({
        {"no Host", with("", {"Host"}), 400},
        {"empty Host", with("Host:\r\n", {"Host"}), 400},
        {"two Hosts", with("Host: other.example\r\n"), 400},
        {"no Host, elsewhere", "GET /elsewhere HTTP/1.1\r\n\r\n", 400},
        {"two Hosts, elsewhere", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"a body", with("Content-Length: 5\r\n") + "hello", 400},
        {"chunks", with("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n", 400},
        {"a body without end", with("Content-Length: 99999999999999999999999\r\n"), 400},
        {"two lengths", with("Content-Length: 0\r\nContent-Length: 5\r\n"), 400},
        {"another origin", with("Origin: https://evil.example\r\n"), 403},
        {"another scheme", with("Origin: http://chat.example\r\n"), 403},
        {"no origin's name", with("Origin: null\r\n"), 403},
        {"an empty origin", with("Origin:\r\n"), 403},
        {"the allowed origin as a part", with("Origin: https://chat.example.evil.example\r\n"), 403},
    });
}

TEST_CASE("what is no HTTP is refused, and nothing is passed over in silence") {
    check_requests({
        {"NUL in a value", with("X: a\0b\r\n"sv), 400},
        {"NUL in a name", with("X\0: a\r\n"sv), 400},
        {"NUL in the target", begins_with("GET /w\0s HTTP/1.1"sv), 400},
        {"a control octet in a value",
         with("X: a\x01"
              "b\r\n"),
         400},
        {"a bare CR", with("X: a\rb\r\n"), 400},
        {"a bare LF", "GET /ws HTTP/1.1\nHost: x\n\n", 400, "", request::at_once},
        {"a space before the colon", with("X-Space : a\r\n"), 400},
        {"no colon", with("nonsense\r\n"), 400},
        {"an empty name", with(": a\r\n"), 400},
        {"a first line that is folded", "GET /ws HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        {"frames without a handshake", client_frame(0x81, "hello") + client_frame(0x88), 400},
        {"TLS", octets({0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03}) + std::string(506, 'x'), 400},
        {"STOMP", "CONNECT\naccept-version:1.2\nhost:x\n\n\0"s, 400, "", request::at_once},
        {"an empty line first", "\r\n" + with(""), 400},
    });
}

TEST_CASE("a head above 16 KiB is refused with 431, whatever it is made of") {
    check_requests({
        {"one long value", with("X-Long: " + std::string(17000, 'x') + "\r\n"), 431},
        {"one long name", with(std::string(17000, 'x') + ": 1\r\n"), 431},
        {"a long target", begins_with("GET /ws?" + std::string(17000, 'x') + " HTTP/1.1"), 431},
        {"many headers", with(repeated("X: 1\r\n", 3000)), 431},
        {"a folded line without end", with("X: 1\r\n" + repeated(" x\r\n", 5000)), 431},
        {"a method without end", std::string(17000, 'G'), 431},
        {"a value without end", "GET /ws HTTP/1.1\r\nX: " + std::string(1000000, 'x'), 431},
    });
}

TEST_CASE("frames behind a good request are taken, whatever cuts it; behind a refused one nothing is") {
    for_each_server([](server_under_test& server) {
        const std::string behind = client_frame(0x89, "early") + close_frame(4000);
        const std::string good = with("") + behind;
        for (std::size_t cut = 0; cut <= good.size(); cut += cut < good.size() - behind.size() - 6 ? 13 : 1) {
            CAPTURE(cut);
            raw_peer peer(server.port);
            peer.send(std::string_view(good).substr(0, cut));
            std::this_thread::sleep_for(std::chrono::microseconds(300));
            peer.send(std::string_view(good).substr(cut));
            CHECK(peer.read_answer().status == 101);
            CHECK(peer.read_frame().payload == "early");
            const seen_frame close = peer.read_frame();
            CHECK(close.first == 0x88);
            CHECK(close.payload.substr(0, 2) == big_endian(4000, 2));
            CHECK(peer.read_to_end());
        }
        // An offence that comes with the request is answered like any other, behind the 101.
        raw_peer offender(server.port);
        offender.send(with("") + raw_frame{0x81, "hello", false}.text() + std::string(5000, '\xff'));
        CHECK(offender.read_answer().status == 101);
        CHECK(offender.read_to_end());
        const auto frames = offender.take_frames();
        REQUIRE(!frames.empty());
        CHECK(frames.back().first == 0x88);
        CHECK(frames.back().payload.substr(0, 2) == big_endian(1002, 2));

        raw_peer refused(server.port);
        refused.send(with("Origin: https://evil.example\r\n") + behind + with(""));
        CHECK(refused.read_answer().status == 403);
        CHECK(refused.read_to_end());
        CHECK(refused.received().empty());
        server.check_serves_others();
    });
}
