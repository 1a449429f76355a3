// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_STATE_STORE_HPP
#define STOMPCHAT_PORTS_STATE_STORE_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

/** Small values that outlive a session and follow a user from node to node: durable positions and idempotency keys.
    Values are opaque octets; every entry has a time to live. compare_and_set() makes take-over safe.
    Thread safety: all functions may be called from any thread, also at once. Lifetime: outlives the node that uses it.
    Errors of all operations: `error::registry_unavailable`, `error::stopped`. Cancellation: none. */
class state_store {
public:
    /// What an entry holds; absent = there is none.
    using value = std::optional<std::string>;

    virtual ~state_store() = default;
    state_store(const state_store&) = delete;
    state_store& operator=(const state_store&) = delete;

    /// Where handlers without an executor of their own run.
    virtual asio::any_io_executor get_executor() const = 0;

    /** Reads an entry. Handler signature: `void(error_code, std::optional<std::string>)`; absent and expired are the same. */
    template <class Token>
    auto async_get(std::string key, Token&& token) {
        return detail::async_initiate_on<void(error_code, value)>(
            get_executor(), std::forward<Token>(token),
            [this, key = std::move(key)](detail::completion<void(error_code, value)> finished) mutable {
                do_get(std::move(key), std::move(finished));
            });
    }

    /** Replaces an entry if it is as expected, atomically. `expected` absent means: only if there is none; `desired` absent means: remove
       it. Handler signature: `void(error_code, bool swapped, std::optional<std::string> found)`: `found` is what stood there before. A
       replaced entry lives `time_to_live` from now. */
    template <class Token>
    auto async_compare_and_set(std::string key, value expected, value desired, std::chrono::seconds time_to_live, Token&& token) {
        return detail::async_initiate_on<void(error_code, bool, value)>(
            get_executor(), std::forward<Token>(token),
            [this, key = std::move(key), expected = std::move(expected), desired = std::move(desired),
             time_to_live](detail::completion<void(error_code, bool, value)> finished) mutable {
                do_compare_and_set(std::move(key), std::move(expected), std::move(desired), time_to_live, std::move(finished));
            });
    }

    /** Writes an entry whatever stood there. Handler signature: `void(error_code)`. */
    template <class Token>
    auto async_set(std::string key, std::string new_value, std::chrono::seconds time_to_live, Token&& token) {
        return detail::async_initiate_on<void(error_code)>(get_executor(), std::forward<Token>(token),
                                                           [this, key = std::move(key), new_value = std::move(new_value),
                                                            time_to_live](detail::completion<void(error_code)> finished) mutable {
                                                               do_set(std::move(key), std::move(new_value), time_to_live,
                                                                      std::move(finished));
                                                           });
    }

protected:
    state_store() = default;

private:
    virtual void do_get(std::string key, detail::completion<void(error_code, value)> finished) = 0;
    virtual void do_compare_and_set(std::string key, value expected, value desired, std::chrono::seconds time_to_live,
                                    detail::completion<void(error_code, bool, value)> finished) = 0;
    virtual void do_set(std::string key, std::string new_value, std::chrono::seconds time_to_live,
                        detail::completion<void(error_code)> finished) = 0;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
