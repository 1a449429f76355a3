// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_DETAIL_SOCKET_SET_HPP
#define STOMPCHAT_NET_DETAIL_SOCKET_SET_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/platform.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::net::detail {

namespace asio = boost::asio;

class socket_stream;

/** The sockets of an io_context, in an epoll descriptor of their own, for which Asio waits as for any descriptor.
    Asio's own registration of a socket takes 300 octets, each of its waits as many again and a call of the system. Here a socket is
    registered once, for edges, and a wait is a bit.

    The rules:
    - A turn takes the events of at most `events_in_a_turn` sockets and tells their streams one after the other. Whatever else the
      io_context has to do comes between two turns.
    - Asio waits for the descriptor while any stream waits for anything, and only then: run() returns when nobody does.
    - A stream that goes away takes its events out of the turn under way, so none is told to the memory of a stream that was.
    - When a listener throws, the exception leaves the io_context's run() as that of any handler; the rest of the turn follows in the next.

    Thread safety: for the thread that runs the io_context. Memory: the events of one turn. */
class socket_set final : public asio::execution_context::service {
public:
    static inline asio::execution_context::id id;

    /// That of `context`, which makes it when it is asked for first. Throws what the system has against another epoll descriptor.
    STOMPCHAT_DECL static socket_set& of(asio::io_context& context);
    /// Makes it where a lack of descriptors can be told.
    STOMPCHAT_DECL static void prepare(asio::io_context& context, error_code& ec);
    STOMPCHAT_DECL explicit socket_set(asio::execution_context& owner);

    /// Registers a stream's socket; what it is ready for already counts as an edge. Throws std::bad_alloc only.
    STOMPCHAT_DECL void add(socket_stream& stream, int socket, bool for_writing);
    /// Registers it anew: the system looks whether it is ready, edge or not.
    STOMPCHAT_DECL void look_again(socket_stream& stream, int socket, bool for_writing);
    /// Takes a socket out that was registered, before it is closed.
    STOMPCHAT_DECL void remove(int socket) noexcept;

    /// The stream's wait that is over at once is told in a turn of its own. Throws std::bad_alloc only.
    STOMPCHAT_DECL void wake(socket_stream& stream);
    /// Nothing is told to it any more.
    STOMPCHAT_DECL void forget(socket_stream& stream) noexcept;

    /// A stream has begun to wait for something, or does not wait for anything any more.
    STOMPCHAT_DECL void begin_waiting();
    STOMPCHAT_DECL void end_waiting() noexcept;

    asio::io_context& context() const noexcept { return context_; }

private:
    static constexpr std::size_t events_in_a_turn = 128;
    class turn_end;

    void shutdown() override;
    void wait();
    void turn();
    void tell_woken();

    asio::io_context& context_;
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> poll_;
    std::size_t waiting_ = 0; // streams
    bool asked_ = false;      // Asio waits
    bool in_turn_ = false;
    std::array<platform::socket_event, events_in_a_turn> events_;
    std::size_t event_count_ = 0;
    std::size_t next_event_ = 0;
    socket_stream* told_ = nullptr;
    std::vector<socket_stream*> woken_; // null for one that has gone since
    std::vector<socket_stream*> telling_;
    std::size_t next_told_ = 0;
    bool wake_posted_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::net::detail

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/detail/socket_stream.hpp> // which comes with what both need
#endif

#endif
