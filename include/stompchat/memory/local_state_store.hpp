// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_LOCAL_STATE_STORE_HPP
#define STOMPCHAT_MEMORY_LOCAL_STATE_STORE_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/state_store.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a local_state_store is like. */
struct local_state_store_options {
    /// The clock by which entries end. Called from any thread, also at once.
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/** A state store in the memory of this process, for a node that stands alone. Its entries die with the process.
    Thread safety: as the port says. Memory: each write also removes entries that have ended, so that no more stay than live. */
class local_state_store final : public state_store {
public:
    /// `executor` runs handlers that have no executor of their own.
    STOMPCHAT_DECL explicit local_state_store(asio::any_io_executor executor, local_state_store_options options = {});

    asio::any_io_executor get_executor() const override { return executor_; }

    /// How many entries it holds, among them some that have ended. For tests.
    STOMPCHAT_DECL std::size_t size() const;

    /// With `false` every operation fails with `error::registry_unavailable`. For tests of what stands on it.
    void inject_available(bool available) noexcept { available_ = available; }

private:
    using time_point = std::chrono::steady_clock::time_point;
    using ends = std::multimap<time_point, std::string>;
    struct entry {
        std::string value;
        ends::iterator end;
    };
    using entries = std::unordered_map<std::string, entry>;

    STOMPCHAT_DECL void do_get(std::string key, detail::completion<void(error_code, value)> finished) override;
    STOMPCHAT_DECL void do_compare_and_set(std::string key, value expected, value desired, std::chrono::seconds time_to_live,
                                           detail::completion<void(error_code, bool, value)> finished) override;
    STOMPCHAT_DECL void do_set(std::string key, std::string new_value, std::chrono::seconds time_to_live,
                               detail::completion<void(error_code)> finished) override;

    // With the lock held.
    STOMPCHAT_DECL value find(const std::string& key, time_point now) const;
    STOMPCHAT_DECL void store(std::string key, std::string new_value, std::chrono::seconds time_to_live, time_point now);
    STOMPCHAT_DECL void erase(const std::string& key);
    STOMPCHAT_DECL void collect(time_point now);

    const asio::any_io_executor executor_;
    const local_state_store_options options_;
    std::atomic<bool> available_{true};
    mutable std::mutex mutex_;
    entries entries_;
    ends ends_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/memory/impl/local_state_store.ipp>
#endif

#endif
