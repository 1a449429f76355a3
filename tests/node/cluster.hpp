// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_NODE_CLUSTER_HPP
#define STOMPCHAT_TESTS_NODE_CLUSTER_HPP

#include "running_node.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace node_test {

/** Lets several nodes use one memory_broker, which has one sink: each node gets a broker of its own that stands for it. Everything happens
    on the broker's executor, which one thread runs. */
class shared_log final : private stompchat::broker::sink {
public:
    shared_log(stompchat::memory_broker& log, std::size_t nodes) : log_(log) {
        for (std::size_t i = 0; i != nodes; ++i) shares_.push_back(std::make_unique<share>(*this));
    }

    stompchat::broker& at(std::size_t i) { return *shares_[i]; }

    /// What a node publishes from now on gets lost, as if it had died before.
    void lose_messages(std::size_t i) { shares_[i]->loses_messages_ = true; }
    /// What a node publishes from now on is logged, and the node never hears of it.
    void lose_results(std::size_t i) { shares_[i]->loses_results_ = true; }
    /// Tells one node that, whatever the log is like.
    void set_state(std::size_t i, stompchat::broker_state state) {
        boost::asio::post(log_.get_executor(), [to = shares_[i].get(), state] {
            if (to->to_ != nullptr) to->to_->on_state(state);
        });
    }
    /// How many messages or results got lost.
    std::size_t lost(std::size_t i) const { return shares_[i]->lost_; }

private:
    class share final : public stompchat::broker {
    public:
        explicit share(shared_log& of) : of_(of) {}

        void start(sink& to) override {
            boost::asio::post(of_.log_.get_executor(), [this, &to] {
                to_ = &to;
                // It begins when all are there, so that each one is told where.
                if (++of_.started_ == of_.shares_.size()) of_.log_.start(of_);
            });
        }
        void publish(std::span<const stompchat::outgoing> messages) override {
            for (stompchat::outgoing one : messages) {
                if (loses_messages_) {
                    ++lost_;
                    continue;
                }
                {
                    const std::lock_guard lock(of_.mutex_);
                    of_.tickets_[++of_.last_ticket_] = {this, one.ticket};
                    one.ticket = of_.last_ticket_;
                }
                of_.log_.publish({&one, 1});
            }
        }
        void set_partitions(std::span<const stompchat::partition>) override {}
        std::uint32_t partitions() const noexcept override { return of_.log_.partitions(); }
        boost::asio::any_io_executor get_executor() const override { return of_.log_.get_executor(); }

        sink* to_ = nullptr;
        std::atomic<bool> loses_messages_{false};
        std::atomic<bool> loses_results_{false};
        std::atomic<std::size_t> lost_{0};

    private:
        void do_read(std::string destination, stompchat::position from, stompchat::read_bounds bounds,
                     stompchat::detail::completion<void(stompchat::error_code, stompchat::read_result)> done) override {
            of_.log_.async_read(
                std::move(destination), from, bounds,
                [done = std::move(done)](stompchat::error_code ec, stompchat::read_result found) mutable { done(ec, std::move(found)); });
        }
        void do_end(stompchat::partition of,
                    stompchat::detail::completion<void(stompchat::error_code, stompchat::position)> done) override {
            of_.log_.async_end(of, [done = std::move(done)](stompchat::error_code ec, stompchat::position end) mutable { done(ec, end); });
        }
        void do_stop(std::chrono::milliseconds, stompchat::detail::completion<void(stompchat::error_code)> done) override {
            boost::asio::post(of_.log_.get_executor(), [this, done = std::move(done)]() mutable {
                to_ = nullptr;
                done({});
            });
        }

        shared_log& of_;
    };

    void on_records(std::span<const stompchat::record_view> records, const stompchat::position& next) override {
        for (const auto& one : shares_)
            if (one->to_ != nullptr) one->to_->on_records(records, next);
    }
    void on_ephemeral(std::span<const stompchat::record_view> records) override {
        for (const auto& one : shares_)
            if (one->to_ != nullptr) one->to_->on_ephemeral(records);
    }
    void on_published(std::span<const stompchat::publish_result> results) override {
        for (stompchat::publish_result one : results) {
            std::pair<share*, std::uint64_t> from;
            {
                const std::lock_guard lock(mutex_);
                from = tickets_.at(one.ticket);
                tickets_.erase(one.ticket);
            }
            one.ticket = from.second;
            if (from.first->loses_results_)
                ++from.first->lost_;
            else if (from.first->to_ != nullptr)
                from.first->to_->on_published({&one, 1});
        }
    }
    void on_state(stompchat::broker_state state) override {
        for (const auto& one : shares_)
            if (one->to_ != nullptr) one->to_->on_state(state);
    }

    stompchat::memory_broker& log_;
    std::vector<std::unique_ptr<share>> shares_;
    std::size_t started_ = 0;
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::pair<share*, std::uint64_t>> tickets_;
    std::uint64_t last_ticket_ = 0;
};

/** One node's way to a state store: it can be cut, and it can hold back what the node asks, as for a node that is frozen. */
class scripted_store final : public stompchat::state_store {
public:
    explicit scripted_store(stompchat::local_state_store& behind) : behind_(behind) {}

    boost::asio::any_io_executor get_executor() const override { return behind_.get_executor(); }

