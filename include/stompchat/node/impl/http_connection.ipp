// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_HTTP_CONNECTION_IPP
#define STOMPCHAT_NODE_IMPL_HTTP_CONNECTION_IPP

#include <stompchat/net/resolve.hpp>
#include <stompchat/net/websocket_accept.hpp>
#include <stompchat/node/detail/http_connection.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>
#include <stompchat/websocket/handshake.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {
namespace detail {

inline http_response plain(unsigned status, std::string text) {
    return {status, "text/plain; charset=utf-8", std::make_shared<const std::string>(std::move(text) + '\n')};
}

inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

inline std::string_view path_of(std::string_view target) noexcept { return target.substr(0, target.find('?')); }

} // namespace detail

STOMPCHAT_DECL http_connection::http_connection(shard& home, net::stream_ptr stream) : connection(home, std::move(stream)) {}

STOMPCHAT_DECL void http_connection::start() {
    until_ = shard::now() + shard_.node().options.handshake_timeout;
    shard_.schedule(*this, until_);
    stream_->async_wait_readable();
}

STOMPCHAT_DECL void http_connection::on_deadline(time_point now) {
    if (now < until_) return shard_.schedule(*this, until_);
    abort();
}

STOMPCHAT_DECL void http_connection::abort() {
    if (stream_) stream_->close();
    shard_.retire(*this);
}

STOMPCHAT_DECL void http_connection::on_readable(error_code ec) {
    const std::span<char> scratch = shard_.receive_scratch();
    const std::size_t got = ec ? 0 : stream_->read_some(scratch, ec);
    if (ec == asio::error::would_block) return stream_->async_wait_readable();
    if (ec) return abort();
    if (closing_) return stream_->async_wait_readable(); // read and thrown away until the peer closes, or the deadline
    take(scratch.first(got));
}

STOMPCHAT_DECL void http_connection::take(std::span<char> octets) {
    std::size_t consumed = 0;
    switch (head_.feed({octets.data(), octets.size()}, consumed)) {
    case http_head::status::need_more: return stream_->async_wait_readable();
    case http_head::status::bad: {
        const unsigned status = head_.answer_status();
        return respond(detail::plain(status, status == 431 ? "The request's header is too large." : "This is not an HTTP request."), false);
    }
    case http_head::status::complete: break;
    }
    const std::span<char> rest = octets.subspan(consumed);
    if (detail::path_of(head_.target()) == shard_.node().options.websocket_path) {
        const http_response problem = check_upgrade();
        if (problem.status != 101) return respond(problem, false);
        return upgrade(rest);
    }
    // A body, or a request sent ahead of the answer, is more than this small server owes: it answers one request and closes.
    respond(answer(), head_.keep_alive() && !head_.announces_body() && rest.empty());
}

STOMPCHAT_DECL http_response http_connection::check_upgrade() const {
    if (head_.method() != "GET") return detail::plain(405, "A WebSocket begins with GET.");
    if (!websocket::has_token(head_.field("Upgrade"), "websocket")) {
        http_response answer = detail::plain(426, "This is a WebSocket: connect with a STOMP client.");
        answer.headers.emplace_back("Upgrade", "websocket");
        return answer;
    }
    const auto connection_fields = head_.fields("Connection");
    if (!head_.modern() || std::none_of(connection_fields.begin(), connection_fields.end(), [](std::string_view value) {
            return websocket::has_token(value, "upgrade");
        }))
        return detail::plain(400, "A WebSocket needs HTTP/1.1 and `Connection: Upgrade`.");
    if (head_.field("Host").empty()) return detail::plain(400, "The Host header is missing.");
    if (head_.field("Sec-WebSocket-Version") != "13") {
        http_response answer = detail::plain(426, "Sec-WebSocket-Version must be 13.");
        answer.headers.emplace_back("Sec-WebSocket-Version", "13");
        return answer;
    }
    if (head_.fields("Sec-WebSocket-Key").size() != 1 || !websocket::is_valid_key(head_.field("Sec-WebSocket-Key")))
        return detail::plain(400, "Sec-WebSocket-Key must be the base64 of 16 octets.");
    if (head_.announces_body()) return detail::plain(400, "A WebSocket request has no body.");
    if (!origin_allowed()) return detail::plain(403, "This Origin may not connect here.");
    return {101, {}, nullptr};
}

