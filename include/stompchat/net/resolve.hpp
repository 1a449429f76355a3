// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_RESOLVE_HPP
#define STOMPCHAT_NET_RESOLVE_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/failure.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::net {

namespace asio = boost::asio;

/// What `HOST:PORT` says.
struct host_and_port {
    std::string host; ///< a name or an address, without brackets
    /// 0 lets the system choose one.
    std::uint16_t port = 0;
};

/** Reads `HOST:PORT`: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`. The host is never optional, because nobody is to listen to the whole
   world by leaving something out: `0.0.0.0:8080` and `[::]:8080` say it. Errors: error::bad_option, with a text that quotes the input. */
STOMPCHAT_DECL result<host_and_port> parse_host_and_port(std::string_view text);

/** The endpoints that `HOST:PORT` stands for: one for an address, each of its addresses for a name. Blocks while the name is looked up, so
   it is for the time before the shards run. Errors: error::bad_option, or the resolver's; the text quotes the input. */
STOMPCHAT_DECL result<std::vector<asio::ip::tcp::endpoint>> resolve_listen_address(std::string_view text);

/// The way back: `127.0.0.1:8080`, `[::1]:8080`.
STOMPCHAT_DECL std::string to_string(const asio::ip::tcp::endpoint& endpoint);

} // namespace stompchat::inline STOMPCHAT_ABI::net

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/resolve.ipp>
#endif

#endif
