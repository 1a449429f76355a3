// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CONTRACT_STATE_STORE_CONTRACT_HPP
#define STOMPCHAT_TESTS_CONTRACT_STATE_STORE_CONTRACT_HPP

#include <stompchat/ports/state_store.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace contract {

/** An empty state store under test, and the time by which its entries end. */
class state_store_subject {
public:
    virtual ~state_store_subject() = default;
    virtual stompchat::state_store& store() = 0;

    /// Lets time pass for the store. A subject with a clock of its own need not wait.
    virtual void pass(std::chrono::seconds time) = 0;

    /// False when the subject cannot do it.
    virtual bool set_available(bool) { return false; }
};

/// Makes a subject whose executor is that of the context.
using make_state_store = std::function<std::unique_ptr<state_store_subject>(boost::asio::io_context&)>;

/** What every state store must do. Call it from a test case; each rule is a subcase. */
void check_state_store(const make_state_store& make);

} // namespace contract

#endif
