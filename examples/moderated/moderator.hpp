// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_EXAMPLES_MODERATED_MODERATOR_HPP
#define STOMPCHAT_EXAMPLES_MODERATED_MODERATOR_HPP

#include "door.hpp"

#include <stompchat/ports/publish_interceptor.hpp>

#include <string>

namespace moderated {

class moderator final : public publish_interceptor {
public:
    explicit moderator(asio::thread_pool& background) : background_(background) {}

    send_verdict on_send(intercepted_send& message) override {
        if (is_moderator(message.who)) return send_verdict::pass();
        if (message.body == "darn") return send_verdict::rewrite("d***");
        if (message.body.find("http") == std::string_view::npos) return send_verdict::pass();
        // Links are looked at elsewhere. Until then what the user sends behind it to the same destination waits, and nothing else.
        asio::post(background_, [body = std::string(message.body), later = message.defer()]() mutable {
            const bool spam = body.find("casino") != std::string::npos;
            later.decide(spam ? send_verdict::reject("this link is not allowed here") : send_verdict::pass());
        });
        return send_verdict::pass(); // of no account after defer()
    }

private:
    asio::thread_pool& background_;
};

} // namespace moderated

#endif
