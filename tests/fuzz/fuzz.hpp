// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FUZZ_FUZZ_HPP
#define STOMPCHAT_TESTS_FUZZ_FUZZ_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

/*  A fuzz target is one function that gets any octets. libFuzzer calls it when the compiler has it, replay.cpp otherwise: then it sees the
    corpus and random changes of it. A broken rule of the target ends the process.  */

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

#define FUZZ_CHECK(condition)                                                                                                              \
    do {                                                                                                                                   \
        if (!(condition)) {                                                                                                                \
            std::fprintf(stderr, "%s:%d: broken rule: %s\n", __FILE__, __LINE__, #condition);                                              \
            std::abort();                                                                                                                  \
        }                                                                                                                                  \
    } while (false)

namespace stompchat_fuzz {

/// Octets in a block of exactly their size, writable, so that a sanitizer sees whoever reads them too late or too far.
class block {
public:
    explicit block(std::string_view octets) : size_(octets.size()), octets_(new char[octets.size()]) {
        if (size_ != 0) std::memcpy(octets_.get(), octets.data(), size_);
    }
    std::size_t size() const { return size_; }
    char* data() { return octets_.get(); }
    operator std::string_view() const { return {octets_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<char[]> octets_;
};

/// The first octet of an input chooses how it is used, so that the rest reads like what goes over a wire.
struct input {
    input(const std::uint8_t* data, std::size_t size) {
        if (size == 0) return;
        choice = data[0];
        octets = {reinterpret_cast<const char*>(data) + 1, size - 1};
    }
    std::uint8_t choice = 0;
    std::string_view octets;
};

/// Cuts that follow from a seed: mostly short pieces, some long ones.
class cutter {
public:
    explicit cutter(std::string_view octets) {
        for (const char c : octets.substr(0, 64))
            state_ = state_ * 6364136223846793005u + static_cast<unsigned char>(c) + 1442695040888963407u;
    }
    std::uint32_t random() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::uint32_t>(state_ >> 33);
    }
    std::vector<std::string_view> cut(std::string_view octets) {
        std::vector<std::string_view> pieces;
        while (!octets.empty()) {
            const std::size_t most = random() % 4 == 0 ? 100 : 8;
            const std::string_view piece = octets.substr(0, random() % most);
            pieces.push_back(piece);
            octets.remove_prefix(piece.size());
        }
        return pieces;
    }

private:
    std::uint64_t state_ = 1;
};

} // namespace stompchat_fuzz

#endif
