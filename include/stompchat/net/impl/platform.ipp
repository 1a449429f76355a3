// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_PLATFORM_IPP
#define STOMPCHAT_NET_IMPL_PLATFORM_IPP

#include <stompchat/net/platform.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace stompchat::inline STOMPCHAT_ABI::net::platform {
namespace detail {

inline error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

// IOV_MAX of Linux: what sendmsg takes in one call.
inline constexpr std::size_t max_gather = 1024;

inline void set_option(int socket, int level, int name, int value) noexcept { ::setsockopt(socket, level, name, &value, sizeof value); }

inline void poll_control(int poll, int how, int socket, void* whose, bool for_writing, error_code& ec) noexcept {
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (for_writing ? EPOLLOUT : 0u);
    wanted.data.ptr = whose;
    ec = ::epoll_ctl(poll, how, socket, &wanted) == 0 ? error_code{} : last_error();
}

} // namespace detail

STOMPCHAT_DECL std::size_t receive(int socket, std::span<char> into, error_code& ec) noexcept {
    ec = {};
    if (into.empty()) return 0;
    ssize_t taken;
    do {
        taken = ::recv(socket, into.data(), into.size(), MSG_DONTWAIT);
    } while (taken < 0 && errno == EINTR);
    if (taken > 0) return static_cast<std::size_t>(taken);
    ec = taken == 0 ? error_code(asio::error::eof) : detail::last_error();
    return 0;
}

STOMPCHAT_DECL std::size_t send(int socket, std::span<const asio::const_buffer> from, error_code& ec) noexcept {
    ec = {};
    if (from.size() == 1 && from.front().size() != 0) {
        // The common case by far, and cheaper than a gather write of one piece.
        ssize_t taken;
        do {
            taken = ::send(socket, from.front().data(), from.front().size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        } while (taken < 0 && errno == EINTR);
        if (taken >= 0) return static_cast<std::size_t>(taken);
        ec = detail::last_error();
        return 0;
    }
    std::size_t total = 0;
    while (!from.empty()) {
        iovec pieces[detail::max_gather];
        std::size_t count = 0;
        std::size_t offered = 0;
        for (; !from.empty() && count != detail::max_gather; from = from.subspan(1)) {
            const asio::const_buffer& piece = from.front();
            if (piece.size() == 0) continue;
            pieces[count++] = {const_cast<void*>(piece.data()), piece.size()};
            offered += piece.size();
        }
        if (count == 0) break;
        msghdr message{};
        message.msg_iov = pieces;
        message.msg_iovlen = count;
        ssize_t taken;
        do {
            taken = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        } while (taken < 0 && errno == EINTR);
        if (taken < 0) {
            // What was taken before counts; the error will be there again.
            if (total == 0) ec = detail::last_error();
            return total;
        }
        total += static_cast<std::size_t>(taken);
        if (static_cast<std::size_t>(taken) < offered) break;
    }
    return total;
}

STOMPCHAT_DECL void shutdown_send(int socket) noexcept { ::shutdown(socket, SHUT_WR); }

STOMPCHAT_DECL asio::ip::tcp::endpoint remote_endpoint(int socket) noexcept {
    asio::ip::tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    if (::getpeername(socket, peer.data(), &size) != 0) return {};
    return peer;
}

STOMPCHAT_DECL int open_poll(error_code& ec) noexcept {
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    ec = poll >= 0 ? error_code{} : detail::last_error();
    return poll;
}

STOMPCHAT_DECL void poll_add(int poll, int socket, void* whose, bool for_writing, error_code& ec) noexcept {
    detail::poll_control(poll, EPOLL_CTL_ADD, socket, whose, for_writing, ec);
}

STOMPCHAT_DECL void poll_change(int poll, int socket, void* whose, bool for_writing, error_code& ec) noexcept {
    detail::poll_control(poll, EPOLL_CTL_MOD, socket, whose, for_writing, ec);
}

STOMPCHAT_DECL void poll_remove(int poll, int socket) noexcept {
    epoll_event unused{};
    ::epoll_ctl(poll, EPOLL_CTL_DEL, socket, &unused);
}

STOMPCHAT_DECL std::size_t poll_take(int poll, std::span<socket_event> into) noexcept {
    constexpr std::size_t most = 128;
    epoll_event ready[most];
    const int count = ::epoll_wait(poll, ready, static_cast<int>(std::min(into.size(), most)), 0);
    // Interrupted by a signal, or nothing was there: whoever waits for the descriptor is told again.
    if (count <= 0) return 0;
    for (std::size_t i = 0; i != static_cast<std::size_t>(count); ++i) {
        const std::uint32_t what = ready[i].events;
        const bool ended = (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        into[i] = {ready[i].data.ptr, ended || (what & EPOLLIN) != 0, (what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0, ended};
    }
    return static_cast<std::size_t>(count);
}

STOMPCHAT_DECL int accept(int listening, error_code& ec) noexcept {
    ec = {};
    int socket;
    do {
        socket = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (socket < 0 && errno == EINTR);
    if (socket < 0) ec = detail::last_error();
    return socket;
}

STOMPCHAT_DECL void close(int socket) noexcept { ::close(socket); }

STOMPCHAT_DECL accept_failure classify_accept_failure(const error_code& ec) noexcept {
    switch (ec.value()) {
    case EAGAIN: return accept_failure::none_waiting;
    // accept(2): errors that are already pending on the new connection, and firewall rules that forbid it (EPERM).
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM: return accept_failure::connection_gone;
    default: return accept_failure::shortage;
    }
}

STOMPCHAT_DECL void apply(int socket, const socket_options& options) noexcept {
    if (options.no_delay) detail::set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    if (!options.keep_alive) return;
    detail::set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.keep_alive_idle.count()));
    detail::set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options.keep_alive_interval.count()));
    detail::set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, options.keep_alive_probes);
    detail::set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

STOMPCHAT_DECL void set_reuse_port(int socket, error_code& ec) noexcept {
    const int on = 1;
    ec = ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 ? error_code{} : detail::last_error();
}

STOMPCHAT_DECL std::size_t raise_descriptor_limit(std::size_t wanted) noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur < wanted) {
        rlimit raised = limit;
        raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
        if (raised.rlim_cur > limit.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return static_cast<std::size_t>(limit.rlim_cur);
}

STOMPCHAT_DECL void set_thread_name(const char* name) noexcept {
    char cut[16] = {};
    for (std::size_t i = 0; i != sizeof cut - 1 && name[i] != '\0'; ++i) cut[i] = name[i];
    ::pthread_setname_np(::pthread_self(), cut);
}

} // namespace stompchat::inline STOMPCHAT_ABI::net::platform

#endif
