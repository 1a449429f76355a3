// Boost Software License 1.0, see LICENSE

#include "queueing.hpp"

#include <stompchat/node/detail/gather.hpp>
#include <support/seed.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using namespace stompchat;
using namespace stompchat_test;
using namespace std::string_literals;
using node::frame;
using node::gather;
using stomp::version;

namespace {

std::string flat(std::span<const boost::asio::const_buffer> buffers) {
    std::string all;
    for (const boost::asio::const_buffer& one : buffers) all.append(static_cast<const char*>(one.data()), one.size());
    return all;
}

std::string rest_of(const std::string& body) {
    return "destination:/topic/x\ntimestamp:1\nuser:ann\ncontent-length:" + std::to_string(body.size()) + "\n\n" + body + '\0';
}

// An independent description of a server's WebSocket frame.
std::string framed(const std::string& payload, bool text = true) {
    std::string header(1, static_cast<char>(text ? 0x81 : 0x82));
    if (payload.size() < 126) {
        header += static_cast<char>(payload.size());
    } else if (payload.size() < 65536) {
        header += {126, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size())};
    } else {
        header += 127;
        for (int shift = 56; shift >= 0; shift -= 8) header += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift);
    }
    return header + payload;
}

// Everything, written at once.
std::string written(const node::output_queue& queue, bool websocket) {
    gather g;
    return flat(g.build(queue, 0, websocket));
}

} // namespace

TEST_CASE("a MESSAGE has the subscription, an ack only in 1.2, and a suffix where the same message comes twice") {
    struct sample {
        version v;
        bool acks;
        std::uint32_t suffix;
        std::string expected;
    };
    const std::string id = message_id(5);
    const std::string rest = rest_of("hi");
    const std::string plain = "message-id:" + id + "\n" + rest;
    const sample samples[] = {
        {version::v1_2, false, 0, plain},
        {version::v1_1, false, 0, plain},
        {version::v1_0, false, 0, plain},
        {version::v1_2, true, 0, "ack:" + id + "\n" + plain},
        {version::v1_2, true, 7, "ack:" + id + "_7\n" + plain},
        {version::v1_2, true, 4294967295u, "ack:" + id + "_4294967295\n" + plain},
        {version::v1_1, true, 0, plain},
        {version::v1_1, true, 7, "message-id:" + id + "_7\n" + rest},
        {version::v1_0, true, 12, "message-id:" + id + "_12\n" + rest},
    };
    for (const sample& one : samples) {
        CAPTURE(one.expected);
        const auto sub = make_subscription("s", one.v, one.acks, one.suffix);
        queueing q;
        q.push(make_message(5, "hi"), sub.get());
        CHECK(written(q.queue, false) == "MESSAGE\nsubscription:s\n" + one.expected);
        CHECK(written(q.queue, true) == framed("MESSAGE\nsubscription:s\n" + one.expected));
    }
}

TEST_CASE("a subscription without id gets a MESSAGE that names none") {
    const auto sub = make_subscription("", version::v1_0, false);
    queueing q;
    q.push(make_message(5, "hi"), sub.get());
    CHECK(written(q.queue, false) == "MESSAGE\nmessage-id:" + message_id(5) + "\n" + rest_of("hi"));
}

TEST_CASE("each subscription gets the message in its own version") {
    std::string headers;
    append_header(headers, "h", "a\r:b");
    const node::frame_ref shared = make_message(5, "x", headers);
    const auto v12 = make_subscription("2", version::v1_2, false);
    const auto v11 = make_subscription("1", version::v1_1, true, 3);
    const auto v10 = make_subscription("0", version::v1_0, false);
    queueing q;
    for (const auto& sub : {v12.get(), v11.get(), v10.get()}) q.push(shared, sub);
    const std::string all = written(q.queue, false);
    const auto first = all.find("subscription:1");
    const auto second = all.find("subscription:0");
    CHECK(all.substr(0, first).find("h:a\\r\\cb\n") != std::string::npos);
    CHECK(all.find("\nh:", first) == std::string::npos);
    CHECK(all.substr(first, second - first).find("message-id:" + message_id(5) + "_3\n") != std::string::npos);
}

TEST_CASE("WebSocket lengths take 7, 16 or 64 bits, at their borders") {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 70000u}) {
        CAPTURE(size);
        queueing q;
        q.push(frame::make(frame::kind::stomp, std::string(size, 'x')));
        CHECK(written(q.queue, true) == framed(std::string(size, 'x')));
        CHECK(written(q.queue, false) == std::string(size, 'x'));
    }
}

