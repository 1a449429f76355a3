// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_COMMAND_IPP
#define STOMPCHAT_REDIS_IMPL_COMMAND_IPP

#include <stompchat/redis/detail/command.hpp>

#include <hiredis/hiredis.h>
#include <openssl/evp.h>

#include <memory>
#include <new>

namespace stompchat::inline STOMPCHAT_ABI::redis {

STOMPCHAT_DECL void command::encode(std::string& out, std::span<const std::string_view> before) const {
    constexpr std::size_t few = 16;
    const std::size_t count = before.size() + ends_.size();
    std::array<const char*, few> few_words;
    std::array<std::size_t, few> few_sizes;
    std::vector<const char*> many_words(count > few ? count : 0);
    std::vector<std::size_t> many_sizes(count > few ? count : 0);
    const char** const words = count > few ? many_words.data() : few_words.data();
    std::size_t* const sizes = count > few ? many_sizes.data() : few_sizes.data();
    std::size_t i = 0;
    for (const std::string_view word : before) {
        words[i] = word.data();
        sizes[i++] = word.size();
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
        words[i] = text_.data() + begin;
        sizes[i++] = end - begin;
        begin = end;
    }
    char* made = nullptr;
    const int size = redisFormatCommandArgv(&made, static_cast<int>(count), words, sizes);
    if (size < 0) throw std::bad_alloc();
    const std::unique_ptr<char, decltype(&redisFreeCommand)> owner(made, &redisFreeCommand);
    out.append(made, static_cast<std::size_t>(size));
}

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
