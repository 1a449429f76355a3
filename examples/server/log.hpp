// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_LOG_HPP
#define STOMPCHAT_SERVER_LOG_HPP

#include <stompchat/ports/observer.hpp>

#include <spdlog/logger.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace stompchat_server {

/// A logger that writes to stderr, one line each, from `level` (debug, info, warning, error) on.
std::shared_ptr<spdlog::logger> make_log(const std::string& level);

/** Text for a log line or a message: what could begin a second line or drive a terminal is made visible. */
std::string one_line(std::string_view text);

/** Writes to the log what a node tells. Thread safety: as the port says; the logger is a locking one. */
class log_observer final : public stompchat::observer {
public:
    explicit log_observer(std::shared_ptr<spdlog::logger> log) : log_(std::move(log)) {}

    void on_log(stompchat::severity level, std::string_view text) override;
    void on_session_connected(const stompchat::session_info& session) override;
    void on_session_gone(const stompchat::session_info& session, stompchat::error_code reason) override;
    void on_registered_again(std::size_t sessions) override;
    void on_broker_state(stompchat::broker_state state) override;
    void on_broker_statistics(const stompchat::broker_statistics& counted) override;

    /// Called when the broker refuses to serve and never did, with the reason that it gave. (A node that has served goes on, so that its
    /// clients and the load balancer are told.) Set before the node starts.
    std::function<void(const std::string&)> on_refused;

private:
    const std::shared_ptr<spdlog::logger> log_;
    std::mutex mutex_;
    std::string last_error_;
    bool served_ = false;
};

} // namespace stompchat_server

#endif
