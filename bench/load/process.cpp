// Boost Software License 1.0, see LICENSE

#include "process.hpp"

#include <fmt/format.h>

#include <filesystem>
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

std::uint64_t process::cpu_nanoseconds_of(std::string_view threads) const {
    std::uint64_t sum = 0;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        std::uint64_t used = 0;
        // The first number is the time on a processor.
        if (name.starts_with(threads) && std::ifstream(task.path() / "schedstat") >> used) sum += used;
    }
    return sum;
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
