// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_WEBSOCKET_ACCEPT_IPP
#define STOMPCHAT_NET_IMPL_WEBSOCKET_ACCEPT_IPP

#include <stompchat/net/websocket_accept.hpp>

#include <openssl/evp.h>

#include <new>

namespace stompchat::inline STOMPCHAT_ABI::net {
namespace detail {

inline std::string base64(std::span<const unsigned char> octets) {
    std::string text((octets.size() + 2) / 3 * 4 + 1, '\0'); // EVP_EncodeBlock adds a NUL
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets.data(), static_cast<int>(octets.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

} // namespace detail

STOMPCHAT_DECL std::string websocket_accept(std::string_view key) {
    std::string text(key);
    text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    // It is a check against confused proxies, not a secret, so that SHA-1 is no weakness. It fails only for want of memory.
    if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) throw std::bad_alloc();
    return detail::base64({digest, size});
}

STOMPCHAT_DECL std::string websocket_key(std::span<const unsigned char, 16> random) { return detail::base64(random); }

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
