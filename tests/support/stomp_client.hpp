// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_SUPPORT_STOMP_CLIENT_HPP
#define STOMPCHAT_TESTS_SUPPORT_STOMP_CLIENT_HPP

#include <stompchat/net/byte_stream.hpp>
#include <stompchat/net/tls_context.hpp>
#include <stompchat/stomp/decoder.hpp>
#include <stompchat/stomp/frame.hpp>
#include <stompchat/stomp/version.hpp>
#include <stompchat/websocket/decoder.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat_test {

namespace net = stompchat::net;
namespace stomp = stompchat::stomp;
using stomp::command;
using headers = std::vector<std::pair<std::string, std::string>>;

/// Only a test that fails waits for so long.
inline constexpr std::chrono::seconds patience{20};

/// Something that a server sent.
struct received {
    enum class kind {
        frame,
        heart_beat,
        ping,
        close, ///< a WebSocket close frame: `code`, and the reason in `body`
        end,   ///< of the stream: `body` says why, when it is not the regular end
    };

    /// The first header of that name, or `(absent)`.
    std::string operator[](std::string_view name) const;
    std::size_t count(std::string_view name) const;

    kind what = kind::frame;
    command cmd = command::error;
    headers fields;
    std::string body;
    bool text = false; ///< it came as WebSocket text
    std::uint16_t code = 0;
};

std::string describe(const received& one);

/// How to reach a server.
struct client_options {
    bool websocket = true;
    const net::tls_context* tls = nullptr;
    std::string target = "/ws";
    /// Offered subprotocols; empty = none.
    std::string subprotocols = "v12.stomp, v11.stomp, v10.stomp";
    /// More lines of the upgrade request.
    headers more;
    /// The kernel's buffer for what comes, in octets; 0 = the system's choice. A small one makes a client that does not read felt soon.
    int receive_buffer = 0;
};

/** A STOMP client whose functions read like the arrows of a sequence diagram: `client.send(...)`, `client.expect(...)`. What it waits for
    must come within `patience`, and nothing else before it, or the test fails; heart-beats and pings are passed over, pings are answered.
    It reads only inside functions that wait, so a client that is left alone is a slow one.
    Thread safety: for one thread at a time. */
class stomp_client : private net::stream_listener {
public:
    using endpoint = boost::asio::ip::tcp::endpoint;

    /// Connects, and for WebSocket upgrades.
    explicit stomp_client(const endpoint& server, client_options how = {});
    stomp_client(const stomp_client&) = delete;
    stomp_client& operator=(const stomp_client&) = delete;
    virtual ~stomp_client();

    // What it sends. Nothing waits: what the socket does not take goes out whenever the client waits for something.
    void send_frame(command cmd, const headers& fields, std::string_view body = {});
    void send_octets(std::string_view stomp); ///< as one WebSocket message, or as they are
    void send_wire(std::string_view octets);  ///< past the WebSocket framing
    void send_close(std::uint16_t code);
    void send(std::string_view destination, std::string_view body, headers more = {});
    void subscribe(std::string_view id, std::string_view destination, headers more = {});
    void unsubscribe(std::string_view id, headers more = {});
    void ack(std::string_view id, headers more = {});
    void disconnect(std::string_view receipt);

    // What it expects next.
    received expect(command cmd);
    void expect_receipt(std::string_view id);
    /// A RECEIPT with that id, whatever else has come before it and stays there: a message and the RECEIPT of its SEND have no order.
    received take_receipt(std::string_view id);
    received expect_message(std::string_view body);
    /// An ERROR whose `message` or body contains `text`.
    received expect_error(std::string_view text);
    /// The WebSocket close frame with that code, which is answered, and the end of the stream; over TCP just that.
    std::string expect_close(std::uint16_t code);
    void expect_end();
    void expect_ping();
    void expect_heart_beat();

    // Both, in one line.
    received connect(headers more = {}, std::string_view versions = "1.2");
    void subscribe_and_wait(std::string_view id, std::string_view destination, headers more = {});
    received send_and_wait(std::string_view destination, std::string_view body, headers more = {});
    /// A frame goes to the server and is answered, and nothing comes before the answer.
    void expect_nothing();

    /// The next thing of any kind but heart-beats and pings, or nothing within the limit.
    std::optional<received> next(std::chrono::milliseconds limit = patience);
    /// Takes what is there without waiting for more; false when nothing has come.
    bool poll();
    /// Waits, sending and receiving, until the condition holds.
    bool wait_until(const std::function<bool()>& reached, std::chrono::milliseconds limit = patience);
    /// How much of what it had to send the socket has not taken.
    std::size_t unsent() const { return out_.size(); }
    /// What has come and nobody has taken.
    std::deque<received>& arrived() { return arrived_; }
    /// Lines of the answer to the upgrade request.
    const std::string& upgrade_answer() const { return answer_; }
    /// Ends the outgoing direction.
    void shut() { stream_->shutdown_send(); }
    /// Closes without a word.
    void vanish() { stream_->close(); }
    std::string new_receipt() { return "r-" + std::to_string(++receipts_); }

    bool answer_pings = true;
    stomp::version version = stomp::version::v1_2;

private:
    void on_readable(stompchat::error_code) override {}
    void on_writable(stompchat::error_code) override {}
    bool flush();
    bool move_octets();
    void take(std::span<char> octets);
    void take_stomp(std::string_view octets);
    void write_message(bool text, std::string_view payload);
    void upgrade(const endpoint& server);
    received take_next(std::string_view wanted);
    bool expect_kind(received::kind what);

    client_options how_;
    boost::asio::io_context context_;
    net::stream_ptr stream_;
    stompchat::websocket::decoder_options websocket_options_;
    stompchat::websocket::decoder websocket_;
    stomp::decode_limits limits_;
    stomp::parse_scratch scratch_;
    stomp::decoder decoder_;
    std::string out_;
    std::string answer_;
    std::deque<received> arrived_;
    bool upgraded_ = false;
    bool text_ = false;
    bool ended_ = false;
    int receipts_ = 0;
};

} // namespace stompchat_test

#endif
