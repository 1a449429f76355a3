// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CLIENT_IMPL_SESSION_IPP
#define STOMPCHAT_CLIENT_IMPL_SESSION_IPP

#include <stompchat/client/session.hpp>
#include <stompchat/stomp/encoder.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::client {
namespace detail {

inline std::optional<std::uint64_t> number_of(std::optional<std::string_view> text) noexcept {
    if (!text) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failure != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return number;
}

// What the server says of an error, on one line if it can be: `message`, and the body where that says more.
inline std::string words_of(const stomp::frame_view& error_frame) {
    std::string text(error_frame.value_of("message"));
    constexpr std::size_t longest = 512;
    if (!error_frame.body.empty() && error_frame.body != text) {
        if (!text.empty()) text += ": ";
        text += error_frame.body.substr(0, longest);
    }
    return text;
}

} // namespace detail

STOMPCHAT_DECL error_code error_from_text(std::string_view text) {
    for (int value = static_cast<int>(error::bad_command); value < 900; ++value) {
        const error_code candidate = static_cast<error>(value);
        if (candidate.message() == text) return candidate;
    }
    return error::server_error;
}

STOMPCHAT_DECL session::session(const session_options& options, time_point now)
    : options_(&options), decoder_(stomp::peer::server, options.limits), clock_(now) {}

STOMPCHAT_DECL void session::feed(std::string_view octets, time_point now) {
    clock_.note_received(now);
    if (state_ != state::closed) decoder_.feed(octets, scratch_);
}

STOMPCHAT_DECL session_event session::next() {
    while (state_ != state::closed) {
        session_event ev;
        switch (decoder_.next(ev.frame)) {
        case stomp::decode_status::need_more: return {};
        case stomp::decode_status::heart_beat: break;
        case stomp::decode_status::error: return fail(decoder_.problem().code, stomp::describe(decoder_.problem()));
        case stomp::decode_status::frame:
            switch (ev.frame.cmd) {
            case stomp::command::connected: return on_connected(ev.frame);
            case stomp::command::error: return on_error(ev.frame);
            default: break;
            }
            if (state_ == state::connecting) return fail(error::not_connected, "the server's first frame is neither CONNECTED nor ERROR");
            if (ev.frame.cmd == stomp::command::message ? on_message(ev.frame, ev) : on_answer(ev.frame, ev)) return ev;
            break;
        }
    }
    return {};
}

STOMPCHAT_DECL session_event session::on_connected(const stomp::frame_view& frame) {
    if (state_ != state::connecting) return fail(error::already_connected, "the server sent a second CONNECTED");
    const auto named = frame.find("version");
    const auto version = stomp::negotiate(named);
    if (!version || *version < options_->lowest || *version > options_->highest)
        return fail(error::no_common_version, "the server speaks STOMP " + std::string(named.value_or("1.0")));
    std::optional<stomp::heart_beat> beats = stomp::heart_beat{};
    if (const auto given = frame.find("heart-beat"); given && *version != stomp::version::v1_0) beats = stomp::parse_heart_beat(*given);
    if (!beats) return fail(error::bad_header_value, "the server's heart-beat is no pair of numbers");
    version_ = *version;
    decoder_.set_version(version_);
    const auto offered = [](std::chrono::milliseconds interval) { return static_cast<std::uint32_t>(interval.count()); };
    clock_.start(stomp::heart_beat_interval(offered(options_->heart_beat_send), beats->receive),
                 stomp::heart_beat_interval(beats->send, offered(options_->heart_beat_receive)), clock_.received());
    state_ = state::connected;
    session_event ev;
    ev.kind = session_event_kind::connected;
    ev.frame = frame;
    return ev;
}

STOMPCHAT_DECL bool session::on_message(const stomp::frame_view& frame, session_event& ev) const {
    ev.kind = session_event_kind::message;
    if (const auto named = frame.find("subscription")) {
        const auto number = detail::number_of(named);
        if (!number || !subscriptions_.contains(*number)) return false;
        ev.tag = *number;
        return true;
    }
    const std::string_view destination = frame.value_of("destination");
    const auto found =
        std::find_if(subscriptions_.begin(), subscriptions_.end(), [&](const auto& one) { return one.second.destination == destination; });
    if (found == subscriptions_.end()) return false;
    ev.tag = found->first;
    return true;
}

STOMPCHAT_DECL bool session::on_answer(const stomp::frame_view& frame, session_event& ev) {
    const auto number = detail::number_of(frame.find("receipt-id"));
    const auto found = number ? receipts_.find(*number) : receipts_.end();
    if (found == receipts_.end()) return false;
    ev.kind = session_event_kind::receipt;
    ev.command = found->second.command;
    ev.tag = found->second.tag;
    receipts_.erase(found);
    return true;
}

STOMPCHAT_DECL session_event session::on_error(const stomp::frame_view& frame) {
    session_event ev;
    ev.frame = frame;
    on_answer(frame, ev);
    ev.kind = session_event_kind::error;
    ev.ec = error_from_text(frame.value_of("message"));
    ev.text = detail::words_of(frame);
    state_ = state::closed;
    return ev;
}

STOMPCHAT_DECL session_event session::fail(error_code ec, std::string text) {
    state_ = state::closed;
    session_event ev;
    ev.kind = session_event_kind::failed;
    ev.ec = ec;
    ev.text = std::move(text);
    return ev;
}

// Frames out.

STOMPCHAT_DECL void session::add(std::string_view name, std::string_view value) { headers_.push_back({name, value}); }

STOMPCHAT_DECL void session::write(stomp::command command, std::string_view body) {
    stomp::encode(output_, command, headers_, body, version_);
    ends_.push_back(output_.size());
    headers_.clear();
}

