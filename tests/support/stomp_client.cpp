// Boost Software License 1.0, see LICENSE

#include "stomp_client.hpp"

#include <stompchat/net/tcp_stream.hpp>
#include <stompchat/net/tls_stream.hpp>
#include <stompchat/stomp/encoder.hpp>
#include <stompchat/utf8.hpp>
#include <stompchat/websocket/frame.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <doctest/doctest.h>

#include <algorithm>

namespace stompchat_test {

namespace websocket = stompchat::websocket;
using clock = std::chrono::steady_clock;

namespace {

constexpr websocket::mask_key mask_key{0x12, 0x34, 0x56, 0x78};

stomp::decode_limits generous() {
    stomp::decode_limits limits;
    limits.header_line = 1024 * 1024;
    limits.headers = 10'000;
    limits.body = 64 * 1024 * 1024;
    limits.body_before_connect = limits.body;
    return limits;
}

void append(headers& to, const headers& more) { to.insert(to.end(), more.begin(), more.end()); }

} // namespace

std::string received::operator[](std::string_view name) const {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
    return found == fields.end() ? "(absent)" : found->second;
}

std::size_t received::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; }));
}

std::string describe(const received& one) {
    switch (one.what) {
    case received::kind::heart_beat: return "a heart-beat";
    case received::kind::ping: return "a ping";
    case received::kind::close: return "close " + std::to_string(one.code) + " " + one.body;
    case received::kind::end: return "the end of the stream " + one.body;
    case received::kind::frame: break;
    }
    std::string text(to_string(one.cmd));
    for (const auto& [name, value] : one.fields) text += "\n" + name + ":" + value;
    return text + "\n\n" + one.body.substr(0, 200);
}

stomp_client::stomp_client(const endpoint& server, client_options how)
    : how_(std::move(how)), websocket_options_{std::size_t{1} << 31}, websocket_(websocket::role::client, websocket_options_),
      limits_(generous()), decoder_(stomp::peer::server, limits_) {
    net::tcp_socket socket(context_.get_executor());
    socket.open(server.protocol());
    if (how_.receive_buffer != 0) socket.set_option(boost::asio::socket_base::receive_buffer_size(how_.receive_buffer));
    socket.connect(server);
    stream_ = how_.tls != nullptr ? net::make_tls_client_stream(std::move(socket), *how_.tls, server.address().to_string())
                                  : net::make_tcp_stream(std::move(socket));
    stream_->set_listener(this);
    if (how_.websocket) upgrade(server);
}

stomp_client::~stomp_client() {
    stream_->close();
    stream_.reset();
    context_.restart();
    context_.poll();
}

void stomp_client::upgrade(const endpoint& server) {
    std::string host = server.address().to_string();
    if (server.address().is_v6()) host = '[' + host + ']';
    out_ = "GET " + how_.target + " HTTP/1.1\r\nHost: " + host + ':' + std::to_string(server.port())
           + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!how_.subprotocols.empty()) out_ += "Sec-WebSocket-Protocol: " + how_.subprotocols + "\r\n";
    for (const auto& [name, value] : how_.more) out_ += name + ": " + value + "\r\n";
    out_ += "\r\n";
    REQUIRE_MESSAGE(wait_until([this] { return upgraded_ || ended_; }), "the upgrade request is not answered");
}

// Octets.

bool stomp_client::flush() {
    bool moved = false;
    while (!out_.empty() && !ended_) {
        stompchat::error_code ec;
        const boost::asio::const_buffer rest(out_.data(), std::min<std::size_t>(out_.size(), 256 * 1024));
        const std::size_t taken = stream_->write_some({&rest, 1}, ec);
        if (taken == 0) break;
        out_.erase(0, taken);
        moved = true;
    }
    return moved;
}

bool stomp_client::move_octets() {
    bool moved = flush();
    static thread_local std::vector<char> scratch(64 * 1024);
    while (!ended_) {
        stompchat::error_code ec;
        const std::size_t got = stream_->read_some(scratch, ec);
        if (ec == boost::asio::error::would_block) break;
        moved = true;
        if (ec) {
            ended_ = true;
            received last;
            last.what = received::kind::end;
            if (ec != boost::asio::error::eof) last.body = ec.message();
            arrived_.push_back(std::move(last));
            break;
        }
        take(std::span(scratch).first(got));
    }
    return moved;
}

