// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CONTRACT_BROKER_CONTRACT_HPP
#define STOMPCHAT_TESTS_CONTRACT_BROKER_CONTRACT_HPP

#include <stompchat/ports/broker.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace contract {

/** A broker under test, not started yet, with an empty log of at least two partitions, and what an adapter can do to it behind the port's
    back. What it cannot do it leaves as it is here: the cases that need it are then passed over. */
class broker_subject {
public:
    virtual ~broker_subject() = default;
    virtual stompchat::broker& broker() = 0;

    /// A length that a message may not have, in octets.
    virtual std::optional<std::size_t> too_long() { return {}; }
    virtual std::optional<std::uint64_t> physical_reads() { return {}; }

    // Each returns false when the adapter cannot do it.
    virtual bool set_available(bool) { return false; }
    virtual bool repeat(stompchat::partition, stompchat::offset /*from*/) { return false; }
    virtual bool lose(stompchat::partition, stompchat::offset /*end*/) { return false; }
    virtual bool make_new_log() { return false; }
};

/// Makes a subject whose executor is that of the context.
using make_broker = std::function<std::unique_ptr<broker_subject>(boost::asio::io_context&)>;

/** What every broker must do. Call these from a test case; each rule is a subcase. */
void check_broker_publishing(const make_broker& make);
void check_broker_reading(const make_broker& make);
void check_broker_copies(const make_broker& make);
void check_broker_ephemeral(const make_broker& make);
void check_broker_life(const make_broker& make);

} // namespace contract

#endif
