// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_TCP_STREAM_IPP
#define STOMPCHAT_NET_IMPL_TCP_STREAM_IPP

#include <stompchat/net/detail/socket_stream.hpp>
#include <stompchat/net/platform.hpp>
#include <stompchat/net/tcp_stream.hpp>

namespace stompchat::inline STOMPCHAT_ABI::net {
namespace detail {

class tcp_stream final : public socket_stream {
public:
    explicit tcp_stream(connected_socket&& socket) : socket_stream(std::move(socket)) {}

    std::size_t read_some(std::span<char> into, error_code& ec) noexcept override { return receive(into, ec); }

    std::size_t write_some(std::span<const asio::const_buffer> from, error_code& ec) noexcept override { return send(from, ec); }

    void async_wait_readable() override {
        if (!waits(reading)) wait_for_readable(reading);
    }

    void async_wait_writable() override {
        if (!waits(writing)) wait_for_writable(writing);
    }

    void shutdown_send() noexcept override { platform::shutdown_send(native_handle()); }

    bool is_encrypted() const noexcept override { return false; }
};

} // namespace detail

STOMPCHAT_DECL stream_ptr make_tcp_stream(connected_socket socket, const socket_options& options) {
    platform::apply(socket.native_handle(), options);
    return stream_ptr(new detail::tcp_stream(std::move(socket)));
}

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
