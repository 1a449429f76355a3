// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_KAFKA_IMPL_HANDLE_IPP
#define STOMPCHAT_KAFKA_IMPL_HANDLE_IPP

#include <stompchat/kafka/detail/handle.hpp>

#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <thread>

namespace stompchat::inline STOMPCHAT_ABI::kafka {

struct queue_watch::pipe {
    explicit pipe(const asio::any_io_executor& executor) : readable(executor), writable(executor) {}

    asio::readable_pipe readable;
    asio::posix::stream_descriptor writable;
    // librdkafka may write often while nobody reads: what is in the pipe is read at once.
    std::array<char, 256> octets;
};

STOMPCHAT_DECL std::shared_ptr<queue_watch> queue_watch::make(const asio::any_io_executor& executor, rd_kafka_queue_s* queue,
                                                              std::function<bool()> drain) {
    std::shared_ptr<queue_watch> made(new queue_watch);
    made->executor_ = executor;
    made->queue_ = queue;
    made->drain_ = std::move(drain);
    made->pipe_ = std::make_unique<pipe>(executor);
    asio::writable_pipe writable(executor);
    asio::connect_pipe(made->pipe_->readable, writable);
    made->pipe_->writable.assign(writable.release());
    made->pipe_->writable.native_non_blocking(true);
    rd_kafka_queue_io_event_enable(queue, made->pipe_->writable.native_handle(), "", 1);
    made->wait();
    // What was in the queue before makes no event.
    made->posted_ = true;
    asio::post(executor, [made] { made->turn(); });
    return made;
}

STOMPCHAT_DECL queue_watch::~queue_watch() = default;

STOMPCHAT_DECL void queue_watch::stop() {
    if (!pipe_) return;
    rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
    queue_ = nullptr;
    drain_ = nullptr;
    pipe_.reset();
}

STOMPCHAT_DECL void queue_watch::wait() {
    pipe_->readable.async_read_some(asio::buffer(pipe_->octets), [weak = weak_from_this()](error_code failure, std::size_t) {
        const auto self = weak.lock();
        if (!self || failure || !self->pipe_) return;
        // Read before the queue is drained: what comes behind the drain makes an octet of its own.
        self->wait();
        if (!self->posted_) self->turn();
    });
}

STOMPCHAT_DECL void queue_watch::turn() {
    posted_ = false;
    if (!drain_) return;
    // A copy: what is called may stop the watch.
    const auto drain = drain_;
    if (!drain() || !drain_) return;
    posted_ = true;
    asio::post(executor_, [self = shared_from_this()] { self->turn(); });
}

namespace detail {

/// Sets one option. Returns what is wrong, or nothing.
inline std::string set_option(rd_kafka_conf_t* into, const std::string& name, const std::string& value) {
    char why[512] = "";
    if (rd_kafka_conf_set(into, name.c_str(), value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK) return {};
    return why;
}

/// Waits until a handle has ended, or the time for it is over.
struct closing {
    closing(const environment_ptr& of, std::shared_ptr<std::atomic<bool>> flag, std::string who, std::function<void()> then)
        : environment(of), ended(std::move(flag)), name(std::move(who)), done(std::move(then)), timer(of->executor) {}

    static void watch(const std::shared_ptr<closing>& self) {
        constexpr std::chrono::milliseconds step{10};
        constexpr int steps = 500;
        if (*self->ended || ++self->waited == steps) return self->finish();
        self->timer.expires_after(step);
        self->timer.async_wait([self](error_code failure) {
            if (!failure) watch(self);
        });
    }
    void finish() {
        if (!*ended) {
            ++environment->count.leaked_handles;
            environment->log(severity::warning, fmt::format("Kafka, {}: cannot be closed in time and is left behind", name));
        }
        if (done) asio::post(environment->executor, std::move(done));
    }

    environment_ptr environment;
    std::shared_ptr<std::atomic<bool>> ended;
    std::string name;
    std::function<void()> done;
    asio::steady_timer timer;
    int waited = 0;
};

} // namespace detail

STOMPCHAT_DECL boost::system::result<std::shared_ptr<handle>, kafka_failure> handle::make(environment_ptr environment, kind what,
                                                                                          const settings& special) {
    const kafka_broker_options& options = environment->options;
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    settings all(options.settings.begin(), options.settings.end());
    if (!options.settings.contains("client.id")) all.emplace_back("client.id", "stompchat-" + options.cluster);
    const settings common = {
        {"bootstrap.servers", options.brokers},
        // False in this version of librdkafka: it delays single messages by up to 40 ms.
        {"socket.nagle.disable", "true"},
        {"reconnect.backoff.ms", "50"},
        {"reconnect.backoff.max.ms", "1000"},
        {"topic.metadata.refresh.interval.ms", "60000"},
        {"allow.auto.create.topics", "false"},
        {"log.queue", "true"},
        {"receive.message.max.bytes", std::to_string(2 * options.max_message_length + 100'000'000)},
    };
    all.insert(all.end(), common.begin(), common.end());
    all.insert(all.end(), special.begin(), special.end());
    for (const auto& [name, value] : all) {
        if (const std::string why = detail::set_option(conf, name, value); !why.empty()) {
            rd_kafka_conf_destroy(conf);
            return kafka_failure(error::bad_option, fmt::format("Kafka option {}: {}", name, why));
        }
    }
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_STATS);

