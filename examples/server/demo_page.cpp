// Boost Software License 1.0, see LICENSE

#include "demo_page.hpp"

#include <fmt/format.h>

#include <memory>

namespace stompchat_server {
namespace {

using stompchat::http_response;

// Everything comes from this server, and nothing is written into the page as markup: should a text ever become markup by mistake, the
// browser still runs none of it.
std::string content_security_policy(const std::vector<std::string>& peers) {
    std::string policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";
    for (const std::string& origin : peers)
        // http://host has its WebSocket at ws://host, https://host at wss://host. Others name nothing to connect to.
        if ((origin.starts_with("http://") || origin.starts_with("https://")) && origin.find_first_of(" ;,'") == origin.npos)
            policy += fmt::format(" {} ws{}", origin, origin.substr(4));
    return policy + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

http_response make(unsigned status, std::string_view content_type, std::string body, std::string_view cache, const std::string& policy) {
    http_response made(status, std::string(content_type), std::make_shared<const std::string>(std::move(body)));
    made.headers = {
        {"Cache-Control", std::string(cache)}, {"Content-Security-Policy", policy},   {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Referrer-Policy", "no-referrer"},    {"X-Content-Type-Options", "nosniff"},
    };
    return made;
}

/// What stands at / when the page was not built. The reason is ours, but it names paths, which may contain anything.
std::string missing_page(std::string_view reason) {
    std::string escaped;
    for (const char c : reason) {
        switch (c) {
        case '<': escaped += "&lt;"; break;
        case '>': escaped += "&gt;"; break;
        case '&': escaped += "&amp;"; break;
        default: escaped += c;
        }
    }
    return fmt::format("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>stompchat</title>\n"
                       "<h1>stompchat is running, without its demo page</h1>\n"
                       "<p>{}</p>\n"
                       "<p>STOMP clients connect to <code>/ws</code> all the same. To get the page: install Node.js 18 or newer and npm "
                       "(on Debian: <code>apt-get install nodejs npm</code>), then configure and build again.</p>\n</html>\n",
                       escaped);
}

} // namespace

demo_page::demo_page(const embedded_page& page, const std::vector<std::string>& peers) {
    const std::string policy = content_security_policy(peers);
    not_found_ =
        make(404, "text/plain; charset=utf-8", "There is nothing here. The chat is at /, its WebSocket at /ws.\n", "no-cache", policy);
    bad_method_ = make(405, "text/plain; charset=utf-8", "Pages can only be read: GET or HEAD.\n", "no-cache", policy);
    bad_method_.headers.emplace_back("Allow", "GET, HEAD");
    for (const page_file& file : page.files)
        answers_.emplace(file.path, make(200, file.content_type, std::string(file.content),
                                         file.immutable ? "public, max-age=31536000, immutable" : "no-cache", policy));
    if (page.files.empty()) answers_.emplace("/", make(503, "text/html; charset=utf-8", missing_page(page.missing), "no-cache", policy));
}

http_response demo_page::operator()(const stompchat::http_request& request) const {
    if (request.method != "GET" && request.method != "HEAD") return bad_method_;
    const auto found = answers_.find(request.target.substr(0, request.target.find('?')));
    return found == answers_.end() ? not_found_ : found->second;
}

} // namespace stompchat_server
