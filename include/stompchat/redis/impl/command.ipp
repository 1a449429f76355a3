// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_COMMAND_IPP
#define STOMPCHAT_REDIS_IMPL_COMMAND_IPP

#include <stompchat/redis/detail/command.hpp>

#include <openssl/evp.h>

#include <new>

namespace stompchat::inline STOMPCHAT_ABI::redis {

STOMPCHAT_DECL script::script(std::string_view text) : text_(text) {
    std::array<unsigned char, 20> digest{};
    if (EVP_Digest(text_.data(), text_.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) throw std::bad_alloc();
    for (std::size_t i = 0; i != digest.size(); ++i) {
        constexpr const char* digits = "0123456789abcdef";
        sha_[2 * i] = digits[digest[i] >> 4];
        sha_[2 * i + 1] = digits[digest[i] & 15];
    }
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
