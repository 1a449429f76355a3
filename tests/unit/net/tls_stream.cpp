// Boost Software License 1.0, see LICENSE

#include "stream_support.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace net_test;

namespace {

stream_pair connect_tls(asio::io_context& context, const net::tls_context& client, const std::string& host = "localhost") {
    socket_pair sockets = connect_sockets(context);
    return {net::make_tls_server_stream(std::move(sockets.server), tls_contexts::instance().server),
            net::make_tls_client_stream(std::move(sockets.client), client, host)};
}

net::tls_context client_of_version(int version) {
    net::tls_context context = net::tls_context::client({false, {}}).value();
    SSL_CTX_set_security_level(context.native_handle(), 0);
    SSL_CTX_set_min_proto_version(context.native_handle(), version);
    SSL_CTX_set_max_proto_version(context.native_handle(), version);
    return context;
}

bool is_tls_error(const error_code& ec) { return ec && std::string(ec.category().name()) == "asio.ssl"; }

// Runs both ends until the client's request has come or somebody failed.
struct attempt {
    attempt(asio::io_context& context, stream_pair pair) : server(std::move(pair.server)), client(std::move(pair.client)) {
        server.start();
        client.start();
        client.send("request");
        run_until(context, [&] { return server.received == "request" || (server.ended && client.ended); });
    }

    bool accepted() const { return server.received == "request"; }

    pump server;
    pump client;
};

} // namespace

TEST_CASE("TLS 1.2 and 1.3 are spoken, older versions refused") {
    asio::io_context context;
    CHECK(attempt(context, connect_tls(context, client_of_version(TLS1_3_VERSION))).accepted());
    CHECK(attempt(context, connect_tls(context, client_of_version(TLS1_2_VERSION))).accepted());
    const attempt old(context, connect_tls(context, client_of_version(TLS1_1_VERSION)));
    CHECK_FALSE(old.accepted());
    CHECK(is_tls_error(old.server.failure));
    CHECK_FALSE(old.server.failure.message().empty());
}

TEST_CASE("a client that verifies accepts the right name or address from a trusted authority only") {
    asio::io_context context;
    const net::tls_context& trusting = tls_contexts::instance().client;
    CHECK(attempt(context, connect_tls(context, trusting, "localhost")).accepted());
    CHECK(attempt(context, connect_tls(context, trusting, "127.0.0.1")).accepted());

    const attempt wrong_name(context, connect_tls(context, trusting, "example.org"));
    CHECK_FALSE(wrong_name.accepted());
    CHECK(wrong_name.client.failure == stompchat::error::tls_untrusted_certificate);
    CHECK_FALSE(attempt(context, connect_tls(context, trusting, "127.0.0.2")).accepted());

    const test_support::temporary_directory directory;
    const std::string other = directory.write("other.pem", test_support::certificate().certificate_pem());
    const net::tls_context other_authority = net::tls_context::client({true, other}).value();
    CHECK_FALSE(attempt(context, connect_tls(context, other_authority)).accepted());

    const net::tls_context careless = net::tls_context::client({false, {}}).value();
    CHECK(attempt(context, connect_tls(context, careless, "example.org")).accepted());
}

TEST_CASE("a client that speaks no TLS ends in an error of the server's read") {
    asio::io_context context;
    socket_pair sockets = connect_sockets(context);
    pump server(net::make_tls_server_stream(std::move(sockets.server), tls_contexts::instance().server));
    pump client(net::make_tcp_stream(std::move(sockets.client)));
    server.start();
    client.send("GET / HTTP/1.1\r\n\r\n");
    run_until(context, [&] { return server.ended; });
    CHECK(is_tls_error(server.failure));
    // The stream stays unusable without asking OpenSSL again.
    error_code ec;
    CHECK(write(*server.stream, "x", ec) == 0);
    CHECK(ec == server.failure);
}

TEST_CASE("a client that leaves before or within the handshake is eof") {
    for (const bool speaks : {false, true}) {
        asio::io_context context;
        socket_pair sockets = connect_sockets(context);
        pump server(net::make_tls_server_stream(std::move(sockets.server), tls_contexts::instance().server));
        server.start();
        pump client(net::make_tls_client_stream(std::move(sockets.client), tls_contexts::instance().client, "localhost"));
        if (speaks) client.read_all(); // sends its first message
        client.stream->close();
        run_until(context, [&] { return server.ended; });
        CHECK(server.failure == asio::error::eof);
    }
}

