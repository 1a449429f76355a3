// Boost Software License 1.0, see LICENSE

#include "log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace stompchat_server {

std::shared_ptr<spdlog::logger> make_log(const std::string& level) {
    auto log = std::make_shared<spdlog::logger>("stompchat-server", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %-7l %v");
    log->set_level(spdlog::level::from_str(level));
    log->flush_on(spdlog::level::trace);
    return log;
}

std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x20 || octet == 0x7f)
            line += fmt::format("\\x{:02x}", octet);
        else
            line += c;
    }
    return line;
}

void log_observer::on_log(stompchat::severity level, std::string_view text) {
    constexpr auto of = [](stompchat::severity s) {
        switch (s) {
        case stompchat::severity::debug: return spdlog::level::debug;
        case stompchat::severity::info: return spdlog::level::info;
        case stompchat::severity::warning: return spdlog::level::warn;
        case stompchat::severity::error: return spdlog::level::err;
        }
        return spdlog::level::err;
    };
    if (level == stompchat::severity::error) {
        const std::lock_guard lock(mutex_);
        last_error_ = one_line(text);
    }
    log_->log(of(level), "{}", one_line(text));
}

void log_observer::on_session_connected(const stompchat::session_info& session) {
    // The check saves the formatting, not only the writing.
    if (!log_->should_log(spdlog::level::debug)) return;
    log_->debug("session {} of {} connected from {} over {}, STOMP {}", session.session, one_line(session.user), session.remote_address,
                session.transport, session.version);
}

void log_observer::on_session_gone(const stompchat::session_info& session, stompchat::error_code reason) {
    if (!log_->should_log(spdlog::level::debug)) return;
    log_->debug("session {} of {} ended: {}", session.session, one_line(session.user),
                reason ? one_line(reason.message()) : "it said good-bye");
}

void log_observer::on_registered_again(std::size_t sessions) {
    log_->debug("registered again: {} session{}", sessions, sessions == 1 ? "" : "s");
}

void log_observer::on_broker_state(stompchat::broker_state state) {
    switch (state) {
    case stompchat::broker_state::starting: return log_->debug("broker: starting");
    case stompchat::broker_state::ready: served_ = true; return log_->info("broker: ready");
    case stompchat::broker_state::unavailable: return log_->warn("broker: not available, messages wait");
    case stompchat::broker_state::stopped: return log_->debug("broker: stopped");
    case stompchat::broker_state::refused: {
        log_->error("broker: refuses to serve");
        const std::lock_guard lock(mutex_);
        if (on_refused && !served_) on_refused(last_error_);
        return;
    }
    }
}

void log_observer::on_broker_statistics(const stompchat::broker_statistics& counted) {
    log_->debug("broker: {} written, {} read, {} in flight, {} copies passed over, {} unreadable, {} reads of the past, {} producers lost, "
                "{} new epochs, {} handles left; acknowledged in {} us (median), {} us (99 of 100)",
                counted.produced, counted.consumed, counted.in_flight, counted.void_copies, counted.unreadable, counted.physical_reads,
                counted.fatal_producers, counted.new_epochs, counted.leaked_handles, counted.acknowledged_p50.count(),
                counted.acknowledged_p99.count());
}

} // namespace stompchat_server
