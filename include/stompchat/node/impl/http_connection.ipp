// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_HTTP_CONNECTION_IPP
#define STOMPCHAT_NODE_IMPL_HTTP_CONNECTION_IPP

#include <stompchat/node/detail/http_connection.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>
#include <stompchat/node/detail/upgrade.hpp>
#include <stompchat/websocket/handshake.hpp>

#include <memory>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::node {

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
        return respond(plain_response(status, status == 431 ? "The request's header is too large." : "This is not an HTTP request."),
                       false);
    }
    case http_head::status::complete: break;
    }
    const std::span<char> rest = octets.subspan(consumed);
    if (head_.modern() && head_.fields("Host").size() != 1)
        return respond(plain_response(400, "A request has one Host header."), false); // RFC 9112, 3.2
    if (path_of(head_.target()) == shard_.node().options.websocket_path) {
        const http_response problem = check_upgrade(head_, shard_.node().options.allowed_origins);
        if (problem.status != 101) return respond(problem, false);
        return upgrade(rest);
    }
    // A body, or a request sent ahead of the answer, is more than this small server owes: it answers one request and closes.
    respond(answer(), head_.keep_alive() && !head_.announces_body() && rest.empty());
}

STOMPCHAT_DECL void http_connection::upgrade(std::span<char> rest) {
    const auto offered = head_.fields("Sec-WebSocket-Protocol");
    const std::string response = accept_upgrade(head_, websocket::choose_subprotocol(std::span<const std::string_view>(offered)));

    credentials shown;
    shown.remote_address = stream_->remote_endpoint().address().to_string();
    if (head_.has("Authorization")) shown.authorization = std::string(head_.field("Authorization"));
    shown.cookie = head_.field("Cookie");
    session& made = shard_.upgrade(std::move(stream_), std::move(shown));
    shard_.retire(*this);
    made.begin_with(response, rest);
}

STOMPCHAT_DECL http_response http_connection::answer() const {
    const chat_node_options& options = shard_.node().options;
    const std::string_view path = path_of(head_.target());
    if (head_.method() != "GET" && head_.method() != "HEAD") {
        http_response refused = plain_response(405, "Only GET and HEAD are answered here.");
        refused.headers.emplace_back("Allow", "GET, HEAD");
        return refused;
    }
    if (options.health_endpoints && path == "/healthz") return plain_response(200, "ok");
    if (options.health_endpoints && path == "/readyz")
        return shard_.ready() ? plain_response(200, "ready") : plain_response(503, "not ready");
    if (!options.http) return plain_response(404, "There is nothing here.");
    http_request request;
    request.method = head_.method();
    request.target = head_.target();
    request.host = head_.host();
    request.origin = head_.field("Origin");
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
