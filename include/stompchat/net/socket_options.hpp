// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_SOCKET_OPTIONS_HPP
#define STOMPCHAT_NET_SOCKET_OPTIONS_HPP

#include <stompchat/config.hpp>

#include <chrono>

namespace stompchat::inline STOMPCHAT_ABI::net {

/// How a connection's socket behaves.
struct socket_options {
    /// Send small messages at once (TCP_NODELAY). A session gathers what it has to say into one write, so waiting for more only adds delay.
    bool no_delay = true;

    /// Let TCP find out that a silent peer is gone: for protocols that have no heart-beats of their own.
    bool keep_alive = false;
    std::chrono::seconds keep_alive_idle{60};     ///< silence before the first probe
    std::chrono::seconds keep_alive_interval{15}; ///< between two probes
    int keep_alive_probes = 4;                    ///< unanswered probes after which the connection is broken
};

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
