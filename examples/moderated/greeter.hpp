// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_EXAMPLES_MODERATED_GREETER_HPP
#define STOMPCHAT_EXAMPLES_MODERATED_GREETER_HPP

#include <stompchat/node/chat_node.hpp>
#include <stompchat/ports/observer.hpp>

#include <iostream>
#include <string>
#include <string_view>

namespace moderated {

using namespace stompchat;

class greeter final : public observer {
public:
    chat_node* node = nullptr; // set before it starts

    void on_session_subscribed(const session_info& who, std::string_view destination) override {
        if (destination != "/topic/lobby") return;
        node->async_publish(service_message("/topic/lobby", std::string(who.user) + " has come in", "the house"),
                            [](error_code ec, const std::string&) {
                                if (ec) std::cerr << "not published: " + ec.message() + '\n';
                            });
    }
    void on_session_gone(const session_info& who, error_code reason) override {
        std::cerr << std::string(who.user) + " has left" + (reason ? ": " + reason.message() : "") + '\n';
    }
};

} // namespace moderated

#endif