STOMPCHAT_DECL std::string session::expect_answer(stomp::command command, std::uint64_t tag) {
    receipts_.emplace(++last_receipt_, awaited{command, tag});
    return std::to_string(last_receipt_);
}

STOMPCHAT_DECL void session::connect(std::string_view host, const header_list& more) {
    std::string versions;
    for (const auto v : {stomp::version::v1_0, stomp::version::v1_1, stomp::version::v1_2}) {
        if (v < options_->lowest || v > options_->highest) continue;
        if (!versions.empty()) versions += ',';
        versions += to_string(v);
    }
    const std::string beats =
        std::to_string(options_->heart_beat_send.count()) + ',' + std::to_string(options_->heart_beat_receive.count());
    add("accept-version", versions);
    add("host", host);
    add("heart-beat", beats);
    for (const auto& [name, value] : more) add(name, value);
    write(stomp::command::connect);
}

STOMPCHAT_DECL void session::send(const outgoing_message& message, std::uint64_t tag, transaction_id transaction) {
    const std::string receipt = tag != 0 ? expect_answer(stomp::command::send, tag) : std::string();
    const std::string within = std::to_string(transaction);
    add("destination", message.destination);
    for (const auto& [name, value] : message.headers) {
        // Those are the session's: an application's would come first, and the first counts.
        if (name != "receipt" && name != "transaction" && name != "destination") add(name, value);
    }
    if (transaction != 0) add("transaction", within);
    if (tag != 0) add("receipt", receipt);
    write(stomp::command::send, message.body);
}

STOMPCHAT_DECL error_code session::subscribe(subscription_id id, std::string_view destination, stomp::ack_mode mode,
                                             const header_list& more) {
    if (mode == stomp::ack_mode::client_individual && version_ == stomp::version::v1_0) return error::bad_header_value;
    const std::string name = std::to_string(id);
    const std::string receipt = expect_answer(stomp::command::subscribe, id);
    subscriptions_.insert_or_assign(id, subscription{std::string(destination), mode});
    add("id", name);
    add("destination", destination);
    if (mode != stomp::ack_mode::auto_) add("ack", mode == stomp::ack_mode::client ? "client" : "client-individual");
    for (const auto& [key, value] : more) add(key, value);
    add("receipt", receipt);
    write(stomp::command::subscribe);
    return {};
}

STOMPCHAT_DECL void session::unsubscribe(subscription_id id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    const std::string name = std::to_string(id);
    const std::string receipt = expect_answer(stomp::command::unsubscribe, id);
    add("id", name);
    // STOMP 1.0, "UNSUBSCRIBE": it takes the destination or the id; some servers know only the former.
    if (version_ == stomp::version::v1_0) add("destination", found->second.destination);
    add("receipt", receipt);
    write(stomp::command::unsubscribe);
    subscriptions_.erase(found);
}

STOMPCHAT_DECL void session::settle(stomp::command command, subscription_id id, std::string_view value, transaction_id transaction) {
    if (command == stomp::command::nack && version_ == stomp::version::v1_0) return;
    const std::string name = std::to_string(id);
    const std::string within = std::to_string(transaction);
    add(version_ == stomp::version::v1_2 ? "id" : "message-id", value);
    if (version_ == stomp::version::v1_1) add("subscription", name);
    if (transaction != 0) add("transaction", within);
    write(command);
}

STOMPCHAT_DECL void session::begin(transaction_id id) {
    const std::string name = std::to_string(id);
    transactions_.insert(id);
    add("transaction", name);
    write(stomp::command::begin);
}

STOMPCHAT_DECL error_code session::commit(transaction_id id) {
    if (transactions_.erase(id) == 0) return error::unknown_transaction;
    const std::string name = std::to_string(id);
    const std::string receipt = expect_answer(stomp::command::commit, id);
    add("transaction", name);
    add("receipt", receipt);
    write(stomp::command::commit);
    return {};
}

STOMPCHAT_DECL error_code session::abort(transaction_id id) {
    if (transactions_.erase(id) == 0) return error::unknown_transaction;
    const std::string name = std::to_string(id);
    add("transaction", name);
    write(stomp::command::abort);
    return {};
}

STOMPCHAT_DECL void session::disconnect(std::uint64_t tag) {
    const std::string receipt = expect_answer(stomp::command::disconnect, tag);
    add("receipt", receipt);
    write(stomp::command::disconnect);
    state_ = state::disconnecting;
}

STOMPCHAT_DECL std::string_view session::ack_value(const stomp::frame_view& message) const noexcept {
    return message.value_of(version_ == stomp::version::v1_2 ? "ack" : "message-id");
}

STOMPCHAT_DECL void session::took_output(time_point now) {
    if (output_.empty()) return;
    clock_.note_sent(now);
    output_.clear();
    ends_.clear();
    // One large burst must not be paid for until the connection ends.
    if (output_.capacity() > 64 * 1024) output_.shrink_to_fit();
}

// Time.

STOMPCHAT_DECL session::time_point session::deadline() const noexcept {
    if (state_ == state::closed) return time_point::max();
    return std::min(clock_.send_deadline(), clock_.receive_deadline(options_->heart_beat_tolerance));
}

STOMPCHAT_DECL bool session::on_time(time_point now) {
    if (state_ == state::closed) return true;
    if (now >= clock_.receive_deadline(options_->heart_beat_tolerance)) return false;
    if (now >= clock_.send_deadline() && output_.empty()) {
        output_.push_back('\n');
        ends_.push_back(output_.size());
    }
    return true;
}

} // namespace stompchat::inline STOMPCHAT_ABI::client

#endif
