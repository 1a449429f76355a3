// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_DETAIL_UPGRADE_HPP
#define STOMPCHAT_CLIENT_DETAIL_UPGRADE_HPP

#include <stompchat/client/message.hpp>
#include <stompchat/client/url.hpp>
#include <stompchat/config.hpp>
#include <stompchat/error.hpp>
#include <stompchat/stomp/version.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace stompchat::inline STOMPCHAT_ABI::client::detail {

/** The client's side of the WebSocket handshake (RFC 6455, 4.1) without a socket.
    The server's subprotocol must be one of those offered, or none; extensions are not offered, so none may be chosen.
    Thread safety: distinct objects are independent; one object is for one thread at a time. Memory: at most 16 KiB of the answer's head. */
class upgrade {
public:
    /// `key` is the Sec-WebSocket-Key of this connection.
    STOMPCHAT_DECL upgrade(const url& to, std::string key, const header_list& more, stomp::version lowest, stomp::version highest);

    const std::string& request() const noexcept { return request_; }

    enum class status : std::uint8_t {
        need_more,
        done,   ///< WebSocket frames follow
        failed, ///< ec(), text(), retry_after()
    };

    /// Takes octets of the answer; `taken` is how many of them belonged to it.
    STOMPCHAT_DECL status feed(std::string_view octets, std::size_t& taken);

    const error_code& ec() const noexcept { return ec_; }
    const std::string& text() const noexcept { return text_; }
    std::chrono::seconds retry_after() const noexcept { return retry_after_; }

private:
    status read_head();
    status fail(error_code ec, std::string text);
    std::string_view value_of(std::string_view name) const;

    std::string key_;
    std::string offered_;
    std::string request_;
    std::string head_;
    error_code ec_;
    std::string text_;
    std::chrono::seconds retry_after_{0};
};

/// The seconds in `retry-after=<seconds>`, as a close reason has it; zero when there are none.
STOMPCHAT_DECL std::chrono::seconds retry_after_of(std::string_view reason) noexcept;

} // namespace stompchat::inline STOMPCHAT_ABI::client::detail

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/client/impl/upgrade.ipp>
#endif

#endif
