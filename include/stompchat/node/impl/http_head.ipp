// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_IMPL_HTTP_HEAD_IPP
#define STOMPCHAT_NODE_IMPL_HTTP_HEAD_IPP

#include <stompchat/node/detail/http_head.hpp>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include <optional>

namespace stompchat::inline STOMPCHAT_ABI::node {

struct http_head::parser {
    parser() {
        beast_parser.header_limit(static_cast<std::uint32_t>(max_head));
        beast_parser.skip(true); // the head only: no request of ours has a body
    }
    boost::beast::http::request_parser<boost::beast::http::empty_body> beast_parser;
    const auto& message() const noexcept { return beast_parser.get(); }
};

namespace detail {
// Beast 1.81 has its own string_view in some configurations.
inline std::string_view view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }
inline boost::beast::string_view view_for_beast(std::string_view text) noexcept { return {text.data(), text.size()}; }

// Where the authority of an absolute URI begins, or 0 when the target is only a path.
inline std::size_t authority_of(std::string_view target) noexcept {
    if (target.starts_with('/')) return 0;
    const std::size_t scheme = target.find("://");
    return scheme == std::string_view::npos || scheme == 0 || scheme > target.find('?') ? 0 : scheme + 3;
}
} // namespace detail

STOMPCHAT_DECL http_head::http_head() : parser_(std::make_unique<parser>()) {}
STOMPCHAT_DECL http_head::~http_head() = default;

STOMPCHAT_DECL void http_head::reset() {
    parser_ = std::make_unique<parser>();
    partial_.clear();
}

STOMPCHAT_DECL http_head::status http_head::feed(std::string_view octets, std::size_t& consumed) {
    const std::size_t before = partial_.size();
    partial_.append(octets);
    boost::beast::error_code ec;
    // Beast wants to see what it did not consume again, together with what came behind it.
    const std::size_t taken = parser_->beast_parser.put(boost::asio::buffer(partial_), ec);
    consumed = octets.size();
    if (ec == boost::beast::http::error::need_more) {
        partial_.erase(0, taken);
        if (partial_.size() <= max_head) return status::need_more;
        ec = boost::beast::http::error::header_limit;
    }
    if (ec) {
        answer_status_ = ec == boost::beast::http::error::header_limit ? 431 : 400;
        return status::bad;
    }
    if (!parser_->beast_parser.is_header_done()) {
        partial_.erase(0, taken);
        return status::need_more;
    }
    consumed = taken > before ? taken - before : 0;
    partial_.clear();
    return status::complete;
}

STOMPCHAT_DECL std::string_view http_head::method() const noexcept { return detail::view(parser_->message().method_string()); }

STOMPCHAT_DECL std::string_view http_head::target() const noexcept {
    const std::string_view line = detail::view(parser_->message().target());
    const std::size_t authority = detail::authority_of(line);
    if (authority == 0) return line;
    const std::size_t path = line.find_first_of("/?", authority);
    return path == std::string_view::npos ? std::string_view("/") : line.substr(path);
}

STOMPCHAT_DECL std::string_view http_head::host() const noexcept {
    const std::string_view line = detail::view(parser_->message().target());
    const std::size_t authority = detail::authority_of(line);
    return authority == 0 ? field("Host") : line.substr(authority, line.find_first_of("/?", authority) - authority);
}

STOMPCHAT_DECL std::string_view http_head::field(std::string_view name) const noexcept {
    return detail::view(parser_->message()[detail::view_for_beast(name)]);
}

STOMPCHAT_DECL bool http_head::has(std::string_view name) const noexcept {
    return parser_->message().find(detail::view_for_beast(name)) != parser_->message().end();
}

STOMPCHAT_DECL std::vector<std::string_view> http_head::fields(std::string_view name) const {
    std::vector<std::string_view> found;
    const auto [first, last] = parser_->message().equal_range(detail::view_for_beast(name));
    for (auto it = first; it != last; ++it) found.push_back(detail::view(it->value()));
    return found;
}

STOMPCHAT_DECL bool http_head::keep_alive() const noexcept { return parser_->message().keep_alive(); }
STOMPCHAT_DECL bool http_head::modern() const noexcept { return parser_->message().version() >= 11; }

STOMPCHAT_DECL bool http_head::announces_body() const noexcept {
    return has("Transfer-Encoding") || (has("Content-Length") && field("Content-Length") != "0");
}

STOMPCHAT_DECL std::string_view reason_of(unsigned status) noexcept {
    return detail::view(boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status)));
}

STOMPCHAT_DECL std::string serialize(const http_response& response, bool keep_alive, bool head_only) {
    const std::size_t length = response.body ? response.body->size() : 0;
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ';
    out.append(reason_of(response.status)).append("\r\n");
    const auto line = [&out](std::string_view name, std::string_view value) { out.append(name).append(": ").append(value).append("\r\n"); };
    if (response.status >= 200 && response.status != 204 && response.status != 304) {
        line("Content-Type", response.content_type);
        line("Content-Length", std::to_string(length));
    }
    for (const auto& [name, value] : response.headers) line(name, value);
    // RFC 9110, 7.8: who sends Upgrade says so in Connection.
    if (response.status == 426)
        line("Connection", "Upgrade, close");
    else if (response.status >= 200)
        line("Connection", keep_alive ? "keep-alive" : "close");
    out.append("\r\n");
    if (response.body && !head_only) out.append(*response.body);
    return out;
}

} // namespace stompchat::inline STOMPCHAT_ABI::node

#endif
