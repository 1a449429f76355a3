// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_SERVER_SESSION_IPP
#define STOMPCHAT_STOMP_IMPL_SERVER_SESSION_IPP

#include <stompchat/stomp/encoder.hpp>
#include <stompchat/stomp/impl/session_frames.ipp>
#include <stompchat/stomp/impl/session_state.ipp>
#include <stompchat/stomp/server_session.hpp>

#include <algorithm>
#include <cassert>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

STOMPCHAT_DECL server_session::server_session(const session_options& options, time_point now)
    : options_(&options), decoder_(peer::client, options.limits), clock_(now), opened_(now) {}

STOMPCHAT_DECL server_session::~server_session() = default;

STOMPCHAT_DECL void server_session::feed(std::string_view octets, parse_scratch& scratch, time_point now) {
    clock_.note_received(now);
    // STOMP 1.1 and 1.2, "DISCONNECT": the client must not send anything more.
    if (state_ == state::disconnecting || state_ == state::closed) return;
    decoder_.feed(octets, scratch);
}

STOMPCHAT_DECL void server_session::hold() {
    if (state_ == state::disconnecting || state_ == state::closed) return; // the input may be dead by now
    decoder_.hold();
}

STOMPCHAT_DECL event server_session::next() {
    event ev;
    leaving_.reset();
    if (rare_) rare_->committed.reset();
    for (;;) {
        switch (state_) {
        case state::disconnecting:
        case state::closed: ev.kind = event_kind::closed; return ev;
        case state::pending: {
            decoder_.hold();
            const std::size_t limit = 2 * options_->limits.body_before_connect;
            if (decoder_.unread() <= limit) {
                ev.kind = event_kind::waiting;
            } else {
                problem p{error::body_too_long};
                p.actual = decoder_.unread();
                p.limit = limit;
                p.reason = ", sent before CONNECT was answered";
                fail_event(ev, p);
            }
            return ev;
        }
        case state::connecting:
        case state::connected: break;
        }
        switch (decoder_.next(ev.frame)) {
        case decode_status::need_more: return ev;
        case decode_status::heart_beat: continue;
        case decode_status::error:
            // STOMP 1.2, "CONNECT": no receipt header there.
            if (is_escaped(ev.frame.cmd)) ev.receipt = ev.frame.value_of("receipt");
            fail_event(ev, decoder_.problem());
            return ev;
        case decode_status::frame: break;
        }
        if (state_ == state::connecting) {
            on_connect(ev);
            return ev;
        }
        if (on_frame(ev)) return ev;
        ev = {};
    }
}

STOMPCHAT_DECL void server_session::on_connect(event& ev) {
    const frame_view& frame = ev.frame;
    problem p;
    p.where = to_string(frame.cmd);
    const auto fail_with = [&](error code) {
        p.code = code;
        fail_event(ev, p);
    };
    if (frame.cmd != command::connect && frame.cmd != command::stomp) {
        ev.receipt = frame.value_of("receipt");
        return fail_with(error::not_connected);
    }
    const auto accept_version = frame.find("accept-version");
    const auto chosen = negotiate(accept_version);
    if (!chosen) {
        p.value = *accept_version;
        return fail_with(error::no_common_version);
    }
    if (*chosen != version::v1_0) {
        if (!frame.body.empty()) return fail_with(error::unexpected_body);
        if (const auto value = frame.find("heart-beat")) {
            const auto parsed = parse_heart_beat(*value);
            if (!parsed) {
                p.subject = "heart-beat";
                p.value = *value;
                p.reason = "two decimal numbers of milliseconds with a comma between them";
                return fail_with(error::bad_header_value);
            }
            client_heart_beat_ = *parsed;
        }
    }
    if (*chosen == version::v1_2) {
        for (const header& h : frame.headers) {
            if (h.name.find('\r') == std::string_view::npos && h.value.find('\r') == std::string_view::npos) continue;
            p.subject = h.name;
            p.reason = "holds a CR that does not end it";
            return fail_with(error::bad_header);
        }
    }
    version_ = *chosen;
    decoder_.set_version(version_);
    state_ = state::pending;
    ev.kind = event_kind::connect;
}

