// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CONTRACT_REGISTRY_CONTRACT_HPP
#define STOMPCHAT_TESTS_CONTRACT_REGISTRY_CONTRACT_HPP

#include <stompchat/ports/session_registry.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace contract {

/** An empty registry under test, and the time by which its leases end. */
class registry_subject {
public:
    virtual ~registry_subject() = default;
    virtual stompchat::session_registry& registry() = 0;

    /// Lets time pass for the registry. A subject with a clock of its own need not wait.
    virtual void pass(std::chrono::milliseconds time) = 0;

    /// The leases that the cases take, in a unit that suits the subject's clock.
    virtual std::chrono::milliseconds lease() const = 0;

    /// False when the subject cannot do it.
    virtual bool set_available(bool) { return false; }

    /// Makes it forget everything, as an emptied server does. False when the subject cannot do it.
    virtual bool lose_data() { return false; }
};

/// Makes a subject whose executor is that of the context.
using make_registry = std::function<std::unique_ptr<registry_subject>(boost::asio::io_context&)>;

/** What every session registry must do. Call it from a test case; each rule is a subcase. */
void check_registry(const make_registry& make);

/** The same for what a registry does for presence. */
void check_registry_presence(const make_registry& make);

} // namespace contract

#endif
