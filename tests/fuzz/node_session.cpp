// Boost Software License 1.0, see LICENSE

/*  A client of a whole node: frames, deliveries, acknowledgements and requests to the application. The octets are what the client writes;
    those below 9 are what happens meanwhile: 1 the network cuts here, 2 the `ack` of the latest MESSAGE stands here, 3 its `message-id`,
    4 the client stops reading, 5 it reads on, 6 somebody else publishes to /topic/a, 7 the client reads 20 octets more, 8 it is gone.
    Choice: bit 0 over WebSocket; then each piece is a frame of its own, as text if bit 1 is set.

    The rules: what the client gets is well-formed, CONNECTED first and ERROR last; RECEIPTs are for receipts that it asked for; MESSAGEs
   are for its subscriptions; and the node is empty when all clients have gone.  */

#include "scripted_node.hpp"

#include <stompchat/stomp/decoder.hpp>
#include <stompchat/websocket/decoder.hpp>
#include <stompchat/websocket/frame.hpp>

#include <optional>

using namespace stompchat_fuzz;
using namespace stompchat::stomp;
namespace websocket = stompchat::websocket;

namespace {

constexpr std::string_view upgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Reads what the node sends, frame by frame.
class client {
public:
    client(scripted_node& node, bool over_websocket, bool text)
        : over_websocket_(over_websocket), text_(text),
          wire_(node.connect(over_websocket ? stompchat::transport::websocket : stompchat::transport::stomp)) {
        if (!over_websocket_) return;
        wire_->to_node = upgrade;
        node.settle();
        const auto end = wire_->from_node.find("\r\n\r\n");
        FUZZ_CHECK(wire_->from_node.starts_with("HTTP/1.1 101 ") && end != std::string::npos);
        wire_->from_node.erase(0, end + 4);
    }

    void write(std::string_view octets) {
        written_.append(octets);
        if (!over_websocket_) {
            wire_->to_node.append(octets);
            return;
        }
        const websocket::mask_key key{7, 0, 255, 3};
        std::string payload(octets);
        websocket::mask(payload, key);
        char head[websocket::max_header_size];
        const auto kind = text_ ? websocket::opcode::text : websocket::opcode::binary;
        wire_->to_node.append(head, websocket::write_masked_header(head, kind, payload.size(), key));
        wire_->to_node.append(payload);
    }

    void read() {
        block got(wire_->from_node);
        wire_->from_node.clear();
        if (!over_websocket_) return read_stomp(got);
        frames_.feed({got.data(), got.size()});
        for (auto ev = frames_.next(); ev.type != websocket::event_type::need_more; ev = frames_.next()) {
            FUZZ_CHECK(ev.type != websocket::event_type::error);
            if (ev.type == websocket::event_type::data) read_stomp(ev.payload);
        }
    }

    wire& on() { return *wire_; }
    const std::string& ack() const { return ack_; }
    const std::string& message_id() const { return message_id_; }

private:
    void read_stomp(std::string_view octets) {
        const block copy(octets);
        stomp_.feed(copy, scratch_);
        frame_view frame;
        for (decode_status status = stomp_.next(frame); status != decode_status::need_more; status = stomp_.next(frame)) {
            FUZZ_CHECK(status != decode_status::error);
            if (status == decode_status::frame) on_frame(frame);
        }
    }

    void on_frame(const frame_view& frame) {
        FUZZ_CHECK(!error_);
        switch (frame.cmd) {
        case command::connected: {
            FUZZ_CHECK(!std::exchange(connected_, true));
            const auto chosen = frame.find("version");
            version_ = !chosen ? version::v1_0 : *chosen == "1.1" ? version::v1_1 : version::v1_2;
            stomp_.set_version(version_);
            return;
        }
        case command::error: error_ = true; return;
        case command::message:
            FUZZ_CHECK(connected_ && frame.find("destination") && frame.find("message-id") && frame.has_content_length);
            FUZZ_CHECK(version_ == version::v1_0 || frame.find("subscription"));
            FUZZ_CHECK(version_ == version::v1_2 || !frame.find("ack"));
            message_id_ = frame.value_of("message-id");
            ack_ = frame.value_of("ack");
            return;
        case command::receipt: FUZZ_CHECK(connected_ && !frame.value_of("receipt-id").empty()); return;
        default: FUZZ_CHECK(false);
        }
    }

    bool over_websocket_;
    bool text_;
    std::shared_ptr<wire> wire_;
    websocket::decoder_options limits_{1 << 20};
    websocket::decoder frames_{websocket::role::client, limits_};
    decode_limits roomy_{1 << 20, 1000, 1 << 20, 1 << 20};
    parse_scratch scratch_;
    decoder stomp_{peer::server, roomy_};
    version version_ = version::v1_0;
    std::string written_;
    std::string ack_;
    std::string message_id_;
    bool connected_ = false;
    bool error_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const input in(data, size);
    scripted_node node;
    client one(node, (in.choice & 1) != 0, (in.choice & 2) != 0);
    std::optional<client> other;
    std::string piece;
    const auto write = [&] {
        if (piece.empty()) return;
        one.write(std::exchange(piece, {}));
        node.settle();
        one.read();
    };
    for (const char c : in.octets) {
        if (c <= 0 || c > 8) {
            piece.push_back(c);
            continue;
        }
        // An id stands within a piece. It is the one that the pieces before have brought.
        if (c == 2 || c == 3) {
            piece.append(c == 2 ? one.ack() : one.message_id());
            continue;
        }
        write();
        switch (c) {
        case 4: one.on().room = 0; break;
        case 5: one.on().room = static_cast<std::size_t>(-1); break;
        case 6:
            if (!other) {
                other.emplace(node, false, false);
                other->write("CONNECT\naccept-version:1.2\n\n" + std::string(1, '\0'));
            }
            other->write("SEND\ndestination:/topic/a\nx:\\c\\r\n\n0123456789" + std::string(1, '\0'));
            break;
        case 7: one.on().room = 20; break;
        case 8: one.on().ended = true; break;
        default: break;
        }
        node.settle();
        if (other) other->read();
        one.read();
    }
    write();
    one.on().room = static_cast<std::size_t>(-1);
    node.settle();
    one.read();
    one.on().ended = true;
    if (other) other->on().ended = true;
    node.settle();
    one.read();
    FUZZ_CHECK(node.connections() == 0);
    return 0;
}
