// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_WEBSOCKET_RAW_PEER_HPP
#define STOMPCHAT_TESTS_WEBSOCKET_RAW_PEER_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace websocket_test {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Whatever a server owes, it gives within this time.
inline constexpr milliseconds time_limit{4000};

/* Frames as a client sends them, written octet by octet and not with the library's writers, so that they can be wrong. */

std::string octets(std::initializer_list<unsigned> values);

/// `value` in that many octets, in network order.
std::string big_endian(std::uint64_t value, std::size_t count);

struct raw_frame {
    unsigned first = 0x81; ///< FIN, reserved bits, opcode
    std::string payload;
    bool masked = true;
    /// Octets of the length field, 0 = the shortest encoding, and what it says instead of the payload's size.
    std::size_t length_octets = 0;
    std::uint64_t length = ~std::uint64_t{0} - 1;

    std::string text() const;
};

inline std::string client_frame(unsigned first, std::string payload = {}) { return raw_frame{first, std::move(payload)}.text(); }
inline std::string close_frame(unsigned code, std::string_view reason = {}) {
    return client_frame(0x88, big_endian(code, 2).append(reason));
}

/// A frame that a server sent, read by a parser that shares nothing with the library.
struct seen_frame {
    unsigned first = 0;
    std::string payload;
};

/// What a server answered to an HTTP request.
struct seen_answer {
    unsigned status = 0; ///< 0: there was no answer
    std::string head;
    std::string body;

    bool has(std::string_view line) const { return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos; }
};

/** A TCP connection that sends any octets, and whose waiting always ends.
    Thread safety: for one thread at a time. */
class raw_peer {
public:
    explicit raw_peer(std::uint16_t port);
    ~raw_peer();
    raw_peer(const raw_peer&) = delete;
    raw_peer& operator=(const raw_peer&) = delete;

    /// False when the connection is broken.
    bool send(std::string_view octets);
    /// One octet at a time, each in a packet of its own.
    bool drip(std::string_view octets, std::chrono::microseconds pause = std::chrono::microseconds(200));
    /// Ends the outgoing direction.
    void shut();

    /** Reads until `enough(received())`, the end of the stream or the time limit. Returns whether it was enough. */
    template <class F>
    bool read_until(F enough, milliseconds limit = time_limit) {
        const auto deadline = clock::now() + limit;
        while (!enough()) {
            if (ended_ || !read_some(deadline)) return enough();
        }
        return true;
    }
    /// Reads to the end of the stream. False: it did not come in time, or the connection was reset.
    bool read_to_end(milliseconds limit = time_limit) {
        read_until([] { return false; }, limit);
        return ended_ && !reset_;
    }

    /// Reads the answer to a request and takes it from received(). The body is there only when its length was told.
    seen_answer read_answer(milliseconds limit = time_limit);
    /// The opening handshake of a well-behaved client. Fails the test when it is refused.
    void upgrade(std::string_view path, std::string_view more_headers = {});

    /// Takes a whole frame from received(). A masked one, which no server may send, fails the test.
    std::optional<seen_frame> take_frame();
    std::vector<seen_frame> take_frames();
    /// The next frame that is no ping. Its `first` is 0 when none came.
    seen_frame read_frame(milliseconds limit = time_limit);

    std::string& received() { return received_; }
    bool ended() const { return ended_; }
    bool was_reset() const { return reset_; }

private:
    bool read_some(clock::time_point deadline);

    int socket_;
    std::string received_;
    bool ended_ = false;
    bool reset_ = false;
};

/// The 1.1 example of RFC 6455, for `path`, with other header lines added or in the place of `without`.
std::string upgrade_request(std::string_view path, std::string_view more = {}, std::initializer_list<std::string_view> without = {});

} // namespace websocket_test

#endif
