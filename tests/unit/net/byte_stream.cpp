// Boost Software License 1.0, see LICENSE

// What byte_stream promises, for each kind of stream.

#include "stream_support.hpp"

#include <numeric>
#include <random>

using namespace net_test;

TEST_CASE("octets go both ways") {
    for (const kind what : kinds) {
        CAPTURE(static_cast<int>(what));
        asio::io_context context;
        stream_pair pair = connect_streams(context, what);
        pump server(std::move(pair.server));
        pump client(std::move(pair.client));
        server.start();
        client.start();
        client.send("from the client");
        server.send("from the server");
        run_until(context, [&] { return server.received == "from the client" && client.received == "from the server"; });
        CHECK(server.stream->is_encrypted() == (what == kind::tls));
    }
}

TEST_CASE("a read without octets would block, and says so without blocking") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        error_code ec;
        CHECK(read(*pair.server, 10, ec).empty());
        CHECK(ec == asio::error::would_block);
    }
}

TEST_CASE("a read into nothing and a write of nothing succeed") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        error_code ec = asio::error::eof;
        CHECK(read(*pair.server, 0, ec).empty());
        CHECK_FALSE(ec);
        ec = asio::error::eof;
        CHECK(pair.server->write_some({}, ec) == 0);
        CHECK_FALSE(ec);
        const asio::const_buffer empty[3];
        CHECK(pair.server->write_some(empty, ec) == 0);
        CHECK_FALSE(ec);
    }
}

TEST_CASE("the listener hears of octets that come later, once for each wait") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        recording_listener listener;
        pair.server->set_listener(&listener);
        error_code ec;
        read(*pair.server, 1, ec);
        pair.server->async_wait_readable();
        pair.server->async_wait_readable(); // changes nothing
        run_ready(context);
        CHECK(listener.readable == 0);

        write(*pair.client, "one", ec);
        run_until(context, [&] { return listener.readable != 0; });
        CHECK_FALSE(listener.last);
        CHECK(read(*pair.server, 10, ec) == "one");

        write(*pair.client, "two", ec);
        run_ready(context);
        CHECK(listener.readable == 1);
        CHECK(listener.writable == 0);
    }
}

TEST_CASE("waiting ends soon while octets are still unread, also those that have been decrypted already") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        recording_listener listener;
        pair.server->set_listener(&listener);
        error_code ec;
        write(*pair.client, "abcdef", ec);
        std::string got;
        while (got.size() < 6) {
            const int before = listener.readable;
            pair.server->async_wait_readable();
            CHECK(listener.readable == before); // never within the call
            run_until(context, [&] { return listener.readable != before; });
            got += read(*pair.server, 1, ec);
        }
        CHECK(got == "abcdef");
    }
}

TEST_CASE("the listener hears that a stream is writable") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        recording_listener listener;
        pair.server->set_listener(&listener);
        pair.server->async_wait_writable();
        pair.server->async_wait_writable();
        CHECK(listener.writable == 0);
        run_until(context, [&] { return listener.writable != 0; });
        run_ready(context);
        CHECK(listener.writable == 1);
        CHECK(listener.readable == 0);
    }
}

TEST_CASE("a gathered write keeps the order of thousands of buffers of every size") {
    for (const kind what : kinds) {
        asio::io_context context;
        stream_pair pair = connect_streams(context, what, 4096);
        pump server(std::move(pair.server));
        pump client(std::move(pair.client));
        std::mt19937 random(42);
        std::string expected;
        for (int i = 0; i != 5000; ++i) {
            const std::size_t size = i % 500 == 0 ? 40000 : random() % 64;
            std::string piece(size, '\0');
            for (char& c : piece) c = static_cast<char>(random());
            expected += piece;
            server.outgoing.push_back(std::move(piece));
        }
        server.start();
        client.start();
        run_until(context, [&] { return client.received.size() >= expected.size(); });
        CHECK(client.received == expected);
        CHECK(server.outgoing.empty());
        CHECK(server.writes > 2); // it did block in between
    }
}

TEST_CASE("a writer that blocks waits until the reader goes on, while both directions are full") {
    for (const kind what : kinds) {
        asio::io_context context;
        stream_pair pair = connect_streams(context, what, 4096);
        pump server(std::move(pair.server));
        pump client(std::move(pair.client));
        server.start();
        client.start();
        client.send("x");
        run_until(context, [&] { return server.received == "x"; });
        server.paused = client.paused = true;
        const std::string much(300000, 'a');
        const std::string more(300000, 'b');
        server.send(much);
        client.send(more);
        run_ready(context);
        CHECK_FALSE(server.outgoing.empty());
        CHECK_FALSE(client.outgoing.empty());
        // More is queued behind what was refused.
        server.send("end");
        client.send("end");
        server.paused = client.paused = false;
        server.read_all();
        client.read_all();
        run_until(context, [&] { return server.received.size() >= 300004 && client.received.size() >= 300003; });
        CHECK(server.received == "x" + more + "end");
        CHECK(client.received == much + "end");
    }
}