    /// With `true` nothing goes through until `false`; then all of it does, in order.
    void hold_back(bool on) {
        std::deque<std::function<void()>> waiting;
        {
            const std::lock_guard lock(mutex_);
            held_ = on;
            if (!on) waiting.swap(waiting_);
        }
        for (auto& one : waiting) one();
    }
    /// With `false` every operation fails.
    void set_available(bool on) {
        const std::lock_guard lock(mutex_);
        available_ = on;
    }
    /// Compare-and-sets that did not fail.
    std::size_t writes() const {
        const std::lock_guard lock(mutex_);
        return writes_;
    }

private:
    template <class Signature>
    using completion = stompchat::detail::completion<Signature>;

    /// Whether the operation may go through; else it was put aside.
    template <class Run, class Fail>
    void pass(bool writes, Run run, Fail fail) {
        std::unique_lock lock(mutex_);
        if (!available_) {
            lock.unlock();
            return fail();
        }
        writes_ += writes ? 1 : 0;
        if (held_) {
            auto kept = std::make_shared<Run>(std::move(run));
            return waiting_.push_back([kept] { (*kept)(); });
        }
        lock.unlock();
        run();
    }

    void do_get(std::string key, completion<void(stompchat::error_code, value)> done) override {
        auto shared = std::make_shared<completion<void(stompchat::error_code, value)>>(std::move(done));
        pass(
            false,
            [this, key, shared] {
                behind_.async_get(key, [shared](stompchat::error_code ec, value found) { (*shared)(ec, std::move(found)); });
            },
            [shared] { (*shared)(stompchat::error::registry_unavailable, {}); });
    }
    void do_compare_and_set(std::string key, value expected, value desired, std::chrono::seconds time_to_live,
                            completion<void(stompchat::error_code, bool, value)> done) override {
        auto shared = std::make_shared<completion<void(stompchat::error_code, bool, value)>>(std::move(done));
        pass(
            true,
            [this, key, expected, desired, time_to_live, shared] {
                behind_.async_compare_and_set(
                    key, expected, desired, time_to_live,
                    [shared](stompchat::error_code ec, bool swapped, value found) { (*shared)(ec, swapped, std::move(found)); });
            },
            [shared] { (*shared)(stompchat::error::registry_unavailable, false, {}); });
    }
    void do_set(std::string key, std::string new_value, std::chrono::seconds time_to_live,
                completion<void(stompchat::error_code)> done) override {
        auto shared = std::make_shared<completion<void(stompchat::error_code)>>(std::move(done));
        pass(
            true,
            [this, key, new_value, time_to_live, shared] {
                behind_.async_set(key, new_value, time_to_live, [shared](stompchat::error_code ec) { (*shared)(ec); });
            },
            [shared] { (*shared)(stompchat::error::registry_unavailable); });
    }

    stompchat::local_state_store& behind_;
    mutable std::mutex mutex_;
    std::deque<std::function<void()>> waiting_;
    std::size_t writes_ = 0;
    bool held_ = false;
    bool available_ = true;
};

/** Nodes that share one log, one registry and one state store, each on threads of its own. */
class cluster {
public:
    class member {
    public:
        member(cluster& of, std::size_t index, const setup& how) : store(of.store), pool_(how.shards) {
            const stompchat::node_ports ports{of.shared.at(index), of.registry, store,   of.authentication,
                                              of.authorization,    nullptr,     &watcher};
            node = std::make_unique<stompchat::chat_node>(pool_, ports, how.options);
            ws = node->listen(stompchat::listener_options("127.0.0.1:0")).value().front();
            tcp = node->listen(stompchat::listener_options("127.0.0.1:0", stompchat::transport::stomp)).value().front();
            node->start();
            thread_ = std::thread([this] { pool_.run(); });
        }
        ~member() {
            if (!stopping_) stop(std::chrono::milliseconds(100));
            if (!eventually([this] { return stopped_.load(); })) MESSAGE("a node does not stop");
            pool_.stop();
            thread_.join();
            node.reset(); // before its contexts
        }

        void stop(std::chrono::milliseconds patience) {
            stopping_ = true;
            node->async_stop(patience, [this](stompchat::error_code) { stopped_ = true; });
        }

        scripted_store store;
        recording_observer watcher;
        std::unique_ptr<stompchat::chat_node> node;
        endpoint ws;
        endpoint tcp;

    private:
        stompchat::shard_pool pool_;
        std::thread thread_;
        bool stopping_ = false;
        std::atomic<bool> stopped_{false};
    };

    explicit cluster(const setup& how = {}, std::size_t nodes = 2)
        : pool_(1), log(pool_.executor(), how.log), registry(pool_.executor()), store(pool_.executor()), shared(log, nodes) {
        thread_ = std::thread([this] { pool_.run(); });
        for (std::size_t i = 0; i != nodes; ++i) members_.push_back(std::make_unique<member>(*this, i, how));
        for (const auto& one : members_)
            if (!eventually([&] { return one->node->ready(); })) FAIL("a node does not become ready");
    }
    ~cluster() {
        members_.clear();
        pool_.stop();
        thread_.join();
    }

    member& operator[](std::size_t i) { return *members_[i]; }

private:
    stompchat::shard_pool pool_;

public:
    scripted_authenticator authentication;
    scripted_authorizer authorization;
    stompchat::memory_broker log;
    stompchat::local_registry registry;
    stompchat::local_state_store store;
    shared_log shared;

private:
    std::thread thread_;
    std::vector<std::unique_ptr<member>> members_;
};

} // namespace node_test

#endif
