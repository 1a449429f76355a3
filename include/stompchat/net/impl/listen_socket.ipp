// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_LISTEN_SOCKET_IPP
#define STOMPCHAT_NET_IMPL_LISTEN_SOCKET_IPP

#include <stompchat/net/detail/socket_set.hpp>
#include <stompchat/net/listen_socket.hpp>
#include <stompchat/net/platform.hpp>
#include <stompchat/net/resolve.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <cassert>
#include <chrono>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net {
namespace detail {

inline void open_acceptor(tcp_acceptor& acceptor, const asio::ip::tcp::endpoint& address, bool join, bool share, int backlog,
                          error_code& ec) {
    acceptor.open(address.protocol(), ec);
    // A server that restarts may have its old connections' port again; on Linux this does not let two servers listen on it.
    if (!ec) acceptor.set_option(tcp_acceptor::reuse_address(true), ec);
    if (!ec && address.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), ec);
    if (!ec && join) platform::set_reuse_port(acceptor.native_handle(), ec);
    if (!ec) acceptor.bind(address, ec);
    // The first socket is bound without SO_REUSEPORT, which fails if anybody has the port, and lets only its own companions in afterwards:
    // until it is set, and for other users' processes even then, nobody else can take the port.
    if (!ec && share && !join) platform::set_reuse_port(acceptor.native_handle(), ec);
    if (!ec) acceptor.listen(backlog, ec);
}

} // namespace detail

STOMPCHAT_DECL result<std::vector<tcp_acceptor>>
open_acceptors(const asio::ip::tcp::endpoint& address, std::span<asio::io_context* const> contexts, const listen_options& options) {
    assert(!contexts.empty());
    std::vector<tcp_acceptor> acceptors;
    acceptors.reserve(contexts.size());
    asio::ip::tcp::endpoint bound = address;
    for (asio::io_context* const context : contexts) {
        const bool join = !acceptors.empty();
        tcp_acceptor acceptor(context->get_executor());
        error_code ec;
        detail::open_acceptor(acceptor, bound, join, contexts.size() > 1, options.backlog, ec);
        if (!ec && !join) bound = acceptor.local_endpoint(ec);
        if (!ec) detail::socket_set::prepare(*context, ec);
        if (ec) return failure(ec, "cannot listen on " + to_string(address) + ": " + ec.message());
        acceptors.push_back(std::move(acceptor));
    }
    return acceptors;
}

struct accept_loop::core : std::enable_shared_from_this<core> {
    using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                             asio::io_context::executor_type>;

    // Handlers of other connections come in between.
    static constexpr int accepted_in_a_turn = 64;
    static constexpr std::chrono::milliseconds pause{100};

    core(tcp_acceptor&& a, accept_listener& l) : acceptor(std::move(a)), pause_timer(acceptor.get_executor()), listener(&l) {}

    void wait() {
        acceptor.async_wait(tcp_acceptor::wait_read, [self = shared_from_this()](error_code ec) {
            if (self->listener == nullptr) return;
            if (ec) {
                self->rest(ec);
            } else {
                self->accept_some();
            }
        });
    }

    void accept_some() {
        for (int i = 0; i != accepted_in_a_turn; ++i) {
            error_code ec;
            const int accepted = platform::accept(acceptor.native_handle(), ec);
            if (!ec) {
                short_of_resources = false;
                listener->on_accepted(connected_socket(acceptor.get_executor().context(), accepted));
                if (listener == nullptr) return;
                continue;
            }
            switch (platform::classify_accept_failure(ec)) {
            case platform::accept_failure::none_waiting: return wait();
            case platform::accept_failure::connection_gone: break;
            case platform::accept_failure::shortage: return rest(ec);
            }
        }
        wait();
    }

    void rest(error_code ec) {
        if (!std::exchange(short_of_resources, true)) {
            listener->on_accept_error(ec);
            if (listener == nullptr) return;
        }
        pause_timer.expires_after(pause);
        pause_timer.async_wait([self = shared_from_this()](error_code) {
            if (self->listener != nullptr) self->accept_some();
        });
    }

    tcp_acceptor acceptor;
    timer pause_timer;
    accept_listener* listener; // null once stopped
    bool short_of_resources = false;
};

STOMPCHAT_DECL accept_loop::accept_loop(tcp_acceptor acceptor, accept_listener& listener)
    : core_(std::make_shared<core>(std::move(acceptor), listener)) {}

STOMPCHAT_DECL accept_loop::~accept_loop() { stop(); }

STOMPCHAT_DECL void accept_loop::start() { core_->wait(); }

STOMPCHAT_DECL void accept_loop::stop() noexcept {
    core_->listener = nullptr;
    error_code ignored;
    core_->acceptor.close(ignored);
    try {
        core_->pause_timer.cancel();
    } catch (...) {
        // It then fires once more and finds that it is stopped.
    }
}

STOMPCHAT_DECL asio::ip::tcp::endpoint accept_loop::local_endpoint() const noexcept {
    error_code ignored;
    return core_->acceptor.local_endpoint(ignored);
}

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
