// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_REGISTRATION_IPP
#define STOMPCHAT_NODE_IMPL_REGISTRATION_IPP

#include <stompchat/node/detail/membership.hpp>
#include <stompchat/node/detail/presence_hub.hpp>
#include <stompchat/node/detail/registration.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/bind_executor.hpp>

#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

STOMPCHAT_DECL session_record registration::record(std::string_view session, std::string_view user) const {
    return {std::string(session), std::string(user), shard_.node().membership->self()};
}

inline auto registration::noted(const char* what) const {
    const auto& here = shard_.node().membership;
    return [here, incarnation = here->incarnation(), what](error_code ec) { here->note(ec, incarnation, what); };
}

STOMPCHAT_DECL void registration::announce(std::string_view session, std::string_view user) {
    shard_.node().ports.registry.async_add_session(record(session, user), noted("add a session"));
}

STOMPCHAT_DECL void registration::forget(std::string_view session, std::string_view user) {
    shard_.node().ports.registry.async_remove_session(record(session, user), noted("remove a session"));
}

STOMPCHAT_DECL void registration::mark_leaving(std::string_view session, std::string_view user) {
    shard_.node().ports.registry.async_mark_leaving(record(session, user), noted("mark a session as leaving"));
}

STOMPCHAT_DECL void registration::join(std::string_view session, std::string_view user, std::string_view room) {
    shard_.node().ports.registry.async_join(std::string(room), record(session, user), noted("join a room"));
}

STOMPCHAT_DECL void registration::leave(std::string_view session, std::string_view user, std::string_view room) {
    shard_.node().ports.registry.async_leave(std::string(room), record(session, user), noted("leave a room"));
}

// Registering again.

STOMPCHAT_DECL void registration::register_again(std::function<void(std::size_t)> done) {
    if (done_) std::exchange(done_, nullptr)(sessions_);
    ++round_;
    incarnation_ = shard_.node().membership->incarnation();
    next_place_ = 0;
    more_places_ = true;
    adding_ = joining_ = sessions_ = 0;
    done_ = std::move(done);
    go_on();
}

STOMPCHAT_DECL void registration::go_on() {
    const membership& here = *shard_.node().membership;
    const bool given_up = here.incarnation() != incarnation_ || here.failed(incarnation_);
    // A look at many places that hold no session must not take long either.
    for (std::size_t looks = 0; looks != 4096 && !given_up && more_places_; ++looks) {
        if (adding_ >= sessions_at_once || adding_ + joining_ >= operations_at_once) return;
        more_places_ = shard_.for_sessions(next_place_++, 1, [this](session& one) {
            if (one.announced()) again(one);
        });
    }
    if (!given_up && more_places_) {
        shard_.link()->post([home = shard_.link(), round = round_] {
            shard* const self = home->get();
            if (self != nullptr && self->registered().round_ == round && self->registered().done_) self->registered().go_on();
        });
        return;
    }
    if (!given_up && adding_ + joining_ != 0) return;
    // What the registry told of its rooms may have been lost with its data.
    if (!given_up) shard_.look_again_at_presence();
    std::exchange(done_, nullptr)(sessions_);
}

/// A handler on the shard's thread, if no later round has begun.
template <class Then>
auto registration::in_round(const char* what, Then then) {
    return boost::asio::bind_executor(shard_.context(), [home = shard_.link(), here = shard_.node().membership, incarnation = incarnation_,
                                                         round = round_, what, then](error_code ec) {
        here->note(ec, incarnation, what);
        shard* const self = home->get();
        if (self == nullptr) return;
        registration& mine = self->registered();
        if (mine.round_ == round && mine.done_) then(mine, ec);
    });
}

STOMPCHAT_DECL void registration::again(session& whom) {
    ++adding_;
    ++sessions_;
    shard_.node().ports.registry.async_add_session(
        record(whom.name(), whom.who().user), in_round("add a session", [id = whom.id()](registration& self, error_code ec) {
            --self.adding_;
            session* const added = ec ? nullptr : self.shard_.find(id);
            if (added != nullptr && added->announced()) {
                added->for_rooms([&](std::string_view room) {
                    ++self.joining_;
                    self.shard_.node().ports.registry.async_join(std::string(room), self.record(added->name(), added->who().user),
                                                                 self.in_round("join a room", [](registration& mine, error_code) {
                                                                     --mine.joining_;
                                                                     mine.go_on();
                                                                 }));
                });
            }
            self.go_on();
        }));
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
