// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_BENCH_LOAD_PROCESS_HPP
#define STOMPCHAT_BENCH_LOAD_PROCESS_HPP

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string_view>

namespace bench {

/** What another process has used so far. */
class process {
public:
    /// Throws std::runtime_error when there is no such process.
    explicit process(pid_t pid);

    /// CPU time of all its threads, user and system, to the nanosecond (unlike /proc/PID/stat, which counts ticks).
    std::uint64_t cpu_nanoseconds() const;
    /// The same of those threads that run now and whose names begin so.
    std::uint64_t cpu_nanoseconds_of(std::string_view threads) const;

    /// Its resident memory in octets, without pages of files.
    std::uint64_t resident_octets() const;

private:
    pid_t pid_;
    clockid_t clock_{};
};

} // namespace bench

#endif
