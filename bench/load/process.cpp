// Boost Software License 1.0, see LICENSE

#include "process.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace bench {

process::process(pid_t pid) : pid_(pid) {
    if (clock_getcpuclockid(pid, &clock_) != 0) throw std::runtime_error(fmt::format("there is no process {}", pid));
}

std::uint64_t process::cpu_nanoseconds() const {
    timespec used{};
    if (clock_gettime(clock_, &used) != 0) throw std::runtime_error(fmt::format("process {} is gone", pid_));
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(used.tv_nsec);
}

std::uint64_t process::resident_octets() const {
    std::ifstream status(fmt::format("/proc/{}/status", pid_));
    std::string word;
    while (status >> word) {
        std::uint64_t kib = 0;
        if (word == "RssAnon:" && status >> kib) return kib * 1024;
    }
    throw std::runtime_error(fmt::format("the memory of process {} cannot be read", pid_));
}

} // namespace bench