bool stomp_client::wait_until(const std::function<bool()>& reached, std::chrono::milliseconds limit) {
    const auto deadline = clock::now() + limit;
    for (;;) {
        const bool moved = move_octets();
        if (reached()) return true;
        if (clock::now() >= deadline) return false;
        if (moved) continue;
        if (!ended_) {
            stream_->async_wait_readable();
            if (!out_.empty()) stream_->async_wait_writable();
        }
        // What the condition looks at may also change elsewhere.
        const auto guard = boost::asio::make_work_guard(context_);
        context_.restart();
        context_.run_one_until(std::min(deadline, clock::now() + std::chrono::milliseconds(5)));
    }
}

bool stomp_client::poll() {
    move_octets();
    return !arrived_.empty();
}

void stomp_client::take(std::span<char> octets) {
    if (!how_.websocket) return take_stomp({octets.data(), octets.size()});
    if (!upgraded_) {
        const std::size_t before = answer_.size();
        answer_.append(octets.data(), octets.size());
        const auto end = answer_.find("\r\n\r\n");
        if (end == std::string::npos) return;
        octets = octets.subspan(end + 4 - before);
        answer_.resize(end + 2);
        upgraded_ = true;
        if (!answer_.starts_with("HTTP/1.1 101 ")) {
            answer_.append(octets.data(), octets.size());
            return;
        }
    }
    websocket_.feed(octets);
    for (;;) {
        const websocket::event ev = websocket_.next();
        received one;
        one.body = ev.payload;
        switch (ev.type) {
        case websocket::event_type::need_more: return;
        case websocket::event_type::data:
            text_ = ev.text;
            take_stomp(ev.payload);
            continue;
        case websocket::event_type::ping:
            one.what = received::kind::ping;
            if (answer_pings) send_wire(websocket::encode_control(websocket::opcode::pong, ev.payload, mask_key).view());
            break;
        case websocket::event_type::pong: continue;
        case websocket::event_type::close:
            one.what = received::kind::close;
            one.code = ev.code;
            break;
        case websocket::event_type::error: FAIL("the server broke WebSocket: " << ev.ec.message());
        }
        arrived_.push_back(std::move(one));
    }
}

void stomp_client::take_stomp(std::string_view octets) {
    decoder_.feed(octets, scratch_);
    for (;;) {
        stomp::frame_view frame;
        received one;
        one.text = text_;
        switch (decoder_.next(frame)) {
        case stomp::decode_status::need_more: return;
        case stomp::decode_status::heart_beat: one.what = received::kind::heart_beat; break;
        case stomp::decode_status::error: FAIL("the server broke STOMP: " << stomp::describe(decoder_.problem())); break;
        case stomp::decode_status::frame:
            one.cmd = frame.cmd;
            for (const stomp::header& field : frame.headers) one.fields.emplace_back(field.name, field.value);
            one.body = frame.body;
            if (frame.cmd == command::connected) {
                version = stomp::negotiate(frame.find("version")).value_or(stomp::version::v1_0);
                decoder_.set_version(version);
            }
            break;
        }
        arrived_.push_back(std::move(one));
    }
}

void stomp_client::write_message(bool text, std::string_view payload) {
    char head[websocket::max_header_size];
    const std::size_t size =
        websocket::write_masked_header(head, text ? websocket::opcode::text : websocket::opcode::binary, payload.size(), mask_key);
    out_.append(head, size);
    const std::size_t begin = out_.size();
    out_.append(payload);
    websocket::mask(std::span(out_).subspan(begin), mask_key);
}

// Frames out.

void stomp_client::send_octets(std::string_view stomp) {
    if (how_.websocket)
        write_message(stompchat::is_utf8(stomp), stomp);
    else
        out_.append(stomp);
    flush();
}

void stomp_client::send_wire(std::string_view octets) {
    out_.append(octets);
    flush();
}

void stomp_client::send_frame(command cmd, const headers& fields, std::string_view body) {
    std::vector<stomp::header> views;
    for (const auto& [name, value] : fields) views.push_back({name, value});
    std::string octets;
    stomp::encode(octets, cmd, views, body, version);
    send_octets(octets);
}

void stomp_client::send_close(std::uint16_t code) { send_wire(websocket::encode_close(code, {}, mask_key).view()); }

void stomp_client::send(std::string_view destination, std::string_view body, headers more) {
    headers fields{{"destination", std::string(destination)}};
    append(fields, more);
    send_frame(command::send, fields, body);
}

void stomp_client::subscribe(std::string_view id, std::string_view destination, headers more) {
    headers fields{{"destination", std::string(destination)}};
    if (!id.empty()) fields.emplace_back("id", id);
    append(fields, more);
    send_frame(command::subscribe, fields);
}

void stomp_client::unsubscribe(std::string_view id, headers more) {
    headers fields{{"id", std::string(id)}};
    append(fields, more);
    send_frame(command::unsubscribe, fields);
}