TEST_CASE("the end of one direction is eof for the peer, and the other direction goes on") {
    for (const kind what : kinds) {
        asio::io_context context;
        stream_pair pair = connect_ready_streams(context, what);
        pump server(std::move(pair.server));
        pump client(std::move(pair.client));
        server.start();
        client.start();
        client.send("last words");
        client.stream->shutdown_send();
        run_until(context, [&] { return server.ended; });
        CHECK(server.received == "last words");
        CHECK(server.failure == asio::error::eof);
        server.send("answer");
        run_until(context, [&] { return client.received == "answer"; });
        CHECK_FALSE(client.ended);
        server.stream->close();
        run_until(context, [&] { return client.ended; });
        CHECK(client.failure == asio::error::eof);
    }
}

TEST_CASE("a reset by the peer is an error of the read, and writing into it raises no signal") {
    for (const kind what : kinds) {
        asio::io_context context;
        stream_pair pair;
        {
            // The client's socket is made to reset instead of closing.
            socket_pair sockets = connect_sockets(context);
            sockets.client.set_option(asio::socket_base::linger(true, 0));
            const tls_contexts& tls = tls_contexts::instance();
            if (what == kind::plain) {
                pair = {net::make_tcp_stream(std::move(sockets.server)), net::make_tcp_stream(std::move(sockets.client))};
            } else {
                pair = {net::make_tls_server_stream(std::move(sockets.server), tls.server),
                        net::make_tls_client_stream(std::move(sockets.client), tls.client, "localhost")};
            }
        }
        pump server(std::move(pair.server));
        pump client(std::move(pair.client));
        server.start();
        client.start();
        client.send("x");
        run_until(context, [&] { return server.received == "x"; });
        client.stream->close();
        run_until(context, [&] { return server.ended; });
        // A close_notify may have come in front of the reset.
        const bool expected = server.failure == asio::error::connection_reset || (what == kind::tls && server.failure == asio::error::eof);
        CHECK(expected);
        error_code ec;
        for (int i = 0; i != 3 && !ec; ++i) CHECK(write(*server.stream, "into the void", ec) == 0);
        CHECK(ec);
        CHECK(ec != asio::error::would_block);
    }
}

TEST_CASE("a closed stream does not call its listener any more, and fails reads and writes") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        recording_listener listener;
        pair.server->set_listener(&listener);
        error_code ec;
        read(*pair.server, 1, ec);
        pair.server->async_wait_readable();
        pair.server->async_wait_writable();
        pair.server->close();
        pair.server->close();
        context.restart();
        context.run(); // ends: nothing is pending
        CHECK(listener.readable + listener.writable == 0);
        read(*pair.server, 1, ec);
        CHECK(ec);
        CHECK(ec != asio::error::would_block);
        CHECK(write(*pair.server, "x", ec) == 0);
        CHECK(ec);
        pair.server->shutdown_send();
        CHECK(pair.server->remote_endpoint() == tcp::endpoint());
    }
}

TEST_CASE("a stream may be destroyed while waits are pending") {
    for (const kind what : kinds) {
        asio::io_context context;
        stream_pair pair = connect_ready_streams(context, what);
        recording_listener listener;
        pair.server->set_listener(&listener);
        error_code ec;
        read(*pair.server, 1, ec);
        pair.server->async_wait_readable();
        pair.server->async_wait_writable();
        pair.server.reset();
        context.restart();
        context.run();
        CHECK(listener.readable + listener.writable == 0);
    }
}

TEST_CASE("a stream may be destroyed within a call of its listener, with the other wait still pending") {
    for (const kind what : kinds) {
        asio::io_context context;
        stream_pair pair = connect_ready_streams(context, what);
        recording_listener listener;
        listener.when_writable = [&] { pair.server.reset(); };
        pair.server->set_listener(&listener);
        error_code ec;
        read(*pair.server, 1, ec);
        pair.server->async_wait_readable();
        pair.server->async_wait_writable();
        context.restart();
        context.run();
        CHECK(pair.server == nullptr);
        CHECK(listener.readable == 0);
        CHECK(listener.writable == 1);
    }
}

TEST_CASE("an io_context may be destroyed with the waits of destroyed streams in it") {
    for (const kind what : kinds) {
        asio::io_context context;
        stream_pair pair = connect_ready_streams(context, what);
        recording_listener listener;
        pair.server->set_listener(&listener);
        pair.server->async_wait_readable();
        pair.server->async_wait_writable();
        pair = {};
        // A leak would show under a sanitizer.
    }
}

TEST_CASE("another listener takes over pending waits") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        recording_listener first;
        recording_listener second;
        pair.server->set_listener(&first);
        pair.server->async_wait_writable();
        pair.server->set_listener(&second);
        run_until(context, [&] { return second.writable != 0; });
        CHECK(first.writable == 0);
    }
}

TEST_CASE("a stream knows its peer and its executor") {
    for (const kind what : kinds) {
        asio::io_context context;
        const stream_pair pair = connect_ready_streams(context, what);
        CHECK(pair.server->remote_endpoint().address() == asio::ip::address_v4::loopback());
        CHECK(pair.server->remote_endpoint().port() != 0);
        CHECK(pair.server->executor() == context.get_executor());
    }
}
