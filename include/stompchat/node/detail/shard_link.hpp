// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_SHARD_LINK_HPP
#define STOMPCHAT_NODE_DETAIL_SHARD_LINK_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/detail/connection.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <mutex>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

namespace asio = boost::asio;

/** The way back to a shard for whatever may outlive it: handlers that are pending elsewhere, answers of an application.
    Thread safety: post() may be called from any thread; the others belong to the shard's thread. */
class shard_link {
public:
    shard_link(shard& to, asio::io_context& context) noexcept : shard_(&to), context_(&context) {}

    /// Runs `action` on the shard's thread, unless the shard is gone; false when it is gone already.
    template <class Action>
    bool post(Action action) {
        const std::lock_guard lock(mutex_);
        // Under the lock the context is still there: a shard cuts its link before it goes, and it goes before its context.
        if (shard_ == nullptr) return false;
        asio::post(*context_, std::move(action));
        return true;
    }

    /// The session of that name, or null when it or the shard is gone.
    STOMPCHAT_DECL session* find(connection_id id) const noexcept;
    shard* get() const noexcept { return shard_; }

    void cut() noexcept {
        const std::lock_guard lock(mutex_);
        // Cut on the shard's thread already, it may be looked at there while the node is destroyed on another one.
        if (shard_ != nullptr) shard_ = nullptr;
    }

private:
    std::mutex mutex_;
    shard* shard_;
    asio::io_context* context_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
