// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_PORTS_DETAIL_PRESENCE_FEED_HPP
#define STOMPCHAT_PORTS_DETAIL_PRESENCE_FEED_HPP

#include <stompchat/config.hpp>
#include <stompchat/ports/presence.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::detail {

/** The way of changes from a registry to those who watch: in order, in batches, one call at a time, and never from inside the change.
    Thread safety: all functions may be called from any thread. Memory: what was not told yet; nothing for rooms that nobody watches. */
class presence_feed : public std::enable_shared_from_this<presence_feed> {
public:
    using sink_ptr = std::shared_ptr<presence_sink>;

    explicit presence_feed(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    void watch(std::string room, sink_ptr sink) {
        const std::lock_guard held(mutex_);
        watchers_[std::move(room)].insert(std::move(sink));
        watched_ = true;
    }

    /// True when nobody watches the room any more.
    bool unwatch(std::string_view room, const sink_ptr& sink) {
        const std::lock_guard held(mutex_);
        const auto at = watchers_.find(room);
        if (at == watchers_.end()) return true;
        at->second.erase(sink);
        if (!at->second.empty()) return false;
        watchers_.erase(at);
        watched_ = !watchers_.empty();
        return true;
    }

    /// A change of a room. The caller calls in the order of the versions.
    void add(std::string_view room, std::string_view user, bool joined, std::uint64_t version, std::size_t count) {
        if (!watched_) return;
        const std::lock_guard held(mutex_);
        const auto at = watchers_.find(room);
        if (at == watchers_.end()) return;
        for (const sink_ptr& sink : at->second)
            batch_for(sink).changes.emplace_back(std::string(room), std::string(user), joined, version, count);
        tell_later();
    }

    /// Tells all sinks so, and forgets them.
    void interrupt() {
        const std::lock_guard held(mutex_);
        for (const auto& [room, sinks] : watchers_)
            for (const sink_ptr& sink : sinks) batch_for(sink).interrupted = true;
        watchers_.clear();
        watched_ = false;
        tell_later();
    }

private:
    struct batch {
        sink_ptr to;
        std::vector<presence_change> changes;
        bool interrupted = false;
    };

    batch& batch_for(const sink_ptr& sink) {
        const auto at = std::find_if(pending_.begin(), pending_.end(), [&](const batch& one) { return one.to == sink; });
        if (at != pending_.end()) return *at;
        pending_.push_back({sink, {}, false});
        return pending_.back();
    }

    void tell_later() {
        if (pending_.empty() || std::exchange(telling_, true)) return;
        boost::asio::post(executor_, [self = shared_from_this()] { self->tell(); });
    }

    void tell() {
        for (;;) {
            std::vector<batch> batches;
            {
                const std::lock_guard held(mutex_);
                batches.swap(pending_);
                telling_ = !batches.empty();
            }
            if (batches.empty()) return;
            for (const batch& one : batches) {
                if (!one.changes.empty()) one.to->on_presence(one.changes);
                if (one.interrupted) one.to->on_presence_interrupted();
            }
        }
    }

    const boost::asio::any_io_executor executor_;
    std::atomic<bool> watched_{false};
    std::mutex mutex_;
    std::map<std::string, std::set<sink_ptr>, std::less<>> watchers_;
    std::vector<batch> pending_;
    bool telling_ = false;
};

} // namespace stompchat::inline STOMPCHAT_ABI::detail

#endif
