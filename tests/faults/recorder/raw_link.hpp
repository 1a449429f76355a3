// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FAULTS_RECORDER_RAW_LINK_HPP
#define STOMPCHAT_TESTS_FAULTS_RECORDER_RAW_LINK_HPP

/*  A STOMP 1.2 connection over TCP that shares no code with the library: what the library gets wrong on both sides this one still sees.
    When it is lost it is made anew, to the next of the nodes. */

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace faults {

/** A frame of the server. Views into what was received. */
struct raw_frame {
    std::string command;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    /// Empty when there is none.
    std::string_view value_of(std::string_view name) const;
};

/** Reads a frame from the beginning of `octets` and removes it, with the ends of line before it. False when it is not complete. */
bool take_frame(std::string& octets, raw_frame& into);

/** Whom a link tells. */
class raw_listener {
public:
    /// CONNECTED has come.
    virtual void on_up() = 0;
    virtual void on_frame(const raw_frame& frame) = 0;
    /// The session has ended: on_up() follows some time.
    virtual void on_down() = 0;

protected:
    ~raw_listener() = default;
};

/** Where to connect, and as whom. */
struct raw_options {
    std::vector<boost::asio::ip::tcp::endpoint> nodes;
    std::size_t first_node = 0;
    std::string login;
    std::uint64_t seed = 0;
    /// How many octets to read in a tenth of a second; 0 = all.
    std::size_t octets_per_tick = 0;
};

class raw_link {
public:
    raw_link(boost::asio::io_context& context, raw_options options, raw_listener& listener);
    raw_link(const raw_link&) = delete;
    ~raw_link();

    void open();
    bool up() const noexcept { return up_; }
    /// How often a session has begun.
    std::uint64_t sessions() const noexcept { return sessions_; }

    /// Dropped when there is no session.
    void write(std::string_view frame);
    /// Octets that wait for the socket.
    std::size_t waiting() const noexcept { return out_.size(); }

    /// The connection is gone without a word, as if the network had eaten it. With `octets`, these are the last that the server gets.
    void vanish(std::string_view octets = {});

    /// Reads nothing until release().
    void hold() { held_ = true; }
    void release();

    /// For good.
    void close();

private:
    using clock = std::chrono::steady_clock;

    void connect();
    void read();
    void flush();
    void tick();
    void take_input();
    void lose();

    boost::asio::io_context& context_;
    raw_options options_;
    raw_listener& listener_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    std::minstd_rand random_;
    std::array<char, 16 * 1024> buffer_;
    std::string in_;
    std::string out_;
    std::string writing_;
    clock::time_point heard_;
    clock::time_point again_; // when to connect
    std::size_t node_;
    std::size_t quota_ = 0;
    std::uint64_t sessions_ = 0;
    std::uint64_t life_ = 0; // of the present connection: handlers of an earlier one do nothing
    bool connecting_ = false;
    bool open_ = false;
    bool up_ = false;
    bool reading_ = false;
    bool held_ = false;
    bool closed_ = false;
};

} // namespace faults

#endif
