// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_NODE_DOUBLES_HPP
#define STOMPCHAT_TESTS_NODE_DOUBLES_HPP

#include <stompchat/ports/app_handler.hpp>
#include <stompchat/ports/authenticator.hpp>
#include <stompchat/ports/authorizer.hpp>
#include <stompchat/ports/observer.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace node_test {

using login_done = stompchat::detail::completion<void(stompchat::error_code, stompchat::identity)>;

/// Lets everyone in under the name they give, unless it has a script.
class scripted_authenticator final : public stompchat::authenticator {
public:
    /// Called on the shards, at once.
    std::function<void(stompchat::credentials, login_done)> script;

private:
    void do_authenticate(stompchat::credentials shown, login_done done) override {
        if (script) return script(std::move(shown), std::move(done));
        stompchat::identity who(shown.login.value_or(""));
        done({}, std::move(who));
    }
};

/// Allows everything, unless it has a script.
class scripted_authorizer final : public stompchat::authorizer {
public:
    std::function<bool(const stompchat::identity&, stompchat::action, std::string_view)> script;
    /// The oldest message that anyone may see.
    std::optional<std::chrono::system_clock::time_point> earliest;

    stompchat::decision authorize(const stompchat::identity& who, stompchat::action what, std::string_view destination) const override {
        return {!script || script(who, what, destination), earliest};
    }
};

/// Knows no destination, unless it has scripts.
class scripted_app final : public stompchat::app_handler {
public:
    std::function<bool(const stompchat::app_request&, stompchat::app_reply&&)> send_script;
    std::function<bool(const stompchat::app_request&, stompchat::app_reply&&)> subscribe_script;

    bool on_send(const stompchat::app_request& request, stompchat::app_reply&& reply) override {
        return send_script && send_script(request, std::move(reply));
    }
    bool on_subscribe(const stompchat::app_request& request, stompchat::app_reply&& reply) override {
        return subscribe_script && subscribe_script(request, std::move(reply));
    }
};

/// Remembers what it saw.
class recording_observer final : public stompchat::observer {
public:
    struct end {
        std::string user;
        stompchat::error_code reason;
    };

    void on_log(stompchat::severity, std::string_view text) override {
        const std::lock_guard lock(mutex_);
        logs_.emplace_back(text);
    }
    void on_session_connected(const stompchat::session_info& who) override {
        const std::lock_guard lock(mutex_);
        connected_.push_back(std::string(who.user) + ' ' + std::string(who.transport) + ' ' + std::string(who.version));
        note(who, "connected");
    }
    void on_session_subscribed(const stompchat::session_info& who, std::string_view destination) override {
        const std::lock_guard lock(mutex_);
        note(who, "subscribed " + std::string(destination));
        if (subscribed_script) subscribed_script(destination);
    }
    void on_session_unsubscribed(const stompchat::session_info& who, std::string_view destination) override {
        const std::lock_guard lock(mutex_);
        note(who, "unsubscribed " + std::string(destination));
    }
    void on_session_gone(const stompchat::session_info& who, stompchat::error_code reason) override {
        const std::lock_guard lock(mutex_);
        gone_.push_back({std::string(who.user), reason});
        note(who, "gone " + (reason ? reason.message() : "normally"));
    }
    void on_broker_state(stompchat::broker_state state) override {
        const std::lock_guard lock(mutex_);
        states_.push_back(state);
    }

    void on_registered_again(std::size_t sessions) override {
        const std::lock_guard lock(mutex_);
        registered_again_.push_back(sessions);
    }

    /// Called for each subscription that has begun.
    std::function<void(std::string_view)> subscribed_script;

    /// What was told of the sessions of a user, in order.
    std::vector<std::string> story_of(const std::string& user) const {
        const std::lock_guard lock(mutex_);
        const auto found = stories_.find(user);
        return found == stories_.end() ? std::vector<std::string>() : found->second;
    }
    /// The ids of the sessions that were connected, in order.
    std::vector<std::string> sessions() const { return copy(sessions_); }
    std::vector<std::string> logs() const { return copy(logs_); }
    /// User, transport and version of each.
    std::vector<std::string> connected() const { return copy(connected_); }
    std::vector<end> gone() const { return copy(gone_); }
    std::vector<stompchat::broker_state> states() const { return copy(states_); }
    /// How many sessions each time.
    std::vector<std::size_t> registered_again() const { return copy(registered_again_); }

private:
    template <class T>
    T copy(const T& from) const {
        const std::lock_guard lock(mutex_);
        return from;
    }

    void note(const stompchat::session_info& who, std::string what) {
        if (what == "connected") sessions_.emplace_back(who.session);
        stories_[std::string(who.user)].push_back(std::move(what));
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::vector<std::string>> stories_;
    std::vector<std::string> sessions_;
    std::vector<std::string> logs_;
    std::vector<std::string> connected_;
    std::vector<end> gone_;
    std::vector<stompchat::broker_state> states_;
    std::vector<std::size_t> registered_again_;
};

} // namespace node_test

#endif
