// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_BYTE_STREAM_HPP
#define STOMPCHAT_NET_BYTE_STREAM_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace stompchat::inline STOMPCHAT_ABI::net {

namespace asio = boost::asio;

/** Whom a stream tells that a wait is over. A plain interface instead of a handler for each wait, so that waiting costs no type erasure. */
class stream_listener {
public:
    /** The read that said would_block may make progress now. It need not: a wake-up can be spurious.
        `ec` is set only if waiting itself failed; then the connection is of no use any more. */
    virtual void on_readable(error_code ec) = 0;
    /// The same for the write that said would_block, or took less than it was offered.
    virtual void on_writable(error_code ec) = 0;

protected:
    ~stream_listener() = default;
};

/** One connection, plain or encrypted: non-blocking reads and writes, and waiting for them to be worth repeating.

    Reads and writes never block and never call the listener. A wait calls the listener once, from the stream's executor and never from
   within the call that began it. One wait of each kind is pending at most; asking again meanwhile changes nothing.

    Thread safety: distinct streams are independent; one stream belongs to the thread that runs its executor.
    Memory: an idle stream has no buffer. */
class byte_stream {
public:
    /// Not type-erased, see tcp_socket.
    using executor_type = asio::io_context::executor_type;
    /// A TCP address.
    using endpoint_type = asio::ip::tcp::endpoint;

    byte_stream(const byte_stream&) = delete;
    byte_stream& operator=(const byte_stream&) = delete;

    /** Reads what is there, at most `into.size()` octets. Fewer octets than asked for do not mean that there are no more.
        Errors, always with 0: asio::error::would_block; asio::error::eof at the peer's end of the stream (also when a TLS peer left
        without saying so: the protocols above know where their messages end); else the connection is broken. */
    virtual std::size_t read_some(std::span<char> into, error_code& ec) noexcept = 0;

    /** Writes the buffers in order, as if they were one (gather). Taking less than offered, 0 included, means that more would block.
        Octets that were offered and not taken must be what the next write begins with, unchanged, though perhaps at another address and
        cut into other buffers: TLS has already encrypted some of them. To abandon them, close.
        Errors, always with 0: asio::error::would_block; else the connection is broken. Never raises SIGPIPE. */
    virtual std::size_t write_some(std::span<const asio::const_buffer> from, error_code& ec) noexcept = 0;

    /** Calls listener.on_readable() when a read may make progress. It is no error to ask while there is still something to read: then the
       call comes soon. TLS waits for whatever its last read wanted, also the other direction. Throws std::bad_alloc only. */
    virtual void async_wait_readable() = 0;

    /// The same for writes and listener.on_writable().
    virtual void async_wait_writable() = 0;

    /** Who is told from now on, pending waits included. Lifetime: the listener must live until the stream is closed or destroyed, or
       another is set. Precondition: it is set before the first wait; null means that nobody is told. */
    virtual void set_listener(stream_listener* listener) noexcept = 0;

    /** Ends the outgoing direction (TLS: with close_notify); reading goes on. For use when everything has been written.
        A TCP connection that is closed while unread octets wait is reset, and what was written last may be lost with it: to be sure that
       the peer gets it, call this, read until eof or until a time limit, then close. */
    virtual void shutdown_send() noexcept = 0;

    /** Closes the connection, with a close_notify if TLS can send one at once. From here on the listener is not called any more, not even
       for pending waits, so that it may go away at once. Reads and writes fail from now on. Closing twice does nothing. */
    virtual void close() noexcept = 0;

    /// The address of the peer; a default-constructed one when the connection is not there any more.
    virtual endpoint_type remote_endpoint() const noexcept = 0;

    /// Where the listener is called.
    virtual executor_type executor() const noexcept = 0;

    /// Whether it is TLS.
    virtual bool is_encrypted() const noexcept = 0;

protected:
    byte_stream() = default;
    virtual ~byte_stream() = default;

private:
    friend struct stream_deleter;
    /// Closes the stream and deletes it as soon as no pending operation refers to it.
    virtual void dispose() noexcept = 0;
};

/// Closes and disposes of a stream, see stream_ptr.
struct stream_deleter {
    /// What std::unique_ptr calls.
    void operator()(byte_stream* stream) const noexcept { stream->dispose(); }
};

/** Owns a stream. It may be destroyed at any time on the stream's thread, also from within a call of the listener: the stream is closed,
   the listener is not called again, and the memory of a pending wait goes when Asio hands it back. Lifetime: must be destroyed before the
   io_context. */
using stream_ptr = std::unique_ptr<byte_stream, stream_deleter>;

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