TEST_CASE("what is not UTF-8 goes as binary, and wire frames as they are") {
    queueing q;
    q.push(frame::make(frame::kind::stomp, "\xFF"));
    q.push(frame::make(frame::kind::wire, "\x88\x00"s));
    q.push(frame::make(frame::kind::stomp, "ok"));
    CHECK(written(q.queue, true) == framed("\xFF", false) + "\x88\x00"s + framed("ok"));
}

TEST_CASE("a large frame is referred to, not copied") {
    queueing q;
    const node::frame_ref large = frame::make(frame::kind::stomp, std::string(gather::copy_limit + 1, 'x'));
    const node::frame_ref small = frame::make(frame::kind::stomp, std::string(gather::copy_limit, 'y'));
    q.push(small);
    q.push(large);
    q.push(small);
    gather g;
    const auto buffers = g.build(q.queue, 0, true);
    REQUIRE(buffers.size() == 3);
    CHECK(buffers[1].data() == large->octets().data());
    CHECK(buffers[1].size() == large->size());
    CHECK(flat(buffers)
          == framed(std::string(small->octets())) + framed(std::string(large->octets())) + framed(std::string(small->octets())));
}

TEST_CASE("after a partial write at any point the rest is exactly the rest") {
    std::string headers;
    append_header(headers, "h", "a:b");
    const auto plain = make_subscription("p", version::v1_2, false);
    const auto acked = make_subscription("a", version::v1_2, true, 2);
    const auto older = make_subscription("o", version::v1_0, true, 9);
    const node::frame_ref frames[] = {make_message(1, "one"), make_message(2, std::string(2500, '2'), headers),
                                      frame::make(frame::kind::wire, "\x89\x00"s), make_message(3, std::string(200, '3')),
                                      frame::make(frame::kind::stomp, "\n")};
    node::subscription* const whom[] = {plain.get(), acked.get(), nullptr, older.get(), nullptr};
    gather g;
    for (const bool websocket : {false, true}) {
        std::string all;
        for (std::size_t cut = 0; cut == 0 || cut <= all.size(); ++cut) {
            queueing q;
            for (std::size_t i = 0; i != std::size(frames); ++i) q.push(frames[i], whom[i]);
            all = flat(g.build(q.queue, 0, websocket));
            std::size_t skip = 0;
            for (std::size_t done = g.finished(cut, skip); done != 0; --done) q.queue.pop(q.pool);
            if (cut == all.size()) {
                CHECK(q.queue.empty());
                CHECK(skip == 0);
            } else {
                REQUIRE_FALSE(q.queue.empty());
                REQUIRE(flat(g.build(q.queue, skip, websocket)) == all.substr(cut));
            }
        }
    }
}

TEST_CASE("long queues leave in several writes of any size, and not an octet is lost or repeated") {
    const auto sub = make_subscription("s", version::v1_2, true);
    const auto long_id = make_subscription(std::string(60'000, 'i'), version::v1_1, true, 1);
    stompchat_test::for_each_seed(20, [&](std::uint32_t seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        queueing q;
        std::string expected;
        for (int i = 0; i != 300; ++i) {
            // Small ones fill the scratch, large ones reach the limit of a write, and many by reference the list of buffers.
            const std::size_t size = seed % 2 != 0 ? random() % 1500 : random() % 4 == 0 ? 2000 + random() % 20'000 : random() % 500;
            const node::frame_ref one = make_message(i, std::string(size, static_cast<char>('a' + i % 26)));
            node::subscription* const whom = random() % 40 == 0 ? long_id.get() : sub.get();
            queueing alone;
            alone.push(one, whom);
            expected += written(alone.queue, true);
            q.push(one, whom);
        }
        gather g;
        std::string got;
        std::size_t skip = 0;
        while (!q.queue.empty()) {
            const std::string offered = flat(g.build(q.queue, skip, true));
            REQUIRE_FALSE(offered.empty());
            const std::size_t taken = random() % 3 == 0 ? offered.size() : random() % (offered.size() + 1);
            got += offered.substr(0, taken);
            for (std::size_t done = g.finished(taken, skip); done != 0; --done) q.queue.pop(q.pool);
        }
        CHECK(skip == 0);
        CHECK((got == expected));
    });
}

TEST_CASE("a write is bounded, so that one long queue does not fill the kernel at once") {
    queueing q;
    for (int i = 0; i != 100; ++i) q.push(frame::make(frame::kind::stomp, std::string(10'000, 'x')));
    gather g;
    const std::size_t size = flat(g.build(q.queue, 0, false)).size();
    CHECK(size >= 256 * 1024);
    CHECK(size < 256 * 1024 + 20'000);
}
