// Boost Software License 1.0, see LICENSE

// Runs a fuzz target without libFuzzer: replay [--seconds <n>] <file or folder>...
// Every file once, then for n seconds random changes of them, always the same ones.

#include "fuzz.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

namespace {

std::string current;

// What made it fail, for a file that reproduces it: only calls that are allowed in a signal handler.
void tell_input() {
    static constexpr char digits[] = "0123456789abcdef";
    static constexpr std::string_view title = "\nthe input in hexadecimal (xxd -r -p makes a file of it):\n";
    const auto put = [](std::string_view text) { return ::write(STDERR_FILENO, text.data(), text.size()) < 0; };
    if (put(title)) return;
    for (const char c : current) {
        const auto octet = static_cast<unsigned char>(c);
        const char pair[2] = {digits[octet >> 4], digits[octet & 15u]};
        if (put({pair, 2})) return;
    }
    put("\n");
}

void on_signal(int number) {
    tell_input();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

void run(std::string_view octets) {
    current = octets;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
}

std::string changed(const std::vector<std::string>& corpus, std::mt19937& random) {
    const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
    static constexpr std::string_view telling("\n\r:\\\0,-_0129\xFF\x80\x01\x02\x03\x04\x05\x06\x07", 21);
    std::string out = corpus[below(corpus.size())];
    for (std::size_t changes = 1 + below(6); changes != 0; --changes) {
        const std::size_t at = below(out.size() + 1);
        switch (below(7)) {
        case 0:
            if (at < out.size()) out[at] = static_cast<char>(out[at] ^ (1 << below(8)));
            break;
        case 1:
            if (at < out.size()) out[at] = static_cast<char>(random());
            break;
        case 2: out.insert(at, 1, telling[below(telling.size())]); break;
        case 3: out.erase(at, 1 + below(8)); break;
        case 4: out.insert(at, out.substr(below(out.size()), below(64))); break;
        case 5: {
            const std::string& other = corpus[below(corpus.size())];
            out.insert(at, other.substr(below(other.size()), below(256)));
            break;
        }
        default: out.resize(at); break;
        }
    }
    if (out.size() > 8192) out.resize(8192);
    return out;
}

} // namespace

int main(int argc, char** argv) {
    std::vector<std::filesystem::path> files;
    std::chrono::seconds time{0};
    for (int i = 1; i != argc; ++i) {
        if (std::string_view(argv[i]) == "--seconds" && i + 1 != argc) {
            time = std::chrono::seconds(std::atoi(argv[++i]));
        } else if (std::filesystem::is_directory(argv[i])) {
            for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
        } else {
            files.emplace_back(argv[i]);
        }
    }
    // A folder has no order of its own, and the changes are to be the same ones everywhere.
    std::sort(files.begin(), files.end());
    std::vector<std::string> corpus{std::string()};
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        if (!in) return std::fprintf(stderr, "cannot read %s\n", file.c_str()), 1;
        corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }

    for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(number, on_signal);
    if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(tell_input);
    for (const std::string& one : corpus) run(one);

    std::mt19937 random(20);
    std::size_t runs = 0;
    for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end; ++runs)
        run(changed(corpus, random));
    std::printf("%zu files, %zu changes of them\n", files.size(), runs);
    return 0;
}
