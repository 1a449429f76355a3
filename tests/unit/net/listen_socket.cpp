// Boost Software License 1.0, see LICENSE

#include "stream_support.hpp"

#include <stompchat/net/listen_socket.hpp>
#include <stompchat/net/platform.hpp>
#include <stompchat/net/resolve.hpp>

#include <memory>

#include <fcntl.h>
#include <sys/resource.h>

using namespace net_test;

namespace {

const tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);

net::tcp_socket connect(asio::io_context& context, const tcp::endpoint& to) {
    net::tcp_socket socket(context.get_executor());
    socket.connect(to);
    return socket;
}

class recording_accept_listener : public net::accept_listener {
public:
    void on_accepted(net::connected_socket socket) override {
        accepted.push_back(std::move(socket));
        if (when_accepted) when_accepted();
    }
    void on_accept_error(error_code ec) override { errors.push_back(ec); }

    std::vector<net::connected_socket> accepted;
    std::vector<error_code> errors;
    std::function<void()> when_accepted;
};

bool has_ipv6() {
    asio::io_context context;
    asio::io_context* const only[] = {&context};
    return net::open_acceptors(tcp::endpoint(asio::ip::address_v6::loopback(), 0), only).has_value();
}

} // namespace

TEST_CASE("all shards listen on the same port, which the first one picks") {
    asio::io_context contexts[3];
    asio::io_context* const all[] = {&contexts[0], &contexts[1], &contexts[2]};
    const auto acceptors = net::open_acceptors(any_port, all);
    REQUIRE(acceptors.has_value());
    REQUIRE(acceptors->size() == 3);
    const tcp::endpoint bound = acceptors->front().local_endpoint();
    CHECK(bound.port() != 0);
    for (const auto& a : *acceptors) CHECK(a.local_endpoint() == bound);
}

TEST_CASE("a port that is taken is an error that names it, even if who has it shares it") {
    asio::io_context contexts[2];
    asio::io_context* const two[] = {&contexts[0], &contexts[1]};
    asio::io_context* const one[] = {&contexts[0]};
    for (const bool first_shares : {false, true}) {
        const auto first = first_shares ? net::open_acceptors(any_port, two) : net::open_acceptors(any_port, one);
        REQUIRE(first.has_value());
        const tcp::endpoint taken = first->front().local_endpoint();
        for (const bool second_shares : {false, true}) {
            CAPTURE(first_shares);
            CAPTURE(second_shares);
            const auto second = second_shares ? net::open_acceptors(taken, two) : net::open_acceptors(taken, one);
            REQUIRE_FALSE(second.has_value());
            CHECK(second.error().code == asio::error::address_in_use);
            CHECK(second.error().text.find(net::to_string(taken)) != std::string::npos);
            CHECK(second.error().text.find("in use") != std::string::npos);
        }
    }
}

TEST_CASE("a port is free again as soon as its acceptors are closed") {
    asio::io_context contexts[2];
    asio::io_context* const two[] = {&contexts[0], &contexts[1]};
    tcp::endpoint address = any_port;
    for (int i = 0; i != 3; ++i) {
        const auto acceptors = net::open_acceptors(address, two);
        REQUIRE(acceptors.has_value());
        address = acceptors->front().local_endpoint();
        // A connection that the server closes first keeps the port in TIME_WAIT.
        net::tcp_socket client = connect(contexts[0], address);
    }
}

TEST_CASE("an address that is not of this machine is refused") {
    asio::io_context context;
    asio::io_context* const one[] = {&context};
    const auto result = net::open_acceptors(tcp::endpoint(asio::ip::make_address("192.0.2.1"), 1), one);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().text.find("192.0.2.1:1") != std::string::npos);
}

TEST_CASE("the same port can be listened on for IPv4 and IPv6") {
    if (!has_ipv6()) return;
    asio::io_context context;
    asio::io_context* const one[] = {&context};
    const auto six = net::open_acceptors(tcp::endpoint(asio::ip::address_v6::any(), 0), one);
    REQUIRE(six.has_value());
    const auto four = net::open_acceptors(tcp::endpoint(asio::ip::address_v4::any(), six->front().local_endpoint().port()), one);
    CHECK(four.has_value());
}

