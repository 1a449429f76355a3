// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_OWN_PUBLISHES_HPP
#define STOMPCHAT_NODE_DETAIL_OWN_PUBLISHES_HPP

#include <stompchat/config.hpp>
#include <stompchat/detail/completion.hpp>
#include <stompchat/error.hpp>
#include <stompchat/node/options.hpp>
#include <stompchat/node/service_message.hpp>
#include <stompchat/ports/broker.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** What the service itself publishes, past all sessions and shards: checked like a SEND, given to the broker on the caller's thread, so
    that messages of one thread keep their order, and answered when the broker answers.
    Thread safety: all functions may be called from any thread, also at once. Lifetime: outlives the broker's last call of its sink.
    Memory: an entry per message in flight, of which there are at most as many, with as many octets, as the options say. */
class own_publishes {
public:
    using done = stompchat::detail::completion<void(error_code, std::string)>;

    own_publishes(broker& log, const chat_node_options& options, const delivery::destination_rules& rules)
        : log_(log), options_(options), rules_(rules) {}

    STOMPCHAT_DECL void publish(service_message what, done finished);
    /// The broker has answered a ticket of these.
    STOMPCHAT_DECL void on_result(const publish_result& result);
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
    }
    /// Takes nothing more: `error::stopped` from here on.
    void close() {
        const std::lock_guard lock(mutex_);
        open_ = false;
    }
    /// The broker will answer nothing any more.
    STOMPCHAT_DECL void give_up();

private:
    struct entry {
        done finished;
        std::size_t octets = 0;
        std::uint32_t check = 0;
    };

    error_code problem_of(const service_message& what) const;
    error_code add(entry added, std::uint64_t& ticket);

    broker& log_;
    const chat_node_options& options_;
    const delivery::destination_rules& rules_;
    std::mutex mutex_;
    bool open_ = false;
    std::uint64_t last_ = 0;
    std::size_t octets_ = 0;
    std::unordered_map<std::uint64_t, entry> waiting_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/own_publishes.ipp>
#endif

#endif
