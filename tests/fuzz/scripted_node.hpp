// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_FUZZ_SCRIPTED_NODE_HPP
#define STOMPCHAT_TESTS_FUZZ_SCRIPTED_NODE_HPP

#include "fuzz.hpp"

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/net/byte_stream.hpp>
#include <stompchat/node/detail/membership.hpp>
#include <stompchat/node/detail/reader.hpp>
#include <stompchat/node/detail/shard.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stompchat_fuzz {

namespace asio = boost::asio;

/// What a stream and its script share: the stream may die first.
struct wire {
    std::string to_node;
    std::string from_node;
    stompchat::net::stream_listener* listener = nullptr;
    std::size_t room = static_cast<std::size_t>(-1); ///< octets that the client's side still takes
    bool ended = false;                              ///< the client sends no more
    bool wants_read = false;
    bool wants_write = false;
    bool open = true;
    bool sent_end = false; ///< the node sends no more
};

/// A stream without a socket: reads what the script has written, and calls its listener only from pump().
class scripted_stream final : public stompchat::net::byte_stream {
public:
    using error_code = stompchat::error_code;

    scripted_stream(asio::io_context& context, std::shared_ptr<wire> on) : context_(context), wire_(std::move(on)) {}

    std::size_t read_some(std::span<char> into, error_code& ec) noexcept override {
        ec = {};
        std::string& from = wire_->to_node;
        if (!wire_->open) return ec = asio::error::bad_descriptor, 0;
        if (from.empty()) return ec = wire_->ended ? error_code(asio::error::eof) : error_code(asio::error::would_block), 0;
        const std::size_t size = std::min(into.size(), from.size());
        std::copy_n(from.data(), size, into.data());
        from.erase(0, size);
        return size;
    }

    std::size_t write_some(std::span<const asio::const_buffer> from, error_code& ec) noexcept override {
        ec = {};
        if (!wire_->open || wire_->sent_end) return ec = asio::error::broken_pipe, 0;
        std::size_t total = 0;
        for (const asio::const_buffer& one : from) {
            const std::size_t size = std::min(one.size(), wire_->room);
            wire_->from_node.append(static_cast<const char*>(one.data()), size);
            wire_->room -= size;
            total += size;
        }
        if (total == 0 && asio::buffer_size(from) != 0) ec = asio::error::would_block;
        return total;
    }

    void async_wait_readable() override { wire_->wants_read = true; }
    void async_wait_writable() override { wire_->wants_write = true; }
    void set_listener(stompchat::net::stream_listener* listener) noexcept override { wire_->listener = listener; }
    void shutdown_send() noexcept override { wire_->sent_end = true; }
    void close() noexcept override {
        wire_->open = false;
        wire_->listener = nullptr;
    }
    endpoint_type remote_endpoint() const noexcept override { return {}; }
    executor_type executor() const noexcept override { return context_.get_executor(); }
    bool is_encrypted() const noexcept override { return false; }

private:
    void dispose() noexcept override {
        close();
        delete this;
    }

    asio::io_context& context_;
    std::shared_ptr<wire> wire_;
};

struct trusting final : stompchat::authenticator {
    void do_authenticate(stompchat::credentials shown,
                         stompchat::detail::completion<void(stompchat::error_code, stompchat::identity)> done) override {
        stompchat::identity who(shown.login.value_or(""));
        done({}, std::move(who));
    }
};

/// `/app/echo` answers with what it got, `/app/publish` publishes it, `/app/silent` gives no answer.
struct echoing final : stompchat::app_handler {
    bool on_send(const stompchat::app_request& request, stompchat::app_reply&& reply) override {
        if (request.destination == "/app/echo") {
            reply.reply({}, std::string(request.body));
        } else if (request.destination == "/app/publish") {
            reply.publish("/topic/a", {}, std::string(request.body));
        } else {
            return request.destination == "/app/silent";
        }
        reply.done();
        return true;
    }
    bool on_subscribe(const stompchat::app_request& request, stompchat::app_reply&& reply) override {
        return on_send(request, std::move(reply));
    }
};

/** One shard of a node with everything behind it, in one thread and without a socket. */
class scripted_node {
public:
    scripted_node()
        : broker_(context_.get_executor(), broker_options()), registry_(context_.get_executor()), store_(context_.get_executor()),
          node_{options(), {broker_, registry_, store_, authentication_, everybody_, &app_, &watcher_}, &watcher_, {"n", 1}, {}},
          shard_(0, context_, node_), reader_(broker_, {&shard_.inbox()}, watcher_) {
        node_.health = &reader_.health();
        node_.membership =
            std::make_shared<stompchat::node::membership>(context_, registry_, watcher_, node_.options, node_.self, *node_.health);
        shard_.attach(reader_);
        broker_.start(reader_);
        settle();
    }

    ~scripted_node() {
        bool drained = false;
        shard_.stop([&] { drained = true; });
        settle();
        shard_.abort();
        settle();
        FUZZ_CHECK(drained && shard_.connections() == 0);
        broker_.async_stop(std::chrono::seconds(1), [](stompchat::error_code) {});
        settle();
    }

    std::shared_ptr<wire> connect(stompchat::transport over) {
        auto made = std::make_shared<wire>();
        shard_.accept(stompchat::net::stream_ptr(new scripted_stream(context_, made)), stompchat::listener_options("scripted", over));
        wires_.push_back(made);
        settle();
        return made;
    }

    /// Runs until nothing happens any more.
    void settle() {
        for (int turns = 0;; ++turns) {
            FUZZ_CHECK(turns < 100'000);
            context_.restart();
            bool busy = context_.poll() != 0;
            for (const auto& one : wires_) busy = pump(*one) || busy;
            if (!busy) return;
        }
    }

    std::size_t connections() const { return shard_.connections(); }

private:
    static bool pump(wire& of) {
        bool busy = false;
        if (of.listener != nullptr && of.wants_read && (!of.to_node.empty() || of.ended)) {
            of.wants_read = false;
            busy = true;
            of.listener->on_readable({});
        }
        if (of.listener != nullptr && of.wants_write && of.room != 0) {
            of.wants_write = false;
            busy = true;
            of.listener->on_writable({});
        }
        return busy;
    }

    static stompchat::memory_broker_options broker_options() {
        stompchat::memory_broker_options o;
        o.partitions = 2;
        o.epoch = 1; // the same input does the same again
        o.largest_offset_step = 1;
        return o;
    }

    static stompchat::chat_node_options options() {
        stompchat::chat_node_options o;
        o.output_queue = 2000;
        o.max_in_flight = 3;
        o.prefetch_count = 3;
        o.max_prefetch_count = 5;
        o.session.limits.headers = 10;
        o.session.max_subscriptions = 4;
        return o;
    }

    asio::io_context context_{1};
    stompchat::memory_broker broker_;
    stompchat::local_registry registry_;
    stompchat::local_state_store store_;
    trusting authentication_;
    stompchat::allow_all everybody_;
    echoing app_;
    stompchat::observer watcher_;
    stompchat::node::node_context node_;
    stompchat::node::shard shard_;
    stompchat::node::reader reader_;
    std::vector<std::shared_ptr<wire>> wires_;
};

} // namespace stompchat_fuzz

#endif
