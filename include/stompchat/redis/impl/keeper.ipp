// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_REDIS_IMPL_KEEPER_IPP
#define STOMPCHAT_REDIS_IMPL_KEEPER_IPP

#include <stompchat/redis/detail/keeper.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::redis {
namespace detail {

/// The value of a line `name:value` of INFO.
inline std::string_view info_value(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') return line.substr(name.size() + 1);
    }
    return {};
}

inline bool is_refusal(std::string_view error_text) {
    return error_text.starts_with("NOAUTH") || error_text.starts_with("WRONGPASS") || error_text.starts_with("NOPERM")
           || error_text.starts_with("ERR AUTH") || error_text.starts_with("ERR invalid password")
           || error_text.starts_with("ERR Client sent AUTH");
}

} // namespace detail

STOMPCHAT_DECL keeper::keeper(const link::executor_type& executor, std::shared_ptr<const link_setup> setup, keeper_listener& listener)
    : executor_(executor), setup_(std::move(setup)), listener_(listener), timer_(executor), random_(std::random_device()()) {}

STOMPCHAT_DECL keeper::~keeper() { stop(); }

STOMPCHAT_DECL void keeper::start() {
    if (state_ == state::stopped) attempt();
}

STOMPCHAT_DECL void keeper::stop() {
    state_ = state::stopped;
    ++timer_number_;
    timer_.cancel();
    if (link_ != nullptr) std::exchange(link_, nullptr)->close();
}

// An attempt.

STOMPCHAT_DECL void keeper::attempt() {
    asked_ = 0;
    const auto& servers = setup_->options.servers;
    if (setup_->options.sentinel_name.empty())
        dial(state::greeting, servers.front());
    else
        dial(state::asking, servers[sentinel_ % servers.size()]);
}

STOMPCHAT_DECL void keeper::dial(state next, net::host_and_port to) {
    if (link_ != nullptr) link_->close();
    state_ = next;
    steps_.clear();
    link_ = std::make_shared<link>(executor_, setup_, std::move(to), static_cast<link_listener&>(*this));
    link_->open();
    set_timer(setup_->options.connect_timeout);
}

STOMPCHAT_DECL void keeper::write_auth(const std::string& user, const std::string& password) {
    if (password.empty() && user.empty()) return;
    command auth{"AUTH"};
    if (!user.empty()) auth.add(user);
    link_->write(auth.add(password));
    steps_.push_back(step::auth);
}

STOMPCHAT_DECL void keeper::on_open() {
    const redis_options& options = setup_->options;
    if (state_ == state::asking) {
        write_auth(options.sentinel_user, options.sentinel_password);
        link_->write({"SENTINEL", "get-master-addr-by-name", options.sentinel_name});
        steps_.push_back(step::master_address);
    } else {
        write_auth(options.user, options.password);
        if (options.database != 0) {
            link_->write(command{"SELECT"}.add(options.database));
            steps_.push_back(step::select);
        }
        link_->write({"INFO", "server"});
        link_->write({"ROLE"});
        link_->write({"PING"});
        steps_.insert(steps_.end(), {step::info, step::role, step::ping});
    }
    std::reverse(steps_.begin(), steps_.end());
}

STOMPCHAT_DECL void keeper::on_reply(reply& what) {
    if (state_ == state::ready) return listener_.on_reply(what);
    if (steps_.empty()) return fail(error::registry_unavailable, "an answer that nobody asked for");
    const step answered = steps_.back();
    steps_.pop_back();
    if (what.is_error()) {
        // Redis repeats no password in its errors.
        const bool refused = detail::is_refusal(what.text()) || answered == step::auth;
        const error wrong = refused ? error::not_authenticated : answered == step::select ? error::bad_option : error::registry_unavailable;
        return fail(wrong, "it refuses to serve: " + what.text());
    }
    take_answer(answered, what);
}

