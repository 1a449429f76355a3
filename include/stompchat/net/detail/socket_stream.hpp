// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_DETAIL_SOCKET_STREAM_HPP
#define STOMPCHAT_NET_DETAIL_SOCKET_STREAM_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>

#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstdint>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net::detail {

/** What plain and encrypted streams have in common: the socket, the waits, and a life that ends when the owner and all waits are done.

    The rules:
    - The owner counts for one reference, each operation that Asio holds for one more. Counting needs no atomics: everything happens on one
   thread.
    - A bit of waiting_ is set from the request of a wait until the listener is told. Closing clears the bits and forgets the listener, so
   that what Asio hands back later finds nothing to do.
    - A bit of pending_ is set while Asio holds the operation. A wait that wake() cut short leaves its operation behind, and the next wait
   for the same thing uses it: the event it stands for has not been reported yet. So their number is bounded, however often the directions
   of TLS wake each other. */
class socket_stream : public byte_stream {
public:
    void set_listener(stream_listener* listener) noexcept final { listener_ = listener; }

    void close() noexcept final {
        listener_ = nullptr;
        waiting_ = 0;
        if (!socket_.is_open()) return;
        do_close();
        error_code ignored;
        socket_.close(ignored);
    }

    endpoint_type remote_endpoint() const noexcept final {
        error_code ignored;
        return socket_.remote_endpoint(ignored);
    }

    executor_type executor() const noexcept final { return const_cast<tcp_socket&>(socket_).get_executor(); }

protected:
    enum direction : std::uint8_t {
        reading = 1,
        writing = 2
    };

    explicit socket_stream(tcp_socket&& socket) noexcept : socket_(std::move(socket)) {}

    bool is_open() const noexcept { return socket_.is_open(); }
    int native_handle() const noexcept { return const_cast<tcp_socket&>(socket_).native_handle(); }

    bool waits(direction what) const noexcept { return (waiting_ & what) != 0; }

    // Tells the listener when the socket is ready for `type`.
    void wait_for(tcp_socket::wait_type type, direction what) {
        waiting_ |= what;
        const completion done(this, what, type == tcp_socket::wait_read ? source::readable : source::writable);
        if (done.begin()) socket_.async_wait(type, done);
    }

    // Tells the listener in the next turn.
    void wake(direction what) {
        waiting_ |= what;
        const completion done(this, what, source::posted);
        if (done.begin()) asio::post(socket_.get_executor(), done);
    }

    // The last chance to say something; the socket is still open.
    virtual void do_close() noexcept {}

private:
    enum class source : std::uint8_t {
        readable = 1,
        writable = 2,
        posted = 4
    };

    struct completion {
        completion(socket_stream* s, direction d, source from) noexcept
            : stream(s), what(d), bit(static_cast<std::uint8_t>(static_cast<unsigned>(from) << (d == reading ? 0 : 3))) {}

        // False if Asio holds the same operation already.
        bool begin() const noexcept {
            if ((stream->pending_ & bit) != 0) return false;
            stream->pending_ |= bit;
            return true;
        }

        void operator()(error_code ec = {}) const {
            stream->pending_ = static_cast<std::uint8_t>(stream->pending_ & ~bit);
            if (!stream->waits(what)) return;
            stream->waiting_ = static_cast<std::uint8_t>(stream->waiting_ & ~what);
            stream_listener* const listener = stream->listener_;
            if (listener == nullptr) return;
            if (what == reading) {
                listener->on_readable(ec);
            } else {
                listener->on_writable(ec);
            }
        }

        boost::intrusive_ptr<socket_stream> stream;
        direction what;
        std::uint8_t bit;
    };

    friend void intrusive_ptr_add_ref(socket_stream* s) noexcept { ++s->references_; }
    friend void intrusive_ptr_release(socket_stream* s) noexcept {
        if (--s->references_ == 0) delete s;
    }

    void dispose() noexcept final {
        close();
        intrusive_ptr_release(this);
    }

    tcp_socket socket_;
    stream_listener* listener_ = nullptr;
    std::uint32_t references_ = 1;
    std::uint8_t waiting_ = 0;
    std::uint8_t pending_ = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI::net::detail

#endif
