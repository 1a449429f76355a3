// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_NODE_INTERCEPTOR_HPP
#define STOMPCHAT_TESTS_NODE_INTERCEPTOR_HPP

#include "running_node.hpp"

#include <stompchat/ports/publish_interceptor.hpp>

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace node_test {

/// Does what its script says: without one lets everything pass. What is sent with the body `later...` waits for the test, on a shelf.
class scripted_interceptor final : public stompchat::publish_interceptor {
public:
    std::function<stompchat::send_verdict(stompchat::intercepted_send&)> script;

    stompchat::send_verdict on_send(stompchat::intercepted_send& message) override {
        const std::lock_guard lock(mutex_);
        asked_.emplace_back(message.body);
        if (message.body.starts_with("later")) waiting_.emplace_back(std::string(message.body), message.defer());
        return script ? script(message) : stompchat::send_verdict::pass();
    }

    /// Bodies, in the order in which they were shown.
    std::vector<std::string> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }
    std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }
    /// Takes what waits with that body.
    stompchat::pending_send take(std::string_view body) {
        const std::lock_guard lock(mutex_);
        for (auto one = waiting_.begin(); one != waiting_.end(); ++one) {
            if (one->first != body) continue;
            stompchat::pending_send taken = std::move(one->second);
            waiting_.erase(one);
            return taken;
        }
        return {};
    }
    void decide(std::string_view body, stompchat::send_verdict what) { take(body).decide(std::move(what)); }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;
    std::vector<std::pair<std::string, stompchat::pending_send>> waiting_;
};

/// A node that asks `one`.
inline setup with(scripted_interceptor& one) {
    setup how;
    how.interceptor = &one;
    return how;
}

} // namespace node_test

#endif
