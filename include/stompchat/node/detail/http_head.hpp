// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NODE_DETAIL_HTTP_HEAD_HPP
#define STOMPCHAT_NODE_DETAIL_HTTP_HEAD_HPP

#include <stompchat/config.hpp>
#include <stompchat/node/options.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI::node {

/** Reads one HTTP request head after the other. The only door to Beast: its headers stay in http_head.ipp.
    Thread safety: distinct objects are independent; one object is for one thread at a time.
    Memory: at most one head (`max_head` octets) and its parsed form. */
class http_head {
public:
    static constexpr std::size_t max_head = 16 * 1024;

    enum class status {
        need_more,
        complete,
        bad, ///< answer with `answer_status()` and close
    };

    STOMPCHAT_DECL http_head();
    STOMPCHAT_DECL ~http_head();

    /// Takes octets; `consumed` tells how many of them belonged to the head (all of them while it is not complete).
    STOMPCHAT_DECL status feed(std::string_view octets, std::size_t& consumed);

    // Valid once complete, until reset().
    STOMPCHAT_DECL std::string_view method() const noexcept;
    /// Path and query. A request line with an absolute URI, which RFC 9112, 3.2.2, obliges a server to take, tells the same.
    STOMPCHAT_DECL std::string_view target() const noexcept;
    /// Whom the request is for: what an absolute URI in the request line says, else the Host header.
    STOMPCHAT_DECL std::string_view host() const noexcept;
    /// The first field of that name, in whatever case; empty when absent.
    STOMPCHAT_DECL std::string_view field(std::string_view name) const noexcept;
    STOMPCHAT_DECL bool has(std::string_view name) const noexcept;
    STOMPCHAT_DECL std::vector<std::string_view> fields(std::string_view name) const;
    STOMPCHAT_DECL bool keep_alive() const noexcept;
    /// At least HTTP/1.1.
    STOMPCHAT_DECL bool modern() const noexcept;
    /// Whether a body follows, which this reader does not read.
    STOMPCHAT_DECL bool announces_body() const noexcept;

    /// Of a bad head.
    unsigned answer_status() const noexcept { return answer_status_; }

    /// Begins the next head.
    STOMPCHAT_DECL void reset();

private:
    struct parser;
    std::unique_ptr<parser> parser_;
    std::string partial_;
    unsigned answer_status_ = 400;
};

/// The octets of a response. `head_only` leaves the body out but tells its length, as HEAD asks.
STOMPCHAT_DECL std::string serialize(const http_response& response, bool keep_alive, bool head_only);

/// The standard text of a status, for example `Not Found`.
STOMPCHAT_DECL std::string_view reason_of(unsigned status) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI::node

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/node/impl/http_head.ipp>
#endif

#endif