namespace detail {

/// Answers are written here. They are sent or copied at once, so that one buffer does for all sessions of a thread and none for an idle
/// one.
inline std::string& answer_buffer() {
    thread_local std::string buffer;
    constexpr std::size_t kept = 64 * 1024;
    if (buffer.capacity() > kept) std::string().swap(buffer);
    buffer.clear();
    return buffer;
}

inline std::uint32_t milliseconds_of(std::chrono::milliseconds interval) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(interval.count(), 0, 0xFFFFFFFF));
}

} // namespace detail

STOMPCHAT_DECL std::string_view server_session::accept(std::string_view session_id, std::string_view user_name,
                                                       std::span<const header> extra, time_point now) {
    assert(state_ == state::pending);
    const std::uint32_t can_send = detail::milliseconds_of(options_->heart_beat_send);
    const std::uint32_t wants = detail::milliseconds_of(options_->heart_beat_receive);
    const std::string heart_beats = std::to_string(can_send) + ',' + std::to_string(wants);

    std::vector<header> headers;
    headers.reserve(5 + extra.size());
    if (version_ != version::v1_0) headers.push_back({"version", to_string(version_)});
    headers.push_back({"session", session_id});
    if (!options_->server.empty()) headers.push_back({"server", options_->server});
    if (version_ != version::v1_0) headers.push_back({"heart-beat", heart_beats});
    if (!user_name.empty()) headers.push_back({"user-name", user_name});
    headers.insert(headers.end(), extra.begin(), extra.end());
    for (const header& h : headers) {
        // CONNECTED is never escaped: written raw, such a value would become a header of its own.
        if (!expressible(h.name, h.value, version::v1_0)) {
            return fail(error::not_authenticated, "the header " + std::string(h.name) + " of CONNECTED cannot be written");
        }
    }
    std::string& out = detail::answer_buffer();
    encode(out, command::connected, headers, {}, version_);
    state_ = state::connected;
    if (version_ == version::v1_0) {
        clock_.start(0, 0, now);
    } else {
        clock_.start(heart_beat_interval(can_send, client_heart_beat_.receive), heart_beat_interval(client_heart_beat_.send, wants), now);
    }
    return out;
}

STOMPCHAT_DECL std::string_view server_session::receipt(std::string_view receipt_id, std::span<const header> extra) {
    if (receipt_id.empty() || !connected()) return {};
    std::string& out = detail::answer_buffer();
    out.append("RECEIPT\n");
    append_header(out, "receipt-id", receipt_id, version_);
    for (const header& h : extra) append_header(out, h.name, h.value, version_);
    out.append("\n\0", 2);
    return out;
}

STOMPCHAT_DECL std::string_view server_session::fail(error_code code, std::string_view detail, std::string_view receipt_id) {
    if (state_ == state::closed) return {};
    std::string& out = detail::answer_buffer();
    append_error_frame(out, code, detail, receipt_id, version_, connected());
    close();
    return out;
}

STOMPCHAT_DECL bool server_session::fail_event(event& ev, const problem& p) {
    ev.kind = event_kind::failed;
    ev.error = p.code;
    ev.octets = fail(p.code, describe(p), ev.receipt);
    return true;
}

STOMPCHAT_DECL server_session::time_point server_session::next_deadline() const noexcept {
    switch (state_) {
    case state::connecting: return opened_ + options_->connect_timeout;
    case state::pending: return time_point::max(); // whoever answers CONNECT has its own limit
    case state::connected:
    case state::disconnecting: return std::min(clock_.send_deadline(), clock_.receive_deadline(options_->heart_beat_tolerance));
    case state::closed: break;
    }
    return time_point::max();
}

STOMPCHAT_DECL server_session::due server_session::on_time(time_point now) const noexcept {
    if (now < next_deadline()) return due::nothing;
    if (state_ == state::connecting) return due::connect_timeout;
    if (!connected()) return due::nothing;
    return now >= clock_.receive_deadline(options_->heart_beat_tolerance) ? due::dead : due::send_heart_beat;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
