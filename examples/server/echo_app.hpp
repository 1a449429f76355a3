// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_ECHO_APP_HPP
#define STOMPCHAT_SERVER_ECHO_APP_HPP

#include <stompchat/ports/app_handler.hpp>

namespace stompchat_server {

/** `/app/echo`: what is sent there comes back on the sender's `/session/queue/...` with the same body and content-type; who subscribes
    there gets one message. Nothing else below `/app/` exists.
    Thread safety: has no state. */
class echo_app final : public stompchat::app_handler {
public:
    bool on_send(const stompchat::app_request& request, stompchat::app_reply&& reply) override;
    bool on_subscribe(const stompchat::app_request& request, stompchat::app_reply&& reply) override;
};

} // namespace stompchat_server

#endif