    char why[512] = "";
    rd_kafka_t* const rk = rd_kafka_new(what == kind::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        return kafka_failure(error::bad_option, fmt::format("Kafka: {}", why));
    }
    std::shared_ptr<handle> made(new handle);
    made->environment_ = std::move(environment);
    made->rk_ = rk;
    made->name_ = rd_kafka_name(rk);
    rd_kafka_set_log_queue(rk, nullptr);
    made->main_queue_ = rd_kafka_queue_get_main(rk);
    if (what == kind::consumer) made->consumer_queue_ = rd_kafka_queue_new(rk);
    return made;
}

STOMPCHAT_DECL handle::~handle() { close(); }

STOMPCHAT_DECL void handle::watch_events(std::function<void(rd_kafka_op_s*)> on_event) {
    on_event_ = std::move(on_event);
    main_watch_ = queue_watch::make(environment_->executor, main_queue_, [this] { return drain_events(); });
}

STOMPCHAT_DECL void handle::watch_consumer(std::function<bool()> drain) {
    consumer_watch_ = queue_watch::make(environment_->executor, consumer_queue_, std::move(drain));
}

STOMPCHAT_DECL bool handle::drain_events() {
    constexpr int most_per_turn = 64;
    const auto self = shared_from_this();
    for (int i = 0; i != most_per_turn; ++i) {
        if (!main_queue_) return false;
        rd_kafka_event_t* const event = rd_kafka_queue_poll(main_queue_, 0);
        if (!event) return false;
        tell(event);
        rd_kafka_event_destroy(event);
    }
    return true;
}

STOMPCHAT_DECL void handle::tell(rd_kafka_op_s* event) {
    const auto type = rd_kafka_event_type(event);
    if (type == RD_KAFKA_EVENT_LOG) {
        // At debug, and not all: a broker that is down makes each handle tell of each failed connect.
        constexpr std::uint64_t most_per_second = 5;
        const std::int64_t now =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
        if (now != second_) {
            second_ = now;
            lines_ = 0;
        }
        const char* facility = "";
        const char* text = "";
        int level = 0;
        if (++lines_ <= most_per_second && rd_kafka_event_log(event, &facility, &text, &level) == 0)
            environment_->log(severity::debug, fmt::format("Kafka, {}: {} {}", name_, facility, text));
        return;
    }
    if (type == RD_KAFKA_EVENT_ERROR) {
        const rd_kafka_resp_err_t code = rd_kafka_event_error(event);
        const bool all_down = code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
        const bool was_connected = connected_;
        if (all_down) connected_ = false;
        // A broker that goes away is told twice, as a line of the log too, and librdkafka connects again by itself.
        environment_->log(all_down && was_connected ? severity::warning : severity::debug,
                          fmt::format("Kafka, {}: {}", name_, rd_kafka_event_error_string(event)));
    }
    if (on_event_) {
        const auto on_event = on_event_;
        on_event(event);
    }
}

STOMPCHAT_DECL void handle::close(std::function<void()> done, std::shared_ptr<void> keep, std::function<void()> before) {
    if (!rk_) {
        if (done) asio::post(environment_->executor, std::move(done));
        return;
    }
    if (main_watch_) main_watch_->stop();
    if (consumer_watch_) consumer_watch_->stop();
    on_event_ = nullptr;

    // librdkafka 2.0.2 may wait for ever here, so no thread that anybody joins does it. That thread touches nothing but the handle and a
    // flag: it may outlive the executor's context.
    const auto ended = std::make_shared<std::atomic<bool>>(false);
    std::thread([rk = rk_, main = main_queue_, consumer = consumer_queue_, ended, use = std::weak_ptr<int>(in_use_), keep = std::move(keep),
                 before = std::move(before)]() mutable {
        while (!use.expired()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (before) before();
        before = nullptr;
        if (consumer) rd_kafka_queue_destroy(consumer);
        if (main) rd_kafka_queue_destroy(main);
        rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        keep.reset();
        *ended = true;
    }).detach();
    in_use_.reset();
    detail::closing::watch(std::make_shared<detail::closing>(environment_, std::move(ended), name_, std::move(done)));
    rk_ = nullptr;
    main_queue_ = nullptr;
    consumer_queue_ = nullptr;
}

} // namespace stompchat::inline STOMPCHAT_ABI::kafka

#endif
