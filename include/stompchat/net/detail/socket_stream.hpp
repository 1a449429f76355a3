// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_DETAIL_SOCKET_STREAM_HPP
#define STOMPCHAT_NET_DETAIL_SOCKET_STREAM_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/connected_socket.hpp>
#include <stompchat/net/detail/socket_set.hpp>
#include <stompchat/net/platform.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net::detail {

/** What plain and encrypted streams have in common: the socket, and the waits.

    The rules:
    - For each direction of the listener there is what it waits for: nothing, the socket in one of its own two directions, or nothing but
      its turn. TLS may read while it waits for the socket to be writable, and the other way round.
    - The system tells edges: that a socket has become readable, not that it is. may_read_ remembers the edge until a read has emptied the
      socket; a wait that finds it set ends at once.
    - A read that got less than it asked for has emptied the socket, and what comes later is another edge. Not so when the peer has ended
      its direction: that was told together with the last octets, so the end is read first.
    - Waiting for the socket to be writable is rare, and registers it anew each time. */
class socket_stream : public byte_stream {
public:
    void set_listener(stream_listener* listener) noexcept final { listener_ = listener; }

    void close() noexcept final {
        listener_ = nullptr;
        await(reading, event::nothing);
        await(writing, event::nothing);
        set_.forget(*this);
        if (!is_open()) return;
        do_close();
        if (registered_) set_.remove(socket_);
        platform::close(std::exchange(socket_, -1));
    }

    // Reads from the socket, and knows then whether there is more.
    std::size_t receive(std::span<char> into, error_code& ec) noexcept {
        const std::size_t taken = platform::receive(socket_, into, ec);
        if (taken < into.size() && !ended_) may_read_ = false;
        return taken;
    }

    std::size_t send(std::span<const asio::const_buffer> from, error_code& ec) const noexcept { return platform::send(socket_, from, ec); }

    endpoint_type remote_endpoint() const noexcept final { return platform::remote_endpoint(socket_); }

    executor_type executor() const noexcept final { return set_.context().get_executor(); }

protected:
    enum direction : std::uint8_t {
        reading,
        writing,
    };

    explicit socket_stream(connected_socket&& socket) : set_(socket_set::of(socket.context())), socket_(socket.release()) {}

    ~socket_stream() {
        if (is_open()) platform::close(socket_);
    }

    bool is_open() const noexcept { return socket_ >= 0; }
    int native_handle() const noexcept { return socket_; }
    bool may_read() const noexcept { return may_read_; }

    bool waits(direction what) const noexcept { return awaited_[what] != event::nothing; }

    // Tells the listener when the socket is readable.
    void wait_for_readable(direction what) {
        if (may_read_) return wake(what);
        await(what, event::readable);
        if (!registered_) register_socket();
    }

    // Tells the listener when the socket is writable.
    void wait_for_writable(direction what) {
        await(what, event::writable);
        watched_for_writing_ = true;
        if (registered_)
            set_.look_again(*this, socket_, true);
        else
            register_socket();
    }

    // Tells the listener in a turn of its own.
    void wake(direction what) {
        await(what, event::turn);
        set_.wake(*this);
    }

    // The last chance to say something; the socket is still open.
    virtual void do_close() noexcept {}

private:
    friend class socket_set;

    enum class event : std::uint8_t {
        nothing,
        readable,
        writable,
        turn,
    };

    void register_socket() {
        set_.add(*this, socket_, watched_for_writing_);
        registered_ = true;
    }

    void await(direction what, event for_what) {
        const bool before = waits(reading) || waits(writing);
        awaited_[what] = for_what;
        const bool now = waits(reading) || waits(writing);
        if (now && !before) set_.begin_waiting();
        if (before && !now) set_.end_waiting();
    }

    // From the set. `this` may be gone when they return.
    void note(const platform::socket_event& what) noexcept {
        ended_ = ended_ || what.ended;
        may_read_ = may_read_ || what.readable;
    }
    bool is_over(direction what, const platform::socket_event& by) const noexcept {
        return (awaited_[what] == event::readable && by.readable) || (awaited_[what] == event::writable && by.writable);
    }
    bool awaits_turn(direction what) const noexcept { return awaited_[what] == event::turn; }
    void tell(direction what) {
        await(what, event::nothing);
        if (listener_ == nullptr) return;
        if (what == reading)
            listener_->on_readable({});
        else
            listener_->on_writable({});
    }

    void dispose() noexcept final {
        close();
        delete this;
    }

    socket_set& set_;
    stream_listener* listener_ = nullptr;
    int socket_;
    event awaited_[2] = {event::nothing, event::nothing};
    bool registered_ : 1 = false;
    bool watched_for_writing_ : 1 = false;
    bool may_read_ : 1 = false;
    bool ended_ : 1 = false; // the peer's direction
};

} // namespace stompchat::inline STOMPCHAT_ABI::net::detail

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/socket_set.ipp>
#endif

#endif
