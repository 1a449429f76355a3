// Boost Software License 1.0, see LICENSE

/*  What one SEND of 231 octets costs, in nanoseconds of CPU, as JSON:
    - "parse_and_session": WebSocket frame, STOMP frame, session rules, to the event;
    - "route": from the event to the log of the in-memory broker and back to the shard, which finds the topic, encodes the MESSAGE and
   queues it for its one subscriber, and the turns of the event loop between these steps;
    - "write": the MESSAGE becomes octets on the wire; the socket is left out.
    SENDs come 16 at a time, as from a busy client; the smallest of many rounds counts, because other programs only ever add.  */

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/node/detail/membership.hpp>
#include <stompchat/node/detail/reader.hpp>
#include <stompchat/node/detail/session.hpp>
#include <stompchat/node/detail/shard.hpp>
#include <stompchat/stomp/server_session.hpp>
#include <stompchat/websocket/frame.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace stompchat;

constexpr int at_once = 16;
constexpr int rounds = 20'000;

std::string masked(std::string_view frame) {
    const websocket::mask_key key{0x12, 0x34, 0x56, 0x78};
    char head[websocket::max_header_size];
    std::string octets(head, websocket::write_masked_header(head, websocket::opcode::text, frame.size(), key));
    octets.append(frame);
    websocket::mask({octets.data() + octets.size() - frame.size(), frame.size()}, key);
    return octets;
}

std::string connect_frame() { return masked(std::string("CONNECT\naccept-version:1.2\nhost:bench\nlogin:somebody\n\n") + '\0'); }

/// 231 octets of STOMP, as a JavaScript client writes it.
std::string send_frame() {
    std::string frame =
        "SEND\ndestination:/topic/room-4711\ncontent-type:application/json\nclient-message-id:3f2b8c1e\ncontent-length:128\n\n";
    frame.append(R"({"text":")").append(228 - frame.size(), 'x').append("\"}").push_back('\0');
    const auto length = frame.size() - frame.find("\n\n") - 3;
    frame.replace(frame.find("128"), 3, std::to_string(length));
    return frame;
}

/// The smallest CPU time of a call, per SEND.
template <class Round>
double nanoseconds(Round&& round) {
    const auto used = [] {
        timespec at{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
        return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
    };
    double least = 1e18;
    for (int i = 0; i != rounds; ++i) {
        const double before = used();
        round();
        if (i > rounds / 10) least = std::min(least, used() - before);
    }
    return least / at_once;
}

/// A connection in memory: gives what it is told to, swallows what is written.
class memory_stream final : public net::byte_stream {
public:
    explicit memory_stream(asio::io_context& context) : context_(context) {}

    void give(std::string_view octets) { in_ = octets; }
    bool swallows = true;
    std::size_t written = 0;
    net::stream_listener* listener = nullptr;

    std::size_t read_some(std::span<char> into, error_code& ec) noexcept override {
        const std::size_t got = std::min(into.size(), in_.size());
        if (got == 0) ec = asio::error::would_block;
        std::memcpy(into.data(), in_.data(), got);
        in_.remove_prefix(got);
        return got;
    }
    std::size_t write_some(std::span<const asio::const_buffer> from, error_code&) noexcept override {
        const std::size_t taken = asio::buffer_size(from);
        written += taken;
        return taken;
    }
    void async_wait_readable() override {}
    void async_wait_writable() override {}
    void set_listener(net::stream_listener* whom) noexcept override { listener = whom; }
    void shutdown_send() noexcept override {}
    void close() noexcept override {}
    endpoint_type remote_endpoint() const noexcept override { return {}; }
    executor_type executor() const noexcept override { return context_.get_executor(); }
    bool is_encrypted() const noexcept override { return false; }

private:
    void dispose() noexcept override { delete this; }

    asio::io_context& context_;
    std::string_view in_;
};

struct believing_authenticator final : authenticator {
    void do_authenticate(credentials, detail::completion<void(error_code, identity)> done) override { done({}, identity("somebody")); }
};

double parse_and_session(const std::string& sends) {
    const stomp::session_options options;
    const websocket::decoder_options websocket_options;
    const auto now = std::chrono::steady_clock::now();
    stomp::server_session session(options, now);
    stomp::parse_scratch scratch;
    websocket::decoder decoder(websocket::role::server, websocket_options);
    std::string octets;
    std::size_t seen = 0;
    const auto take = [&](const std::string& from) {
        octets = from; // it is unmasked in place
        decoder.feed(octets);
        for (auto ev = decoder.next(); ev.type == websocket::event_type::data; ev = decoder.next()) {
            session.feed(ev.payload, scratch, now);
            for (auto what = session.next(); what.kind != stomp::event_kind::need_more; what = session.next()) {
                if (what.kind == stomp::event_kind::connect) {
                    session.accept("s", "somebody", {}, now);
                    break;
                }
                seen += what.frame.body.size();
            }
        }
    };
    take(connect_frame());
    const double result = nanoseconds([&] { take(sends); });
    return seen == 0 ? 0 : result;
}

/// Everything, with a subscriber that listens or, for comparison, none.
double whole_way(const std::string& sends, bool subscribed) {
    asio::io_context context(1);
    memory_broker log(context.get_executor());
    local_registry registry(context.get_executor());
    local_state_store store(context.get_executor());
    believing_authenticator authentication;
    allow_all authorization;
    observer silent;
    node::node_context about{{}, node_ports{log, registry, store, authentication, authorization}, &silent, {"bench", 1}, {}};
    node::shard shard(0, context, about);
    node::reader reader(log, {&shard.inbox()}, silent);
    about.health = &reader.health();
    about.membership = std::make_shared<node::membership>(context, registry, silent, about.options, about.self, *about.health);
    shard.attach(reader);
    log.start(reader);
    const auto join = [&](std::string_view further) {
        auto* const stream = new memory_stream(context);
        shard.upgrade(net::stream_ptr(stream), credentials()).begin_with({}, {});
        for (const std::string& frame : {connect_frame(), std::string(further)}) {
            stream->give(frame);
            stream->listener->on_readable({});
            context.poll();
            context.restart();
        }
        return stream;
    };
    memory_stream* const reading =
        subscribed ? join(masked(std::string("SUBSCRIBE\nid:0\ndestination:/topic/room-4711\n\n") + '\0')) : nullptr;
    memory_stream* const sending = join({});
    const double result = nanoseconds([&] {
        sending->give(sends);
        sending->listener->on_readable({});
        context.poll();
        context.restart();
    });
    const std::size_t least = subscribed ? std::size_t{rounds} * at_once * 200 : 0;
    const bool sound = reading == nullptr || reading->written > least;
    shard.stop([] {});
    shard.abort();
    log.async_stop(std::chrono::seconds(1), [](error_code) {});
    context.restart();
    context.run();
    return sound ? result : 0;
}

} // namespace

int main() {
    const std::string one = masked(send_frame());
    std::string sends;
    for (int i = 0; i != at_once; ++i) sends += one;
    const double parsed = parse_and_session(sends);
    const double logged = whole_way(sends, false);
    const double delivered = whole_way(sends, true);
    if (parsed == 0 || delivered == 0) {
        std::fputs("stompchat-bench-send: the frames did not arrive\n", stderr);
        return 1;
    }
    fmt::print("{{\"frame_octets\": {}, \"parse_and_session_ns\": {:.1f}, \"to_the_log_ns\": {:.1f}, \"to_the_wire_ns\": {:.1f}}}\n",
               send_frame().size(), parsed, logged, delivered);
}
