// Boost Software License 1.0, see LICENSE

#include "echo_app.hpp"

#include <string>
#include <vector>

namespace stompchat_server {
namespace {

constexpr std::string_view where = "/app/echo";

} // namespace

bool echo_app::on_send(const stompchat::app_request& request, stompchat::app_reply&& reply) {
    if (request.destination != where) return false;
    std::vector<stompchat::header_field> headers;
    // A null view is an absent header: a body without a content-type stays one.
    if (const auto type = request.headers.find("content-type"); type.data()) headers.push_back({"content-type", type});
    reply.reply(headers, std::string(request.body));
    reply.done();
    return true;
}

bool echo_app::on_subscribe(const stompchat::app_request& request, stompchat::app_reply&& reply) {
    if (request.destination != where) return false;
    const stompchat::header_field headers[] = {{"content-type", "text/plain"}};
    reply.reply(headers, "What is sent to /app/echo comes back on /session/queue/.");
    reply.done();
    return true;
}

} // namespace stompchat_server