STOMPCHAT_DECL void keeper::take_answer(step what, reply& answer) {
    switch (what) {
    case step::auth:
    case step::select: return;
    case step::master_address: {
        net::host_and_port found;
        found.host = answer[0].text();
        const std::string& port = answer[1].text();
        const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), found.port);
        if (found.host.empty() || ec != std::errc() || found.port == 0) {
            return fail(error::registry_unavailable, "it knows no master of the name '" + setup_->options.sentinel_name + "'");
        }
        return dial(state::greeting, std::move(found));
    }
    case step::info: return take_info(answer.text());
    case step::role:
        if (answer[0].text() == "master") return;
        return fail(error::registry_unavailable, "it is no master; it says of itself: " + answer[0].text());
    case step::ping:
        state_ = state::ready;
        set_timer({});
        ready_since_ = std::chrono::steady_clock::now();
        last_logged_.clear();
        setup_->log(severity::info, "redis: connected to " + server_.address + ", version " + server_.version);
        listener_.on_ready(server_);
        if (state_ == state::ready) link_->flush();
    }
}

STOMPCHAT_DECL void keeper::take_info(const std::string& text) {
    const std::string_view mode = detail::info_value(text, "redis_mode");
    if (mode == "cluster") {
        return fail(error::bad_option,
                    "it is a node of a Redis Cluster (redis_mode:cluster), which is not supported: use a single Redis, or "
                    "one with replicas and sentinels (redis+sentinel://)");
    }
    if (mode == "sentinel") return fail(error::bad_option, "it is a sentinel (redis_mode:sentinel): write redis+sentinel://HOST:PORT/NAME");
    server_.run_id = detail::info_value(text, "run_id");
    server_.version = detail::info_value(text, "redis_version");
    server_.address = to_string(link_->to());
    if (server_.run_id.empty()) fail(error::bad_option, "INFO server has no run_id, so it is no Redis");
}

STOMPCHAT_DECL void keeper::on_replies_end() {
    if (state_ == state::ready) listener_.on_replies_end();
}

// Its end.

STOMPCHAT_DECL void keeper::on_closed(error_code ec, const std::string& text) { fail(ec, text); }

STOMPCHAT_DECL void keeper::fail(error_code ec, const std::string& text) {
    if (state_ == state::stopped || state_ == state::waiting) return;
    const std::string whole = (state_ == state::asking ? "sentinel " : "") + to_string(link_->to()) + ": " + text;
    const auto& servers = setup_->options.servers;
    std::exchange(link_, nullptr)->close();
    if (state_ == state::asking) {
        ++sentinel_;
        if (++asked_ < servers.size()) {
            setup_->log(severity::debug, "redis: " + whole);
            return dial(state::asking, servers[sentinel_ % servers.size()]);
        }
    }
    // A connection that held shows that the next attempt may succeed at once.
    if (state_ == state::ready && std::chrono::steady_clock::now() - ready_since_ > setup_->options.reconnect_longest) failures_ = 0;
    state_ = state::waiting;
    set_timer(pause());
    // The same words again and again help nobody.
    if (std::exchange(last_logged_, whole) != whole) setup_->log(severity::warning, "redis: " + whole);
    listener_.on_down(ec, whole);
}

STOMPCHAT_DECL std::chrono::milliseconds keeper::pause() {
    const redis_options& options = setup_->options;
    const std::uint32_t doubled = std::min<std::uint32_t>(failures_++, 16);
    const auto longest = std::min(options.reconnect_first * (1u << doubled), options.reconnect_longest);
    // Half of it by chance, so that those who lost Redis together do not come back together.
    std::uniform_int_distribution<std::int64_t> chance(longest.count() / 2, std::max<std::int64_t>(longest.count(), 1));
    return std::chrono::milliseconds(chance(random_));
}

STOMPCHAT_DECL void keeper::set_timer(std::chrono::milliseconds time) {
    const std::uint64_t number = ++timer_number_;
    timer_.cancel();
    if (time.count() == 0) return;
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this(), number](error_code) {
        // A timer that has ended cannot be cancelled any more, hence the number.
        if (const auto self = weak.lock(); self != nullptr && self->timer_number_ == number) self->on_timer();
    });
}

STOMPCHAT_DECL void keeper::on_timer() {
    if (state_ == state::waiting) return attempt();
    fail(asio::error::timed_out, "no answer within " + std::to_string(setup_->options.connect_timeout.count()) + " ms");
}

} // namespace stompchat::inline STOMPCHAT_ABI::redis

#endif
