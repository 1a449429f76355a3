// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_BENCH_LOAD_CLIENT_HPP
#define STOMPCHAT_BENCH_LOAD_CLIENT_HPP

#include "loop.hpp"

#include <stompchat/stomp/decoder.hpp>
#include <stompchat/websocket/decoder.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

class client;

/** Whom clients tell what happens to them. */
struct client_listener {
    /// It is connected and, if it is to have one, its subscription is confirmed.
    virtual void on_open(client& who) = 0;
    virtual void on_message(client& who, std::string_view body) = 0;
    /// The connection has ended. `reason` is empty if it was meant to.
    virtual void on_closed(client& who, std::string_view reason) = 0;

protected:
    ~client_listener() = default;
};

/** What a client does when it is connected. */
struct client_options {
    std::uint16_t port = 0;
    /// In milliseconds, both ways; zero = none.
    std::uint32_t heart_beat = 0;
    /// Of the socket, in octets; zero = what the system gives.
    int receive_buffer = 0;
};

/** A STOMP 1.2 client over WebSocket with at most one subscription, whose id is 0. Not pooled, not general: it exists to be cheap next to
    the server that it drives.
    Thread safety: for the loop's thread. Lifetime: `options` and `listener` outlive it. */
class client final : public ready_handler {
public:
    /// `destination` may be empty: no subscription.
    client(loop& on, const client_options& options, client_listener& listener, std::string destination);
    ~client();
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    /// Begins to connect; on_open() follows. Throws std::system_error when no socket can be had.
    void open();
    /// DISCONNECT with a receipt, and the closing handshake; on_closed() follows.
    void leave();
    /// Ends without a word; on_closed() does not follow.
    void abandon();

    /// Queues a SEND; flush() writes it.
    void send(std::string_view destination, std::string_view body);
    void send_heart_beat();
    void flush();

    /// A client that does not read leaves what comes in the sockets' buffers.
    void set_reading(bool on);

    /// From now on it remembers the token of what it had last; its SUBSCRIBE goes on behind `token`, if that is not empty.
    void remember_token(std::string token) {
        remembers_ = true;
        token_ = std::move(token);
    }
    const std::string& token() const noexcept { return token_; }
    /// Whether its RECEIPT said `recovered:true`.
    bool recovered() const noexcept { return recovered_; }

    const std::string& destination() const noexcept { return destination_; }
    bool is_open() const noexcept { return phase_ == phase::open; }

    // For the listener: the number that the subscription should bring next, how much it brought, and the client's room.
    std::uint64_t next_number = 0;
    std::uint64_t deliveries = 0;
    std::uint32_t room = 0;

private:
    enum class phase : std::uint8_t {
        idle,
        connecting,
        upgrading,
        logging_in,
        subscribing,
        open,
        leaving,
        closed,
    };

    void on_ready(std::uint32_t events) override;
    void read();
    void take(std::span<char> octets);
    void take_stomp(std::string_view octets);
    void on_frame(const stompchat::stomp::frame_view& frame);
    void say(std::string_view octets);
    void say_masked(unsigned opcode, std::string_view payload);
    void end(std::string_view reason);
    void watch();

    loop& loop_;
    const client_options& options_;
    client_listener& listener_;
    std::string destination_;
    std::string out_;
    std::string answer_; // to the upgrade, until it is complete
    stompchat::websocket::decoder websocket_;
    stompchat::stomp::decoder stomp_;
    int fd_ = -1;
    phase phase_ = phase::idle;
    bool reading_ = true;
    bool remembers_ = false;
    bool recovered_ = false;
    std::string token_;
};

} // namespace bench

#endif
