// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CLIENT_SHARED_LOG_HPP
#define STOMPCHAT_TESTS_CLIENT_SHARED_LOG_HPP

#include <stompchat/memory/memory_broker.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace client_test {

using stompchat::error_code;

/** One log in memory for several nodes, which come and go: what Kafka would be to them. It has a thread of its own. */
class shared_log final : private stompchat::broker::sink {
public:
    shared_log() : log(context_.get_executor()), thread_([this] { context_.run(); }) { log.start(*this); }
    ~shared_log() {
        guard_.reset();
        context_.stop();
        thread_.join();
    }

    /// A node's own broker over the log: it is started and stopped as the node likes, and the log goes on.
    class view final : public stompchat::broker {
    public:
        explicit view(shared_log& whole) : whole_(whole) {}

        void start(sink& to) override {
            boost::asio::post(whole_.context_, [this, &to] { whole_.attach(*this, to); });
        }
        void publish(std::span<const stompchat::outgoing> messages) override { whole_.publish(*this, messages); }
        void set_partitions(std::span<const stompchat::partition>) override {}
        std::uint32_t partitions() const noexcept override { return whole_.log.partitions(); }
        stompchat::asio::any_io_executor get_executor() const override { return whole_.log.get_executor(); }

    private:
        void do_read(std::string destination, stompchat::position from, stompchat::read_bounds bounds,
                     stompchat::detail::completion<void(error_code, stompchat::read_result)> done) override {
            whole_.log.async_read(
                std::move(destination), from, bounds,
                [done = std::move(done)](error_code ec, stompchat::read_result result) mutable { done(ec, std::move(result)); });
        }
        void do_end(stompchat::partition of, stompchat::detail::completion<void(error_code, stompchat::position)> done) override {
            whole_.log.async_end(of,
                                 [done = std::move(done)](error_code ec, stompchat::position end) mutable { done(ec, std::move(end)); });
        }
        void do_stop(std::chrono::milliseconds, stompchat::detail::completion<void(error_code)> done) override {
            boost::asio::post(whole_.context_, [this, done = std::move(done)]() mutable {
                whole_.detach(*this);
                done({});
            });
        }

        shared_log& whole_;
    };

private:
    struct origin {
        view* of;
        std::uint64_t ticket;
    };

    void attach(view& who, sink& to) {
        to.on_state(stompchat::broker_state::ready);
        for (const auto& [number, next] : next_) to.on_records({}, next);
        sinks_.emplace(&who, &to);
    }
    void detach(view& who) {
        const std::lock_guard lock(mutex_);
        sinks_.erase(&who);
        std::erase_if(origins_, [&](const auto& one) { return one.second.of == &who; });
    }
    void publish(view& who, std::span<const stompchat::outgoing> messages) {
        std::vector<stompchat::outgoing> renumbered(messages.begin(), messages.end());
        // In one piece, so that one node's messages stay together in their order.
        const std::lock_guard lock(mutex_);
        for (stompchat::outgoing& one : renumbered) {
            origins_.emplace(++last_ticket_, origin{&who, one.ticket});
            one.ticket = last_ticket_;
        }
        log.publish(renumbered);
    }

    void on_records(std::span<const stompchat::record_view> records, const stompchat::position& next) override {
        next_[next.partition] = next;
        for (const auto& [who, to] : sinks_) to->on_records(records, next);
    }
    void on_published(std::span<const stompchat::publish_result> results) override {
        std::map<view*, std::vector<stompchat::publish_result>> by_origin;
        {
            const std::lock_guard lock(mutex_);
            for (stompchat::publish_result one : results) {
                const auto found = origins_.extract(one.ticket);
                if (!found) continue;
                one.ticket = found.mapped().ticket;
                by_origin[found.mapped().of].push_back(one);
            }
        }
        for (const auto& [who, to] : sinks_) {
            if (by_origin.contains(who)) to->on_published(by_origin[who]);
        }
    }
    void on_state(stompchat::broker_state state) override {
        for (const auto& [who, to] : sinks_) to->on_state(state);
    }

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};

public:
    stompchat::memory_broker log;

private:
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, origin> origins_;
    std::uint64_t last_ticket_ = 0;
    // Of the log's thread.
    std::map<view*, sink*> sinks_;
    std::map<stompchat::partition, stompchat::position> next_;
    std::thread thread_;
};

} // namespace client_test

#endif
