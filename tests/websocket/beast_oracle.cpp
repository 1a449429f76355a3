// Boost Software License 1.0, see LICENSE

// Beast's WebSocket as oracle, in both roles: its client against the echo server and a chat_node, its server against our framing as a
// client. Beast is in this one file of the tests: it takes long to compile.

#include <doctest/doctest.h>
#include <stompchat/websocket/frame.hpp>
#include <websocket/raw_peer.hpp>
#include <websocket/servers.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace websocket_test;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = stompchat::websocket;
using asio::ip::tcp;

/// A blocking Beast client that notes what comes between messages.
class beast_client {
public:
    beast_client(std::uint16_t port, const std::string& path, const std::string& subprotocols = {}) : stream_(context_) {
        stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
        stream_.next_layer().set_option(tcp::no_delay(true));
        // A test that would hang fails instead.
        const timeval limit{10, 0};
        ::setsockopt(stream_.next_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        stream_.read_message_max(64 * 1024 * 1024);
        stream_.control_callback([this](beast::websocket::frame_type kind, beast::string_view payload) {
            if (kind == beast::websocket::frame_type::pong) pongs.emplace_back(payload);
        });
        if (!subprotocols.empty()) {
            stream_.set_option(beast::websocket::stream_base::decorator([&subprotocols](beast::websocket::request_type& request) {
                request.set(beast::http::field::sec_websocket_protocol, subprotocols);
            }));
        }
        stream_.handshake(answer, "127.0.0.1:" + std::to_string(port), path);
    }

    void send(std::string_view message, bool text) {
        stream_.text(text);
        stream_.write(asio::buffer(message));
    }
    /// The message in fragments, of which any may be empty, with pings between.
    void send_fragments(std::string_view message, bool text, std::mt19937& random) {
        stream_.text(text);
        while (!message.empty()) {
            const std::size_t size = std::uniform_int_distribution<std::size_t>(0, message.size())(random);
            stream_.write_some(false, asio::buffer(message.substr(0, size)));
            message.remove_prefix(size);
            if (random() % 2 == 0) ping("between " + std::to_string(pings_sent_));
        }
        stream_.write_some(true, asio::buffer(message));
    }
    void ping(std::string payload) {
        payload.resize(std::min<std::size_t>(payload.size(), 125));
        stream_.ping(beast::websocket::ping_data(payload.data(), payload.size()));
        pings.push_back(std::move(payload));
        ++pings_sent_;
    }
    std::string read() {
        beast::flat_buffer buffer;
        stream_.read(buffer);
        return beast::buffers_to_string(buffer.data());
    }
    bool got_text() const { return stream_.got_text(); }
    /// Reads until the server closes, and tells with what.
    beast::websocket::close_reason read_close() {
        beast::flat_buffer buffer;
        beast::error_code ec;
        while (!ec) stream_.read(buffer, ec);
        CHECK(ec == beast::websocket::error::closed);
        return stream_.reason();
    }
    beast::websocket::close_reason close(std::uint16_t code, const std::string& reason) {
        stream_.close(beast::websocket::close_reason(static_cast<beast::websocket::close_code>(code), reason));
        return stream_.reason();
    }
    auto& stream() { return stream_; }

    beast::websocket::response_type answer;
    std::vector<std::string> pings, pongs;

private:
    asio::io_context context_;
    beast::websocket::stream<tcp::socket> stream_;
    std::size_t pings_sent_ = 0;
};

// UTF-8 of every length, cut at `size` octets and filled up, so that fragments end inside of code points.
std::string random_text(std::size_t size, std::mt19937& random) {
    static const std::string_view alphabet[] = {
        "a", "\x7f", "\n", "\0", "\xc3\xa4", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    std::string text;
    while (text.size() < size) {
        const std::string_view one = alphabet[random() % std::size(alphabet)];
        text += text.size() + one.size() <= size && !one.empty() ? one : std::string_view("x");
    }
    return text;
}

std::string random_octets(std::size_t size, std::mt19937& random) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

// Around every change of the length's encoding, and anything between.
std::size_t random_size(std::mt19937& random) {
    static const std::size_t edges[] = {0, 1, 2, 124, 125, 126, 127, 128, 4095, 4096, 65534, 65535, 65536, 65537, 300000};
    if (random() % 2 == 0) return edges[random() % std::size(edges)];
    return random() % (std::size_t{1} << (random() % 18));
}

// All but 1014, which came into the registry later and Beast 1.81 refuses.
constexpr std::uint16_t close_codes[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999};

} // namespace

TEST_CASE("Beast gets back what it sends: text and binary, whole and in fragments, of every length encoding, with pings between") {
    running_echo echo({});
    for (unsigned seed = 0; seed != 8; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        beast_client client(echo.port(), "/");
        CHECK(client.answer.find(beast::http::field::sec_websocket_protocol) == client.answer.end());
        CHECK(client.answer.find(beast::http::field::sec_websocket_extensions) == client.answer.end());
        for (int i = 0; i != 60; ++i) {
            const bool text = random() % 2 == 0;
            const std::size_t size = random_size(random);
            CAPTURE(i);
            CAPTURE(size);
            const std::string message = text ? random_text(size, random) : random_octets(size, random);
            switch (random() % 3) {
            case 0:
                client.stream().auto_fragment(false);
                client.send(message, text);
                break;
            case 1:
                client.stream().auto_fragment(true);
                client.stream().write_buffer_bytes(8 + random() % 1000);
                client.send(message, text);
                break;
            case 2: client.send_fragments(message, text, random); break;
            }
            if (random() % 4 == 0) client.ping(random_octets(random() % 126, random));
            const std::string back = client.read();
            CHECK(client.got_text() == text);
            CHECK((back == message));
        }
        client.send("last", true); // behind the pong of a last ping, which a close would skip
        CHECK(client.read() == "last");
        const auto reason = client.close(1000, "done");
        CHECK(reason.code == 1000);
        CHECK(client.pongs == client.pings);
    }
}

TEST_CASE("Beast gets back a message of 16 MiB, and 1009 for a longer one") {
    running_echo echo({});
    std::mt19937 random(1);
    beast_client client(echo.port(), "/");
    const std::string message = random_octets(16 * 1024 * 1024, random);
    client.stream().auto_fragment(false);
    client.send(message, false);
    CHECK((client.read() == message));
    // Only its beginning: the header says enough.
    client.stream().write_some(false, asio::buffer(message));
    client.stream().write_some(false, asio::buffer("xx", 2));
    CHECK(client.read_close().code == 1009);
}

TEST_CASE("a close of Beast's is answered with its code and reason, whatever they are") {
    running_echo echo({});
    for (const std::uint16_t code : close_codes) {
        beast_client client(echo.port(), "/");
        const auto answer = client.close(code, "because \xe2\x82\xac");
        CHECK(answer.code == code);
        CHECK(std::string_view(answer.reason.data(), answer.reason.size()) == "because \xe2\x82\xac");
    }
    beast_client without(echo.port(), "/");
    without.stream().close(beast::websocket::close_reason());
    CHECK(without.stream().reason().code == beast::websocket::close_code::none);
    beast_client longest(echo.port(), "/");
    CHECK(longest.close(4000, std::string(123, 'x')).reason.size() == 123);
}

TEST_CASE("Beast understands a close of the server's with every code, and answers it") {
    running_echo echo({});
    for (const std::uint16_t code : close_codes) {
        beast_client client(echo.port(), "/");
        client.ping("here");
        client.send("a", true); // so that the server knows the connection
        CHECK(client.read() == "a");
        echo.close_all(code, "the server's \xf0\x9f\x98\x80");
        const auto reason = client.read_close();
        CHECK(reason.code == code);
        CHECK(std::string_view(reason.reason.data(), reason.reason.size()) == "the server's \xf0\x9f\x98\x80");
    }
}

TEST_CASE("Beast speaks STOMP with a chat_node: every version as a subprotocol, fragments, pings, a close in order") {
    running_node node({});
    for (const std::string version : {"1.2", "1.1", "1.0"}) {
        CAPTURE(version);
        std::mt19937 random(7);
        const std::string subprotocol = std::string("v") + version[0] + version[2] + ".stomp";
        beast_client client(node.port(), "/ws", "mqtt, " + subprotocol);
        CHECK(client.answer[beast::http::field::sec_websocket_protocol] == subprotocol);
        client.send_fragments("CONNECT\naccept-version:" + version + "\nhost:x\nlogin:ann\n\n" + '\0', true, random);
        const std::string connected = client.read();
        CHECK(connected.starts_with("CONNECTED\n"));
        // STOMP 1.0 has no such header.
        CHECK((connected.find("\nversion:" + version + "\n") != std::string::npos) == (version != "1.0"));
        client.send_fragments("SUBSCRIBE\nid:0\ndestination:/topic/beast\nreceipt:1\n\n" + std::string(1, '\0'), true, random);
        CHECK(client.read().starts_with("RECEIPT\nreceipt-id:1\n"));
        for (const std::size_t size : {0, 1, 125, 126, 65000}) {
            CAPTURE(size);
            // Binary messages carry the same frames; the body may be any octets.
            const std::string body = random_octets(size, random);
            client.send_fragments("SEND\ndestination:/topic/beast\ncontent-length:" + std::to_string(size) + "\n\n" + body + '\0', false,
                                  random);
            client.ping("p");
            const std::string message = client.read();
            CHECK(message.starts_with("MESSAGE\n"));
            CHECK(message.ends_with("\n\n" + body + '\0'));
        }
        client.send("DISCONNECT\nreceipt:2\n\n" + std::string(1, '\0'), true);
        CHECK(client.read().starts_with("RECEIPT\nreceipt-id:2\n"));
        CHECK(client.read_close().code == 1000);
        CHECK(client.pongs == client.pings);
    }
}

TEST_CASE("a chat_node says ERROR, then closes with the code for it, and with 1012 when it stops") {
    running_node node({});
    beast_client bad(node.port(), "/ws");
    bad.send("NONSENSE\n\n" + std::string(1, '\0'), true);
    CHECK(bad.read().starts_with("ERROR\n"));
    CHECK(bad.read_close().code == 1002);

    beast_client ours(node.port(), "/ws");
    for (const std::uint16_t code : close_codes) CHECK(beast_client(node.port(), "/ws").close(code, "bye").code == code);

    ours.send("CONNECT\naccept-version:1.2\nhost:x\n\n" + std::string(1, '\0'), true);
    CHECK(ours.read().starts_with("CONNECTED\n"));
    std::thread stopping([&] { node.stop(); });
    const auto reason = ours.read_close();
    stopping.join();
    CHECK(reason.code == 1012);
    CHECK(reason.reason == "retry-after=1");
}

TEST_CASE("our framing as a client understands Beast's server, and the other way round") {
    asio::io_context context;
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    std::thread server([&] {
        beast::websocket::stream<tcp::socket> stream(acceptor.accept());
        stream.accept();
        beast::flat_buffer buffer;
        beast::error_code ec;
        for (std::mt19937 random(3);;) {
            stream.read(buffer, ec);
            if (ec) break;
            stream.text(stream.got_text());
            stream.auto_fragment(random() % 2 == 0);
            stream.write_buffer_bytes(8 + random() % 1000);
            if (random() % 2 == 0) stream.ping("from Beast", ec);
            stream.write(buffer.data(), ec);
            buffer.clear();
        }
        CHECK(ec == beast::websocket::error::closed);
        CHECK(stream.reason().code == 4001);
        CHECK(stream.reason().reason == "over");
    });

    raw_peer peer(acceptor.local_endpoint().port());
    peer.upgrade("/");
    std::mt19937 random(4);
    const ws::decoder_options limits{16 * 1024 * 1024};
    ws::decoder decoder(ws::role::client, limits);
    const auto fresh_key = [&random] {
        ws::mask_key key;
        for (unsigned char& octet : key) octet = static_cast<unsigned char>(random());
        return key;
    };
    const auto send = [&](ws::opcode op, std::string payload, bool fin) {
        char head[ws::max_header_size];
        const ws::mask_key key = fresh_key();
        const std::size_t size = ws::write_masked_header(head, op, payload.size(), key, fin);
        ws::mask(payload, key);
        REQUIRE(peer.send(std::string(head, size) + payload));
    };
    std::string message;
    bool text = false;
    bool complete = false;
    std::uint16_t code = 0;
    const auto take = [&] {
        std::string input = std::exchange(peer.received(), {});
        decoder.feed(input);
        for (;;) {
            const ws::event ev = decoder.next();
            if (ev.type == ws::event_type::need_more) return;
            REQUIRE(ev.type != ws::event_type::error);
            if (ev.type == ws::event_type::ping) {
                CHECK(ev.payload == "from Beast");
                REQUIRE(peer.send(ws::encode_control(ws::opcode::pong, ev.payload, fresh_key()).view()));
            } else if (ev.type == ws::event_type::close) {
                code = ev.code;
            } else if (ev.type == ws::event_type::data) {
                message += ev.payload;
                text = ev.text;
                complete = complete || ev.message_end;
            }
        }
    };
    for (int i = 0; i != 100; ++i) {
        const bool as_text = random() % 2 == 0;
        const std::string sent = as_text ? random_text(random_size(random), random) : random_octets(random_size(random), random);
        CAPTURE(i);
        const std::size_t cut = random() % (sent.size() + 1);
        send(as_text ? ws::opcode::text : ws::opcode::binary, sent.substr(0, cut), false);
        REQUIRE(peer.send(ws::encode_control(ws::opcode::ping, "ours", fresh_key()).view()));
        send(ws::opcode::continuation, sent.substr(cut), true);
        message.clear();
        complete = false;
        REQUIRE(peer.read_until([&] {
            take();
            return complete;
        }));
        CHECK((message == sent));
        CHECK(text == as_text);
    }
    REQUIRE(peer.send(ws::encode_close(4001, "over", fresh_key()).view()));
    peer.read_until([&] {
        take();
        return code != 0;
    });
    CHECK(code == 4001);
    CHECK(peer.read_to_end());
    peer.shut();
    server.join();
}