void stomp_client::ack(std::string_view id, headers more) {
    headers fields{{version == stomp::version::v1_2 ? "id" : "message-id", std::string(id)}};
    append(fields, more);
    send_frame(command::ack, fields);
}

void stomp_client::disconnect(std::string_view receipt) { send_frame(command::disconnect, {{"receipt", std::string(receipt)}}); }

// What comes.

std::optional<received> stomp_client::next(std::chrono::milliseconds limit) {
    for (;;) {
        if (!wait_until([this] { return !arrived_.empty(); }, limit)) return std::nullopt;
        received one = std::move(arrived_.front());
        arrived_.pop_front();
        if (one.what != received::kind::heart_beat && one.what != received::kind::ping) return one;
    }
}

received stomp_client::take_next(std::string_view wanted) {
    std::optional<received> one = next();
    REQUIRE_MESSAGE(one.has_value(), wanted << " does not come");
    return std::move(*one);
}

received stomp_client::expect(command cmd) {
    received one = take_next(to_string(cmd));
    REQUIRE_MESSAGE((one.what == received::kind::frame && one.cmd == cmd), "expected " << to_string(cmd) << ", got " << describe(one));
    return one;
}

void stomp_client::expect_receipt(std::string_view id) { REQUIRE(expect(command::receipt)["receipt-id"] == id); }

received stomp_client::expect_message(std::string_view body) {
    received one = expect(command::message);
    REQUIRE(one.body == body);
    return one;
}

received stomp_client::expect_error(std::string_view text) {
    received one = expect(command::error);
    REQUIRE_MESSAGE((one["message"].find(text) != std::string::npos || one.body.find(text) != std::string::npos), describe(one));
    return one;
}

std::string stomp_client::expect_close(std::uint16_t code) {
    std::string reason;
    if (how_.websocket) {
        const received one = take_next("the close frame");
        REQUIRE_MESSAGE(one.what == received::kind::close, "expected a close frame, got " << describe(one));
        REQUIRE(one.code == code);
        reason = one.body;
        send_close(code);
    }
    expect_end();
    return reason;
}

void stomp_client::expect_end() {
    const received one = take_next("the end of the stream");
    REQUIRE_MESSAGE((one.what == received::kind::end && one.body.empty()), "expected the end of the stream, got " << describe(one));
    stream_->close(); // a server that has said all waits for this
}

bool stomp_client::expect_kind(received::kind what) {
    return wait_until([&] {
        const auto found = std::find_if(arrived_.begin(), arrived_.end(), [&](const received& one) { return one.what == what; });
        if (found == arrived_.end()) return false;
        arrived_.erase(found);
        return true;
    });
}

void stomp_client::expect_ping() { REQUIRE_MESSAGE(expect_kind(received::kind::ping), "a ping does not come"); }

void stomp_client::expect_heart_beat() { REQUIRE_MESSAGE(expect_kind(received::kind::heart_beat), "a heart-beat does not come"); }

// Both, in one line.

received stomp_client::connect(headers more, std::string_view versions) {
    headers fields;
    if (!versions.empty()) fields.emplace_back("accept-version", versions);
    fields.emplace_back("host", "test");
    append(fields, more);
    send_frame(command::connect, fields);
    return expect(command::connected);
}

void stomp_client::subscribe_and_wait(std::string_view id, std::string_view destination, headers more) {
    const std::string receipt = new_receipt();
    more.emplace_back("receipt", receipt);
    subscribe(id, destination, more);
    expect_receipt(receipt);
}

received stomp_client::send_and_wait(std::string_view destination, std::string_view body, headers more) {
    const std::string receipt = new_receipt();
    more.emplace_back("receipt", receipt);
    send(destination, body, more);
    return take_receipt(receipt);
}

received stomp_client::take_receipt(std::string_view id) {
    received taken;
    const bool came = wait_until([&] {
        const auto found = std::find_if(arrived_.begin(), arrived_.end(), [&](const received& one) {
            return one.what == received::kind::frame && one.cmd == command::receipt && one["receipt-id"] == id;
        });
        if (found == arrived_.end()) return ended_;
        taken = std::move(*found);
        arrived_.erase(found);
        return true;
    });
    REQUIRE_MESSAGE((came && taken.cmd == command::receipt),
                    "the RECEIPT " << id << " does not come" << (arrived_.empty() ? "" : ", but " + describe(arrived_.front())));
    return taken;
}

void stomp_client::expect_nothing() {
    const std::string receipt = new_receipt();
    send_frame(command::begin, {{"transaction", receipt}, {"receipt", receipt}});
    expect_receipt(receipt);
    send_frame(command::abort, {{"transaction", receipt}});
}

} // namespace stompchat_test
