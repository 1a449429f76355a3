// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_CONNECTED_SOCKET_HPP
#define STOMPCHAT_NET_CONNECTED_SOCKET_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/platform.hpp>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net {

namespace asio = boost::asio;

/// A socket of Asio, for connecting. Its executor is not type-erased, like that of streams.
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

/** A connected socket that Asio does not watch, on its way to a stream. Owns the descriptor.
    Thread safety: distinct objects are independent. Lifetime: the io_context must outlive it. */
class connected_socket {
public:
    /// Takes a descriptor over.
    connected_socket(asio::io_context& context, int descriptor) noexcept : context_(&context), descriptor_(descriptor) {}

    /// Takes a connected socket out of Asio's hands; operations that are pending on it are cancelled.
    connected_socket(tcp_socket&& from) : context_(&from.get_executor().context()) {
        error_code failure;
        const int taken = from.release(failure);
        if (!failure) descriptor_ = taken;
    }

    /// Takes the descriptor over; `from` is empty afterwards.
    connected_socket(connected_socket&& from) noexcept : context_(from.context_), descriptor_(from.release()) {}
    /// Exchanges the two.
    connected_socket& operator=(connected_socket&& from) noexcept {
        std::swap(context_, from.context_);
        std::swap(descriptor_, from.descriptor_);
        return *this;
    }
    ~connected_socket() {
        if (descriptor_ >= 0) platform::close(descriptor_);
    }

    /// Whose thread it belongs to.
    asio::io_context& context() const noexcept { return *context_; }
    /// Negative when there is none.
    int native_handle() const noexcept { return descriptor_; }
    /// Gives the descriptor away.
    int release() noexcept { return std::exchange(descriptor_, -1); }

private:
    asio::io_context* context_;
    int descriptor_ = -1;
};

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