STOMPCHAT_DECL bool http_connection::origin_allowed() const {
    // RFC 6455, 10.2: a browser tells which page connects; other clients tell nothing, and could tell anything.
    if (!head_.has("Origin")) return true;
    const std::string origin = detail::lower(head_.field("Origin"));
    const std::vector<std::string>& allowed = shard_.node().options.allowed_origins;
    if (!allowed.empty()) {
        return std::any_of(allowed.begin(), allowed.end(),
                           [&](const std::string& one) { return one == "*" || detail::lower(one) == origin; });
    }
    const auto scheme = origin.find("://");
    return scheme != std::string::npos && origin.substr(scheme + 3) == detail::lower(head_.field("Host"));
}

STOMPCHAT_DECL void http_connection::upgrade(std::span<char> rest) {
    std::string response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                           + net::websocket_accept(head_.field("Sec-WebSocket-Key")) + "\r\n";
    const auto offered = head_.fields("Sec-WebSocket-Protocol");
    if (const std::string_view chosen = websocket::choose_subprotocol(std::span<const std::string_view>(offered)); !chosen.empty())
        response.append("Sec-WebSocket-Protocol: ").append(chosen).append("\r\n");
    response.append("\r\n");

    credentials shown;
    shown.remote_address = stream_->remote_endpoint().address().to_string();
    if (head_.has("Authorization")) shown.authorization = std::string(head_.field("Authorization"));
    shown.cookie = head_.field("Cookie");
    const std::string_view name = stream_->is_encrypted() ? "wss" : "ws";
    session& made = shard_.upgrade(std::move(stream_), name, std::move(shown));
    shard_.retire(*this);
    made.begin_with(response, rest);
}

STOMPCHAT_DECL http_response http_connection::answer() const {
    const chat_node_options& options = shard_.node().options;
    const std::string_view path = detail::path_of(head_.target());
    if (head_.method() != "GET" && head_.method() != "HEAD") {
        http_response refused = detail::plain(405, "Only GET and HEAD are answered here.");
        refused.headers.emplace_back("Allow", "GET, HEAD");
        return refused;
    }
    if (options.health_endpoints && path == "/healthz") return detail::plain(200, "ok");
    if (options.health_endpoints && path == "/readyz")
        return shard_.ready() ? detail::plain(200, "ready") : detail::plain(503, "not ready");
    if (!options.http) return detail::plain(404, "There is nothing here.");
    http_request request;
    request.method = head_.method();
    request.target = head_.target();
    request.host = head_.field("Host");
    const std::string remote = stream_->remote_endpoint().address().to_string();
    request.remote_address = remote;
    return options.http(request);
}

STOMPCHAT_DECL void http_connection::respond(const http_response& response, bool keep_alive) {
    out_ = serialize(response, keep_alive, head_.method() == "HEAD");
    written_ = 0;
    closing_ = !keep_alive;
    write();
}

STOMPCHAT_DECL void http_connection::on_writable(error_code ec) {
    if (ec) return abort();
    write();
}

STOMPCHAT_DECL void http_connection::write() {
    const chat_node_options& options = shard_.node().options;
    while (written_ != out_.size()) {
        error_code ec;
        const asio::const_buffer rest = asio::buffer(out_) + written_;
        const std::size_t taken = stream_->write_some({&rest, 1}, ec);
        if (ec && ec != asio::error::would_block) return abort();
        written_ += taken;
        if (taken < rest.size()) {
            until_ = shard::now() + options.no_progress;
            return stream_->async_wait_writable();
        }
    }
    out_ = {};
    if (closing_) {
        stream_->shutdown_send();
        until_ = shard::now() + options.close_timeout;
    } else {
        head_.reset();
        until_ = shard::now() + options.handshake_timeout;
    }
    shard_.schedule(*this, until_);
    stream_->async_wait_readable();
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
