// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FAULTS_RECORDER_RECORDER_HPP
#define STOMPCHAT_TESTS_FAULTS_RECORDER_RECORDER_HPP

#include "checker.hpp"
#include "client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

struct recorder_options {
    /// Of each node: `ws://host:port/ws` and `host:port` of its STOMP listener.
    std::vector<std::string> urls;
    std::vector<std::string> tcp;
    std::string run;
    std::uint64_t seed = 1;
    std::size_t rooms = 3;
    std::size_t users = 2;
    /// How many messages all senders together begin in a second.
    std::size_t rate = 200;
    /// Octets that every body has at least.
    std::size_t filler = 0;
    /// How much the slow subscribers read in a tenth of a second: less than bursts bring.
    std::size_t slow_octets = 6 * 1024;
    /// `lost`, `duplicated` or `reordered`: what to do once to what a subscriber gets, to see that it is found.
    std::string inject;
    /// Where the clients of the library are left out, only raw ones are there.
    bool library = true;
};

/** Senders and subscribers of several rooms, and somebody who commands them over lines of standard input and answers with lines of JSON:

    | command | answer |
    |---|---|
    | (the start) | `ready` when every subscription is live |
    | `go`, `pause` | `ok`: the senders send, or no longer |
    | `progress` | the counts up to now |
    | `await <n>` | `ok` when since now every sender has n more receipts and every subscriber n more messages |
    | `await-up` | `ok` when every client is connected and subscribed |
    | `keys-may-be-lost`, `keys-are-kept` | `ok`: a SEND that is unanswered in between, and repeated, may be published twice |
    | `vanish` | `ok`: every raw client has lost its connection, the senders in the middle of a SEND |
    | `hold`, `release` | `ok`: the slow subscribers read nothing, or go on; meanwhile no `await <n>` waits for them |
    | `finish` | the report, when every subscriber has a last message of each room; then it ends |
    | `give-up` | the report, at once |

    An `await` may stand open while other commands are answered; a second one replaces it. Exit code 1: something was wrong. */
class recorder {
public:
    recorder(boost::asio::io_context& context, recorder_options options);
    void open();
    int exit_code() const noexcept { return exit_code_; }

private:
    void cast();
    void add_senders(const std::vector<std::pair<room_id, std::string>>& rooms);
    void add_subscribers(room_id room, std::size_t number, const std::string& destination, const std::string& login);
    void deliver(subscriber_id to, std::string_view body, std::string_view id);
    void record(subscriber_id to, std::string_view body, std::string_view id);
    void tick();
    void read_commands();
    void on_command(const std::string& line);
    void begin_await(std::size_t count);
    bool awaited() const;
    bool all_up() const;
    void say_last();
    bool all_have_last() const;
    void finish(bool complete);
    nlohmann::json counts() const;
    nlohmann::json report() const;
    void answer(const nlohmann::json& what) const;

    boost::asio::io_context& context_;
    const recorder_options options_;
    checker eye_;
    world world_;
    std::vector<sender_ptr> senders_;
    std::vector<client_ptr> subscribers_;
    std::vector<client*> slow_;
    std::vector<subscriber_id> slow_ids_;
    std::vector<room_id> rooms_of_subscribers_;
    std::vector<target> last_;         // the closing sender's targets, one for each room
    std::vector<number> last_numbers_; // what it said there
    boost::asio::steady_timer timer_;
    boost::asio::posix::stream_descriptor input_;
    boost::asio::streambuf line_;
    std::uint64_t ticks_ = 0;
    std::size_t due_ = 0; // in thousandths of messages
    std::size_t next_sender_ = 0;
    std::function<bool()> awaiting_; // null: nothing
    std::function<void()> then_;
    struct spoil {
        subscriber_id who = 0;
        std::uint64_t seen = 0;
        std::string body;
        std::string id;
    } spoil_;
    bool going_ = false;
    bool holding_ = false;
    int exit_code_ = 0;
};

} // namespace faults

#endif