TEST_CASE("closing and ending a direction send close_notify") {
    // A client that tells a missing close_notify from one that came.
    net::tls_context strict = net::tls_context::client({false, {}}).value();
    SSL_CTX_clear_options(strict.native_handle(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    for (const int how : {0, 1, 2}) {
        CAPTURE(how);
        asio::io_context context;
        socket_pair sockets = connect_sockets(context);
        const int descriptor = ::dup(sockets.server.native_handle());
        attempt both(context, {net::make_tls_server_stream(std::move(sockets.server), tls_contexts::instance().server),
                               net::make_tls_client_stream(std::move(sockets.client), strict, "localhost")});
        if (how == 0) both.server.stream->close();
        if (how == 1) both.server.stream->shutdown_send();
        if (how == 2) ::shutdown(descriptor, SHUT_RDWR); // no close_notify
        ::close(descriptor);
        run_until(context, [&] { return both.client.ended; });
        CHECK((both.client.failure == asio::error::eof) == (how != 2));
    }
}

TEST_CASE("a peer that leaves without close_notify is eof") {
    asio::io_context context;
    socket_pair sockets = connect_sockets(context);
    const int descriptor = ::dup(sockets.client.native_handle());
    attempt both(context, {net::make_tls_server_stream(std::move(sockets.server), tls_contexts::instance().server),
                           net::make_tls_client_stream(std::move(sockets.client), tls_contexts::instance().client, "localhost")});
    ::shutdown(descriptor, SHUT_RDWR);
    ::close(descriptor);
    run_until(context, [&] { return both.server.ended; });
    CHECK(both.server.failure == asio::error::eof);
}

TEST_CASE("a reader hears of octets that a write took from the socket while it finished the handshake") {
    // TLS 1.2: the server's Finished and its first octets arrive together.
    asio::io_context context;
    const stream_pair pair = connect_tls(context, client_of_version(TLS1_2_VERSION));
    recording_listener listener;
    pair.client->set_listener(&listener);
    error_code ec;
    const auto step = [&](net::byte_stream& stream) {
        read(stream, 10, ec);
        REQUIRE(ec == asio::error::would_block);
    };
    step(*pair.client); // ClientHello
    step(*pair.server); // ServerHello to ServerHelloDone
    step(*pair.client); // ClientKeyExchange to Finished
    pair.client->async_wait_readable();
    step(*pair.server); // Finished
    REQUIRE(write(*pair.server, "early", ec) == 5);
    REQUIRE(write(*pair.client, "request", ec) == 7); // reads what the server sent, "early" included

    run_until(context, [&] { return listener.readable != 0; });
    CHECK(read(*pair.client, 10, ec) == "early");
}

TEST_CASE("two directions that wait for the handshake do not wake each other for ever") {
    asio::io_context context;
    const stream_pair pair = connect_tls(context, tls_contexts::instance().client);
    recording_listener listener;
    error_code ec;
    listener.when_readable = [&] {
        read(*pair.client, 10, ec);
        pair.client->async_wait_readable();
    };
    listener.when_writable = [&] {
        write(*pair.client, "request", ec);
        pair.client->async_wait_writable();
    };
    pair.client->set_listener(&listener);
    listener.when_readable();
    listener.when_writable();
    // The server says nothing.
    for (int i = 0; i != 100; ++i) {
        context.restart();
        context.poll_one();
    }
    CHECK(listener.readable + listener.writable < 10);
}

TEST_CASE("records that arrive octet by octet are understood, without spinning in between") {
    asio::io_context context;
    socket_pair to_server = connect_sockets(context);
    socket_pair to_client = connect_sockets(context);
    pump server(net::make_tls_server_stream(std::move(to_server.server), tls_contexts::instance().server));
    pump client(net::make_tls_client_stream(std::move(to_client.client), tls_contexts::instance().client, "localhost"));
    const net::stream_ptr server_side = net::make_tcp_stream(std::move(to_server.client));
    const net::stream_ptr client_side = net::make_tcp_stream(std::move(to_client.server));

    std::size_t relayed = 0;
    std::size_t handlers = 0;
    const auto relay = [&](net::byte_stream& from, net::byte_stream& to) {
        error_code ec;
        const std::string octet = read(from, 1, ec);
        if (octet.empty()) return;
        write(to, octet, ec);
        ++relayed;
    };
    server.start();
    client.start();
    client.send("request");
    server.send("answer");
    for (int round = 0; round != 20000 && (server.received != "request" || client.received != "answer"); ++round) {
        relay(*client_side, *server_side);
        relay(*server_side, *client_side);
        context.restart();
        handlers += context.poll();
    }
    CHECK(server.received == "request");
    CHECK(client.received == "answer");
    CHECK(relayed > 500);
    CHECK(handlers < 3 * relayed + 20);
}

TEST_CASE("small buffers share a record, large ones make records of 16 KiB") {
    struct counter {
        static void count(int write, int, int type, const void* data, std::size_t, SSL*, void* self) {
            // The outer type of application data.
            if (write == 1 && type == SSL3_RT_HEADER && static_cast<const unsigned char*>(data)[0] == SSL3_RT_APPLICATION_DATA)
                ++*static_cast<int*>(self);
        }
    };
    int records = 0;
    net::tls_context counting = client_of_version(TLS1_2_VERSION);
    SSL_CTX_set_msg_callback(counting.native_handle(), &counter::count);
    SSL_CTX_set_msg_callback_arg(counting.native_handle(), &records);
    asio::io_context context;
    attempt both(context, connect_tls(context, counting));
    REQUIRE(both.accepted());

    records = 0;
    const std::string piece(10, 'x');
    const std::vector<asio::const_buffer> small(100, asio::const_buffer(piece.data(), piece.size()));
    error_code ec;
    CHECK(both.client.stream->write_some(small, ec) == 1000);
    CHECK(records == 1);

    records = 0;
    const std::string large(40000, 'x');
    CHECK(write(*both.client.stream, large, ec) == large.size());
    CHECK(records == 3);

    records = 0;
    const asio::const_buffer mixed[] = {{piece.data(), piece.size()}, {large.data(), large.size()}, {}, {piece.data(), piece.size()}};
    CHECK(both.client.stream->write_some(mixed, ec) == 40020);
    CHECK(records == 3);
    run_until(context, [&] { return both.server.received.size() == 7 + 1000 + 40000 + 40020; });
}

TEST_CASE("the context may go away before its streams") {
    asio::io_context context;
    stream_pair pair;
    {
        const net::tls_context client = net::tls_context::client({false, {}}).value();
        const tls_contexts& files = tls_contexts::instance();
        const net::tls_context server = net::tls_context::server(files.chain_file, files.key_file).value();
        socket_pair sockets = connect_sockets(context);
        pair = {net::make_tls_server_stream(std::move(sockets.server), server),
                net::make_tls_client_stream(std::move(sockets.client), client, "localhost")};
    }
    CHECK(attempt(context, std::move(pair)).accepted());
}
