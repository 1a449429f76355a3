// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_UNIT_NET_STREAM_SUPPORT_HPP
#define STOMPCHAT_TESTS_UNIT_NET_STREAM_SUPPORT_HPP

#include <doctest/doctest.h>
#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/net/tls_stream.hpp>
#include <support/certificate.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace net_test {

namespace net = stompchat::net;
namespace asio = boost::asio;
using asio::ip::tcp;
using stompchat::error_code;

// Runs handlers until something holds. A test that would hang fails instead.
template <class Predicate>
void run_until(asio::io_context& context, Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
        context.restart();
        context.run_one_until(deadline);
        REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "what the test waits for does not happen");
    }
}

// Runs what is ready, and nothing else.
inline void run_ready(asio::io_context& context) {
    context.restart();
    context.poll();
}

struct socket_pair {
    net::tcp_socket server;
    net::tcp_socket client;
};

// Two connected sockets over loopback; `buffer` makes the kernel's buffers small, so that writes block soon.
inline socket_pair connect_sockets(asio::io_context& context, int buffer = 0) {
    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor(context.get_executor(),
                                                                               tcp::endpoint(asio::ip::address_v4::loopback(), 0), true);
    if (buffer != 0) acceptor.set_option(asio::socket_base::receive_buffer_size(buffer));
    socket_pair pair{net::tcp_socket(context.get_executor()), net::tcp_socket(context.get_executor())};
    pair.client.open(tcp::v4());
    if (buffer != 0) {
        pair.client.set_option(asio::socket_base::receive_buffer_size(buffer));
        pair.client.set_option(asio::socket_base::send_buffer_size(buffer));
    }
    pair.client.connect(acceptor.local_endpoint());
    acceptor.accept(pair.server);
    if (buffer != 0) pair.server.set_option(asio::socket_base::send_buffer_size(buffer));
    return pair;
}

// Counts calls; hooks may do more.
class recording_listener final : public net::stream_listener {
public:
    void on_readable(error_code ec) override {
        ++readable;
        last = ec;
        if (when_readable) when_readable();
    }
    void on_writable(error_code ec) override {
        ++writable;
        last = ec;
        if (when_writable) when_writable();
    }

    int readable = 0;
    int writable = 0;
    error_code last;
    std::function<void()> when_readable;
    std::function<void()> when_writable;
};

inline std::string read(net::byte_stream& stream, std::size_t size, error_code& ec) {
    std::string text(size, '\0');
    text.resize(stream.read_some(text, ec));
    return text;
}

inline std::size_t write(net::byte_stream& stream, std::string_view text, error_code& ec) {
    const asio::const_buffer buffer(text.data(), text.size());
    return stream.write_some({&buffer, 1}, ec);
}

// One end of a connection that reads everything and writes everything, the way a session does.
class pump : public net::stream_listener {
public:
    explicit pump(net::stream_ptr s) : stream(std::move(s)) { stream->set_listener(this); }

    void start() {
        read_all();
        write_all();
    }

    void send(std::string text) {
        outgoing.push_back(std::move(text));
        write_all();
    }

    void on_readable(error_code ec) override { ec ? fail(ec) : read_all(); }
    void on_writable(error_code ec) override { ec ? fail(ec) : write_all(); }

    void read_all() {
        if (ended || paused) return;
        for (;;) {
            char octets[5000];
            error_code ec;
            const std::size_t size = stream->read_some(octets, ec);
            received.append(octets, size);
            if (ec == asio::error::would_block) return stream->async_wait_readable();
            if (ec) return fail(ec);
        }
    }

    void write_all() {
        while (!outgoing.empty()) {
            std::vector<asio::const_buffer> buffers;
            std::size_t skip = written;
            for (const std::string& text : outgoing) {
                buffers.emplace_back(text.data() + skip, text.size() - skip);
                skip = 0;
            }
            error_code ec;
            std::size_t size = stream->write_some(buffers, ec);
            ++writes;
            if (ec == asio::error::would_block) return stream->async_wait_writable();
            if (ec) return fail(ec);
            size += written;
            std::size_t done = 0;
            while (done != outgoing.size() && size >= outgoing[done].size()) size -= outgoing[done++].size();
            outgoing.erase(outgoing.begin(), outgoing.begin() + static_cast<std::ptrdiff_t>(done));
            written = size;
        }
    }

    void fail(error_code ec) {
        ended = true;
        failure = ec;
    }

    net::stream_ptr stream;
    std::string received;
    std::vector<std::string> outgoing;
    std::size_t written = 0; // of the first one
    int writes = 0;
    bool paused = false;
    bool ended = false;
    error_code failure;
};

enum class kind {
    plain,
    tls
};
inline constexpr kind kinds[] = {kind::plain, kind::tls};

// One certificate for all tests: generating one takes a while.
struct tls_contexts {
    static const tls_contexts& instance() {
        static const tls_contexts only;
        return only;
    }

    test_support::temporary_directory directory;
    test_support::certificate certificate;
    std::string chain_file = directory.write("chain.pem", certificate.certificate_pem());
    std::string key_file = directory.write("key.pem", certificate.key_pem());
    net::tls_context server = net::tls_context::server(chain_file, key_file).value();
    net::tls_context client = net::tls_context::client({true, chain_file}).value();
};

struct stream_pair {
    net::stream_ptr server;
    net::stream_ptr client;
};

inline stream_pair connect_streams(asio::io_context& context, kind what, int buffer = 0) {
    socket_pair sockets = connect_sockets(context, buffer);
    if (what == kind::plain) return {net::make_tcp_stream(std::move(sockets.server)), net::make_tcp_stream(std::move(sockets.client))};
    const tls_contexts& tls = tls_contexts::instance();
    return {net::make_tls_server_stream(std::move(sockets.server), tls.server),
            net::make_tls_client_stream(std::move(sockets.client), tls.client, "localhost")};
}

// The same with the handshake done, so that reads and writes mean octets of the application.
inline stream_pair connect_ready_streams(asio::io_context& context, kind what) {
    stream_pair pair = connect_streams(context, what);
    pump server(std::move(pair.server));
    pump client(std::move(pair.client));
    server.start();
    client.start();
    client.send("hello");
    run_until(context, [&] { return server.received == "hello"; });
    server.send("hello");
    run_until(context, [&] { return client.received == "hello"; });
    server.stream->set_listener(nullptr);
    client.stream->set_listener(nullptr);
    run_ready(context);
    return {std::move(server.stream), std::move(client.stream)};
}

} // namespace net_test

#endif
