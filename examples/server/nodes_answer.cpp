// Boost Software License 1.0, see LICENSE

#include "nodes_answer.hpp"

#include <stompchat/delivery/presence_body.hpp>
#include <stompchat/utf8.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace stompchat_server {
namespace {

/// Names and addresses of other nodes may be any octets; those that are not text are left out.
void append_member(std::string& to, std::string_view name, std::string_view value) {
    stompchat::delivery::append_json_string(to, name);
    to += ':';
    stompchat::delivery::append_json_string(to, stompchat::is_utf8(value) ? value : std::string_view());
    to += ',';
}

void append_node(std::string& to, const stompchat::live_node& one) {
    append_member(to, "node", one.node.node);
    append_member(to, "url", one.status.url);
    to += one.status.broker_ready ? "\"broker_ready\":true" : "\"broker_ready\":false";
}

} // namespace

stompchat::http_response nodes_answer(const stompchat::cluster_view& view, std::string_view origin,
                                      std::span<const std::string> allowed_origins) {
    std::string body = "{";
    append_node(body, view.self);
    body += view.current ? ",\"current\":true" : ",\"current\":false";
    body += ",\"nodes\":[";
    for (const stompchat::live_node& one : view.nodes) {
        if (body.back() != '[') body += ',';
        body += '{';
        append_node(body, one);
        body += '}';
    }
    body += "]}";
    stompchat::http_response made(200, "application/json", std::make_shared<const std::string>(std::move(body)));
    made.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}, {"Vary", "Origin"}};
    const bool allowed = std::any_of(allowed_origins.begin(), allowed_origins.end(),
                                     [origin](const std::string& one) { return one == origin || one == "*"; });
    if (!origin.empty() && allowed) made.headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
    return made;
}

} // namespace stompchat_server
