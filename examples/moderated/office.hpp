// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_EXAMPLES_MODERATED_OFFICE_HPP
#define STOMPCHAT_EXAMPLES_MODERATED_OFFICE_HPP

#include "door.hpp"

#include <stompchat/node/chat_node.hpp>
#include <stompchat/ports/app_handler.hpp>

#include <string>
#include <utility>
#include <vector>

namespace moderated {

/// What moderators, and programs of the service, can ask for at `/app/...`.
class office final : public app_handler {
public:
    explicit office(asio::thread_pool& background) : background_(background) {}

    chat_node* node = nullptr; // set before it starts

    bool on_send(const app_request& request, app_reply&& reply) override {
        const std::string body(request.body);
        if (request.destination == "/app/who") return who_is_in(body, std::move(reply)), true;
        if (request.destination != "/app/kick" && request.destination != "/app/announce") return false;
        if (!is_moderator(request.who))
            reply.reject("only moderators can do that");
        else if (request.destination == "/app/kick")
            kick(body, std::move(reply));
        else
            announce(body, std::move(reply));
        return true;
    }
    bool on_subscribe(const app_request&, app_reply&&) override { return false; }

private:
    void who_is_in(const std::string& room, app_reply reply) {
        node->async_participants(room, 100, [reply = std::move(reply)](error_code ec, const std::vector<participant>& users) mutable {
            if (ec) return reply.reject("nobody knows at the moment");
            std::string names;
            for (const participant& one : users) names += one.user + '\n';
            reply.reply({}, std::move(names));
            reply.done();
        });
    }

    void kick(const std::string& user, app_reply reply) {
        node->async_disconnect_user(user, farewell("a moderator has shown you the door"),
                                    [reply = std::move(reply)](error_code ec, const disconnect_result& result) mutable {
                                        // result.elsewhere names the sessions on other nodes
                                        if (ec || result.here == 0) return reply.reject("nobody of that name is here");
                                        reply.done();
                                    });
    }

    void announce(std::string text, app_reply reply) {
        // Any thread will do, here one of the service's own.
        asio::post(background_, [this, text = std::move(text), reply = std::move(reply)]() mutable {
            service_message what("/topic/lobby", std::move(text), "the house");
            what.headers.emplace_back("kind", "announcement");
            node->async_publish(std::move(what), [reply = std::move(reply)](error_code ec, const std::string&) mutable {
                if (ec) return reply.reject(ec.message());
                reply.done(); // the log has it
            });
        });
    }

    asio::thread_pool& background_;
};

} // namespace moderated

#endif
