// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_PRESENCE_RELAY_HPP
#define STOMPCHAT_NODE_DETAIL_PRESENCE_RELAY_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/presence_hub.hpp>
#include <stompchat/node/detail/shard.hpp>
#include <stompchat/node/detail/shard_link.hpp>
#include <stompchat/ports/presence.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** The way of changes from the registry to a shard, in batches.
    Thread safety: any thread. Lifetime: may outlive the shard. Memory: at most `most_waiting` changes; of more only that there were some.
 */
class presence_relay final : public presence_sink, public std::enable_shared_from_this<presence_relay> {
public:
    static constexpr std::size_t most_waiting = 16'384;

    explicit presence_relay(std::shared_ptr<shard_link> home) : home_(std::move(home)) {}

    void on_presence(std::span<const presence_change> changes) override {
        const std::lock_guard held(mutex_);
        if (waiting_.size() + changes.size() > most_waiting)
            missed_ = true;
        else
            waiting_.insert(waiting_.end(), changes.begin(), changes.end());
        wake();
    }

    void on_presence_interrupted() override {
        const std::lock_guard held(mutex_);
        interrupted_ = true;
        wake();
    }

private:
    void wake() {
        if (std::exchange(woken_, true)) return;
        home_->post([home = home_, self = shared_from_this()] {
            if (shard* const to = home->get()) self->hand_over(to->presence());
        });
    }

    void hand_over(presence_hub& to) {
        std::vector<presence_change> changes;
        bool missed = false;
        bool interrupted = false;
        {
            const std::lock_guard held(mutex_);
            changes.swap(waiting_);
            missed = std::exchange(missed_, false);
            interrupted = std::exchange(interrupted_, false);
            woken_ = false;
        }
        to.on_changes(changes, missed);
        if (interrupted) to.on_interrupted();
    }

    const std::shared_ptr<shard_link> home_;
    std::mutex mutex_;
    std::vector<presence_change> waiting_;
    bool missed_ = false;
    bool interrupted_ = false;
    bool woken_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
