// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_EXAMPLES_MODERATED_DOOR_HPP
#define STOMPCHAT_EXAMPLES_MODERATED_DOOR_HPP

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/authorizer.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace moderated {

using namespace stompchat;

/// What the authenticator knows of a user and the others ask for.
struct badge final : grants {
    explicit badge(bool is_moderator) : moderator(is_moderator) {}
    bool moderator;
};

inline bool is_moderator(const identity& who) {
    const auto* const shown = dynamic_cast<const badge*>(who.grants.get());
    return shown != nullptr && shown->moderator;
}

class door final : public authenticator {
public:
    explicit door(asio::thread_pool& background) : background_(background) {}

private:
    void do_authenticate(credentials shown, detail::completion<void(error_code, identity)> done) override {
        // A database or an identity provider takes its time: ask it elsewhere, and answer from there.
        asio::post(background_, [shown = std::move(shown), done = std::move(done)]() mutable {
            identity who(shown.login.value_or(""));
            if (who.user.empty() || shown.passcode != "open sesame") return done(error::not_authenticated, {});
            who.grants = std::make_shared<badge>(who.user == "mia");
            done({}, std::move(who));
        });
    }

    asio::thread_pool& background_;
};

class rights final : public authorizer {
public:
    decision authorize(const identity& who, action, std::string_view destination) const override {
        if (destination == "/topic/staff") return {is_moderator(who), {}};
        return {true, {}};
    }
};

} // namespace moderated

#endif
