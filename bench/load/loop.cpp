// Boost Software License 1.0, see LICENSE

#include "loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace bench {

loop::loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(256 * 1024) {
    if (epoll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

loop::~loop() { close(epoll_); }

void loop::add(int fd, ready_handler& who, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &who;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted) != 0) throw std::system_error(errno, std::system_category(), "epoll_ctl");
}

void loop::change(int fd, ready_handler& who, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &who;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &wanted);
}

void loop::turn(clock::duration patience) {
    std::array<epoll_event, 256> events;
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(patience).count();
    const timespec wait{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    const int count = epoll_pwait2(epoll_, events.data(), events.size(), &wait, nullptr);
    for (int i = 0; i < count; ++i)
        static_cast<ready_handler*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready(events[static_cast<std::size_t>(i)].events);
}

} // namespace bench
