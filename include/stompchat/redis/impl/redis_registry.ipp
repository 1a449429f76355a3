// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_REDIS_REGISTRY_IPP
#define STOMPCHAT_REDIS_IMPL_REDIS_REGISTRY_IPP

#include <stompchat/redis/detail/presence_watch.hpp>
#include <stompchat/redis/detail/registry_core.hpp>
#include <stompchat/redis/redis_registry.hpp>

#include <boost/asio/post.hpp>

#include <utility>

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/redis/impl/presence_watch.ipp>
#include <stompchat/redis/impl/registry_changes.ipp>
#include <stompchat/redis/impl/registry_core.ipp>
#include <stompchat/redis/impl/registry_lease.ipp>
#include <stompchat/redis/impl/registry_looks.ipp>
#include <stompchat/redis/impl/registry_reaper.ipp>
#include <stompchat/redis/impl/registry_sweep.ipp>
#endif

namespace stompchat::inline STOMPCHAT_ABI {

STOMPCHAT_DECL redis_registry::redis_registry(redis_client& client, redis_registry_options options, observer* log)
    : executor_(client.get_executor()), core_(std::make_shared<redis::registry_core>(client, std::move(options), log)),
      watch_(std::make_shared<redis::presence_watch>(client, core_->keys())) {
    core_->start();
    watch_->start();
}

STOMPCHAT_DECL redis_registry::~redis_registry() {
    core_->close();
    watch_->close();
}

// Everything happens in the thread of the client.

STOMPCHAT_DECL void redis_registry::do_hold_lease(node_incarnation node, node_status status, std::chrono::milliseconds lease,
                                                  done finished) {
    asio::post(executor_,
               [core = core_, node = std::move(node), status = std::move(status), lease, finished = std::move(finished)]() mutable {
                   core->hold(std::move(node), std::move(status), lease, std::move(finished));
               });
}

STOMPCHAT_DECL void redis_registry::do_release(node_incarnation node, done finished) {
    asio::post(executor_, [core = core_, node = std::move(node), finished = std::move(finished)]() mutable {
        core->release(std::move(node), std::move(finished));
    });
}

namespace redis {

inline void post_change(const asio::any_io_executor& executor, const std::shared_ptr<registry_core>& core, change_request::kind what,
                        std::string room, session_record session, stompchat::detail::completion<void(error_code)> finished) {
    change_request wanted{what, std::move(session), std::move(room), std::move(finished), {}};
    asio::post(executor, [core, wanted = std::move(wanted)]() mutable { core->change(std::move(wanted)); });
}

} // namespace redis

STOMPCHAT_DECL void redis_registry::do_add_session(session_record session, done finished) {
    redis::post_change(executor_, core_, redis::change_request::kind::add, {}, std::move(session), std::move(finished));
}

STOMPCHAT_DECL void redis_registry::do_remove_session(session_record session, done finished) {
    redis::post_change(executor_, core_, redis::change_request::kind::remove, {}, std::move(session), std::move(finished));
}

STOMPCHAT_DECL void redis_registry::do_mark_leaving(session_record session, done finished) {
    redis::post_change(executor_, core_, redis::change_request::kind::mark_leaving, {}, std::move(session), std::move(finished));
}

STOMPCHAT_DECL void redis_registry::do_join(std::string room, session_record session, done finished) {
    redis::post_change(executor_, core_, redis::change_request::kind::join, std::move(room), std::move(session), std::move(finished));
}

STOMPCHAT_DECL void redis_registry::do_leave(std::string room, session_record session, done finished) {
    redis::post_change(executor_, core_, redis::change_request::kind::leave, std::move(room), std::move(session), std::move(finished));
}

STOMPCHAT_DECL void redis_registry::do_sessions_of(std::string user, sessions_done finished) {
    asio::post(executor_, [core = core_, user = std::move(user), finished = std::move(finished)]() mutable {
        core->sessions_of(std::move(user), std::move(finished));
    });
}

STOMPCHAT_DECL void redis_registry::do_session(std::string session, sessions_done finished) {
    asio::post(executor_, [core = core_, session = std::move(session), finished = std::move(finished)]() mutable {
        core->session(std::move(session), std::move(finished));
    });
}

STOMPCHAT_DECL void redis_registry::do_participants(std::string room, std::size_t most, participants_done finished) {
    asio::post(executor_, [core = core_, room = std::move(room), most, finished = std::move(finished)]() mutable {
        core->participants(std::move(room), most, std::move(finished));
    });
}

STOMPCHAT_DECL void redis_registry::do_presence(std::string room, std::size_t most, presence_done finished) {
    asio::post(executor_, [core = core_, room = std::move(room), most, finished = std::move(finished)]() mutable {
        core->presence(std::move(room), most, std::move(finished));
    });
}

STOMPCHAT_DECL void redis_registry::do_watch_presence(std::string room, std::shared_ptr<presence_sink> sink, done finished) {
    asio::post(executor_, [watch = watch_, room = std::move(room), sink = std::move(sink), finished = std::move(finished)]() mutable {
        watch->watch(std::move(room), std::move(sink), std::move(finished));
    });
}

STOMPCHAT_DECL void redis_registry::do_unwatch_presence(std::string_view room, const std::shared_ptr<presence_sink>& sink) {
    asio::post(executor_, [watch = watch_, room = std::string(room), sink] { watch->unwatch(room, sink); });
}

STOMPCHAT_DECL void redis_registry::do_interested_nodes(std::string room, nodes_done finished) {
    asio::post(executor_, [core = core_, room = std::move(room), finished = std::move(finished)]() mutable {
        core->interested_nodes(std::move(room), std::move(finished));
    });
}

STOMPCHAT_DECL void redis_registry::do_live_nodes(live_nodes_done finished) {
    asio::post(executor_, [core = core_, finished = std::move(finished)]() mutable { core->live_nodes(std::move(finished)); });
}

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
