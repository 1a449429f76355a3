// Boost Software License 1.0, see LICENSE

#include "stream_support.hpp"

#include <stompchat/net/platform.hpp>

#include <cstring>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>

using namespace net_test;

namespace {

int option(int socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(socket, level, name, &value, &size);
    return value;
}

} // namespace

TEST_CASE("socket options are what was asked for") {
    asio::io_context context;
    socket_pair sockets = connect_sockets(context);
    const int server = sockets.server.native_handle();
    const int client = sockets.client.native_handle();
    net::socket_options probing;
    probing.keep_alive = true;
    probing.keep_alive_idle = std::chrono::seconds(30);
    probing.keep_alive_interval = std::chrono::seconds(7);
    probing.keep_alive_probes = 3;
    const net::stream_ptr first = net::make_tcp_stream(std::move(sockets.server));
    const net::stream_ptr second = net::make_tcp_stream(std::move(sockets.client), probing);
    CHECK(option(server, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(option(server, SOL_SOCKET, SO_KEEPALIVE) == 0);
    CHECK(option(client, SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK(option(client, IPPROTO_TCP, TCP_KEEPIDLE) == 30);
    CHECK(option(client, IPPROTO_TCP, TCP_KEEPINTVL) == 7);
    CHECK(option(client, IPPROTO_TCP, TCP_KEEPCNT) == 3);
}

TEST_CASE("the limit of descriptors is raised as far as it may be, and never lowered") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(net::platform::raise_descriptor_limit(1) == before.rlim_cur);
    if (before.rlim_cur < before.rlim_max) {
        CHECK(net::platform::raise_descriptor_limit(before.rlim_cur + 1) == before.rlim_cur + 1);
        CHECK(net::platform::raise_descriptor_limit(static_cast<std::size_t>(-2)) == before.rlim_max);
    }
    ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("a thread's name is cut to what the system keeps") {
    char name[32] = {};
    std::thread([&] {
        net::platform::set_thread_name("stompchat-shard-number-17");
        ::pthread_getname_np(::pthread_self(), name, sizeof name);
    }).join();
    CHECK(std::string(name) == "stompchat-shard");
}

TEST_CASE("an idle plain connection costs at most 48 octets of the heap") {
    asio::io_context context(1);
    std::vector<net::stream_ptr> streams;
    std::vector<net::tcp_socket> clients;
    constexpr std::size_t count = 200;
    streams.reserve(count);
    clients.reserve(count);
    std::vector<net::connected_socket> servers;
    for (std::size_t i = 0; i != count + 1; ++i) {
        socket_pair sockets = connect_sockets(context);
        clients.push_back(std::move(sockets.client));
        servers.push_back(std::move(sockets.server));
    }
    recording_listener listener;
    // What the io_context has once comes with the first stream.
    const net::stream_ptr first = net::make_tcp_stream(std::move(servers[count]));
    const std::size_t before = ::mallinfo2().uordblks;
    if (before == 0) return; // a sanitizer's heap
    for (std::size_t i = 0; i != count; ++i) {
        streams.push_back(net::make_tcp_stream(std::move(servers[i])));
        streams.back()->set_listener(&listener);
        streams.back()->async_wait_readable();
    }
    run_ready(context);
    const std::size_t each = (::mallinfo2().uordblks - before) / count;
    MESSAGE("octets for each idle connection: " << each);
    CHECK(each <= 48);
}