TEST_CASE("connections are spread over the shards, and all are accepted") {
    asio::io_context contexts[2];
    asio::io_context* const two[] = {&contexts[0], &contexts[1]};
    auto acceptors = net::open_acceptors(any_port, two);
    REQUIRE(acceptors.has_value());
    recording_accept_listener listeners[2];
    net::accept_loop first(std::move((*acceptors)[0]), listeners[0]);
    net::accept_loop second(std::move((*acceptors)[1]), listeners[1]);
    first.start();
    second.start();
    std::vector<net::tcp_socket> clients;
    for (int i = 0; i != 200; ++i) clients.push_back(connect(contexts[0], first.local_endpoint()));
    run_until(contexts[0], [&] {
        run_ready(contexts[1]);
        return listeners[0].accepted.size() + listeners[1].accepted.size() == 200;
    });
    CHECK(listeners[0].accepted.size() > 20);
    CHECK(listeners[1].accepted.size() > 20);
    // Non-blocking, and not inherited by other programs.
    const int descriptor = listeners[0].accepted.front().native_handle();
    CHECK((::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("an accept loop can be stopped within a call of its listener, and its port is free then") {
    asio::io_context context;
    asio::io_context* const one[] = {&context};
    auto acceptors = net::open_acceptors(any_port, one);
    REQUIRE(acceptors.has_value());
    recording_accept_listener listener;
    auto loop = std::make_unique<net::accept_loop>(std::move(acceptors->front()), listener);
    const tcp::endpoint address = loop->local_endpoint();
    listener.when_accepted = [&] { loop.reset(); };
    loop->start();
    net::tcp_socket clients[] = {connect(context, address), connect(context, address)};
    context.restart();
    context.run(); // ends: nothing is pending
    CHECK(listener.accepted.size() == 1);
    CHECK(net::open_acceptors(address, one).has_value());
}

TEST_CASE("an accept loop may be destroyed with its io_context right behind it") {
    asio::io_context context;
    asio::io_context* const one[] = {&context};
    auto acceptors = net::open_acceptors(any_port, one);
    recording_accept_listener listener;
    net::accept_loop loop(std::move(acceptors->front()), listener);
    loop.start();
    run_ready(context);
    loop.stop();
    loop.stop();
}

TEST_CASE("without descriptors an accept loop tells so once, pauses, and goes on when there are some again") {
    asio::io_context context;
    asio::io_context* const one[] = {&context};
    auto acceptors = net::open_acceptors(any_port, one);
    recording_accept_listener listener;
    net::accept_loop loop(std::move(acceptors->front()), listener);
    loop.start();
    std::vector<net::tcp_socket> clients;

    for (std::size_t round = 1; round != 3; ++round) {
        clients.push_back(connect(context, loop.local_endpoint()));
        // The limit is put to the next free descriptor, so that there is none.
        rlimit before{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        const int next = ::dup(0);
        ::close(next);
        rlimit low = before;
        low.rlim_cur = static_cast<rlim_t>(next);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
        std::size_t handlers = 0;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
        while (std::chrono::steady_clock::now() < deadline) {
            context.restart();
            handlers += context.run_one_until(deadline);
        }
        ::setrlimit(RLIMIT_NOFILE, &before);
        CHECK(listener.accepted.size() == round - 1);
        REQUIRE(listener.errors.size() == round);
        CHECK(listener.errors.back() == asio::error::no_descriptors);
        CHECK(handlers < 10); // it did not spin

        run_until(context, [&] { return listener.accepted.size() == round; });
        CHECK(listener.errors.size() == round);
    }
}

TEST_CASE("accept failures are told apart by what they call for") {
    using net::platform::accept_failure;
    const auto kind = [](int value) { return net::platform::classify_accept_failure({value, boost::system::system_category()}); };
    CHECK(kind(EAGAIN) == accept_failure::none_waiting);
    for (const int value : {ECONNABORTED, EPROTO, EPERM, ENETUNREACH}) CHECK(kind(value) == accept_failure::connection_gone);
    for (const int value : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF}) CHECK(kind(value) == accept_failure::shortage);
}
