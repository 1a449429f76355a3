// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FAULTS_RECORDER_CLIENT_HPP
#define STOMPCHAT_TESTS_FAULTS_RECORDER_CLIENT_HPP

/*  The people in the rooms. Raw ones speak STOMP by themselves (raw_link), the others through stompchat::client::connection. */

#include "checker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

/** What all clients have in common: the nodes, and where to write down what happens. */
struct world {
    boost::asio::io_context& context;
    checker& eye;
    std::vector<boost::asio::ip::tcp::endpoint> tcp;
    std::vector<std::string> urls;
    /// Distinguishes the names of this run from those of others.
    std::string run;
    std::uint64_t seed = 0;
    /// Octets that every body has at least.
    std::size_t filler = 0;
    /// How a message gets to the checker.
    std::function<void(subscriber_id, std::string_view body, std::string_view message_id)> deliver;
    /// Words for the log.
    std::function<void(const std::string&)> say;
};

class client {
public:
    virtual ~client() = default;
    virtual void open() = 0;
    /// Connected, and all its subscriptions are live.
    virtual bool up() const = 0;
    virtual void close() = 0;
    /// Its connection is gone without a word.
    virtual void vanish() {}
    /// Reads nothing until release().
    virtual void hold() {}
    virtual void release() {}
};

/// Where a sender sends to.
struct target {
    stream_id stream;
    std::string destination;
};

class sender : public client {
public:
    /// Sends up to so many, as its window allows, to its targets in turn.
    virtual void send(std::size_t count) = 0;
    /// Sends one to the target with this number.
    virtual void send_to(std::size_t target) = 0;

    std::uint64_t receipts = 0;
};

/// What a subscriber is subscribed to.
struct place {
    subscriber_id who;
    std::string destination;
};

using sender_ptr = std::unique_ptr<sender>;
using client_ptr = std::unique_ptr<client>;

/// How a raw sender makes its SENDs safe.
enum class care {
    keyed,       ///< `idempotency-key`
    none,        ///< repeats without one
    transaction, ///< several SENDs with keys in one transaction, repeated as a whole
};
sender_ptr make_raw_sender(world& in, std::size_t number, care how, std::vector<target> targets);
sender_ptr make_library_sender(world& in, std::size_t number, std::vector<target> targets);

/// How a subscriber comes back.
enum class memory {
    token,        ///< `resume-after`
    acknowledged, ///< the same with `ack:client-individual`
    durable,      ///< `durable` with `ack:client-individual`
};
/// `login` names a user of its own when it is empty. `octets_per_tick` as raw_options has it.
client_ptr make_raw_subscriber(world& in, std::size_t number, std::string login, memory how, std::vector<place> places,
                               std::size_t octets_per_tick = 0);
client_ptr make_library_subscriber(world& in, std::size_t number, std::string login, memory how, std::vector<place> places);

} // namespace faults

#endif
