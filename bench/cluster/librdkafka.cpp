// Boost Software License 1.0, see LICENSE

/*  What Kafka and librdkafka cost without a chat server: writes records to a topic and reads them back, with the settings that kafka_broker
    uses, and prints how long each took and what that cost this process, as JSON. Exit code 2: a record did not come back once and in order
    of its partition.  */

#include "../load/histogram.hpp"
#include "../load/loop.hpp"
#include "../load/process.hpp"

#include <CLI/CLI.hpp>
#include <librdkafka/rdkafka.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using bench::now_nanoseconds;
using std::chrono::steady_clock;

struct options {
    std::string brokers;
    std::string topic = "bench";
    int partitions = 16;
    std::size_t size = 100;
    std::size_t pending = 1;
    double rate = 1000;
    double seconds = 3;
    int linger = 0;
};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

rd_kafka_t* make_handle(rd_kafka_type_t type, const std::map<std::string, std::string>& settings) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    char why[512] = "";
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) fail(why);
    }
    rd_kafka_t* const made = rd_kafka_new(type, conf, why, sizeof why);
    if (made == nullptr) fail(why);
    return made;
}

struct destroy {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};
using handle = std::unique_ptr<rd_kafka_t, destroy>;

void create_topic(rd_kafka_t* by, const options& of) {
    char why[512] = "";
    rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(of.topic.c_str(), of.partitions, 1, why, sizeof why);
    if (topic == nullptr) fail(why);
    rd_kafka_queue_t* const queue = rd_kafka_queue_new(by);
    rd_kafka_CreateTopics(by, &topic, 1, nullptr, queue);
    rd_kafka_event_t* const answer = rd_kafka_queue_poll(queue, 30'000);
    rd_kafka_event_destroy(answer);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
}

/// What a record holds: its number within its partition, and when it was written.
struct stamp {
    std::uint64_t number;
    std::uint64_t at;
};

class run {
public:
    explicit run(const options& of) : of_(of), sent_(static_cast<std::size_t>(of.partitions)), due_(sent_.size()) {
        producer_.reset(make_handle(RD_KAFKA_PRODUCER, {{"bootstrap.servers", of.brokers},
                                                        {"socket.nagle.disable", "true"},
                                                        {"acks", "all"},
                                                        {"enable.idempotence", "true"},
                                                        {"linger.ms", std::to_string(of.linger)}}));
        consumer_.reset(make_handle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", of.brokers},
                                                        {"socket.nagle.disable", "true"},
                                                        {"fetch.wait.max.ms", "100"},
                                                        {"group.id", "bench"},
                                                        {"enable.auto.commit", "false"},
                                                        {"enable.auto.offset.store", "false"}}));
        create_topic(producer_.get(), of);
        topic_.reset(rd_kafka_topic_new(producer_.get(), of.topic.c_str(), nullptr));
        rd_kafka_poll_set_consumer(consumer_.get());
        rd_kafka_topic_partition_list_t* const all = rd_kafka_topic_partition_list_new(of.partitions);
        for (int p = 0; p != of.partitions; ++p) rd_kafka_topic_partition_list_add(all, of.topic.c_str(), p)->offset = RD_KAFKA_OFFSET_END;
        rd_kafka_assign(consumer_.get(), all);
        rd_kafka_topic_partition_list_destroy(all);
        body_.assign(std::max(of.size, sizeof(stamp)), 'x');
        reader_ = std::thread([this] { read(); });
    }
    ~run() {
        stop_ = true;
        reader_.join();
    }

    nlohmann::ordered_json measure() {
        warm_up();
        publish_for(std::min(of_.seconds / 4, 2.0));
        const bench::process self(getpid());
        latency_ = {};
        const std::uint64_t cpu = self.cpu_nanoseconds();
        const std::uint64_t threads = self.cpu_nanoseconds_of("rdk:");
        const std::uint64_t before = arrived_;
        const auto began = steady_clock::now();
        publish_for(of_.seconds);
        const double seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
        const auto messages = static_cast<double>(arrived_ - before);
        const auto microseconds = [&](double share) { return static_cast<double>(latency_.quantile(share)) / 1000; };
        return {{"messages_per_second", messages / seconds},
                {"lost", written_ - arrived_},
                {"out_of_order", disorder_.load()},
                {"cpu_us_per_message", static_cast<double>(self.cpu_nanoseconds() - cpu) / 1000 / messages},
                {"cpu_us_per_message_of_librdkafka", static_cast<double>(self.cpu_nanoseconds_of("rdk:") - threads) / 1000 / messages},
                {"latency_us", {{"p50", microseconds(0.5)}, {"p99", microseconds(0.99)}, {"max", microseconds(1)}}}};
    }

private:
    void write(std::size_t to) {
        constexpr std::string_view key = "/topic/room-0000";
        const stamp what{sent_[to]++, now_nanoseconds()};
        std::memcpy(body_.data(), &what, sizeof what);
        for (;;) {
            if (rd_kafka_produce(topic_.get(), static_cast<std::int32_t>(to), RD_KAFKA_MSG_F_COPY, body_.data(), body_.size(), key.data(),
                                 key.size(), nullptr)
                == 0)
                break;
            const rd_kafka_resp_err_t failure = rd_kafka_last_error();
            if (failure != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(rd_kafka_err2str(failure));
            rd_kafka_poll(producer_.get(), 10);
        }
        ++written_;
    }

    /// What was written before the reader had begun does not come: write until something does, on each partition.
    void warm_up() {
        const auto until = steady_clock::now() + std::chrono::seconds(60);
        for (std::size_t p = 0; p != sent_.size(); ++p) {
            for (std::uint64_t before = arrived_; arrived_ == before;) {
                if (steady_clock::now() > until) fail("nothing comes back from Kafka");
                write(p);
                rd_kafka_flush(producer_.get(), 1000);
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        written_ = arrived_.load();
        disorder_ = 0;
    }

    void publish_for(double time) {
        const auto step =
            std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(static_cast<double>(of_.pending) / of_.rate));
        const auto until = steady_clock::now() + std::chrono::duration<double>(time);
        std::size_t next = 0;
        for (auto due = steady_clock::now(); due < until; due = std::max(due + step, steady_clock::now() - 4 * step)) {
            std::this_thread::sleep_until(due);
            for (std::size_t i = 0; i != of_.pending; ++i) write(next % sent_.size());
            ++next;
            rd_kafka_poll(producer_.get(), 0);
        }
        const auto patience = steady_clock::now() + std::chrono::seconds(30);
        while (arrived_ < written_ && steady_clock::now() < patience) rd_kafka_poll(producer_.get(), 1);
    }

    void read() {
        const std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> queue(rd_kafka_queue_get_consumer(consumer_.get()),
                                                                                         &rd_kafka_queue_destroy);
        std::vector<rd_kafka_message_t*> some(1024);
        while (!stop_) {
            // A batch waits until it is full or its time is over: so wait for the first one alone, then take what else is there.
            some[0] = rd_kafka_consume_queue(queue.get(), 100);
            if (some[0] == nullptr) continue;
            const ssize_t more = rd_kafka_consume_batch_queue(queue.get(), 0, some.data() + 1, some.size() - 1);
            const ssize_t count = 1 + std::max(more, ssize_t{0});
            const std::uint64_t now = now_nanoseconds();
            for (ssize_t i = 0; i < count; ++i) {
                rd_kafka_message_t* const one = some[static_cast<std::size_t>(i)];
                if (one->err == RD_KAFKA_RESP_ERR_NO_ERROR && one->len >= sizeof(stamp)) take(*one, now);
                rd_kafka_message_destroy(one);
            }
        }
    }

    void take(const rd_kafka_message_t& one, std::uint64_t now) {
        stamp what{};
        std::memcpy(&what, one.payload, sizeof what);
        std::uint64_t& due = due_[static_cast<std::size_t>(one.partition)];
        if (what.number != due) ++disorder_;
        due = what.number + 1;
        latency_.record(now - what.at);
        ++arrived_;
    }

    const options& of_;
    handle producer_;
    std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> topic_{nullptr, &rd_kafka_topic_destroy};
    handle consumer_;
    std::vector<std::uint64_t> sent_;
    std::string body_;
    std::uint64_t written_ = 0;
    // The reader's.
    std::vector<std::uint64_t> due_;
    bench::histogram latency_;
    std::atomic<std::uint64_t> arrived_{0};
    std::atomic<std::uint64_t> disorder_{0};
    std::atomic<bool> stop_{false};
    std::thread reader_;
};

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Produces to Kafka and consumes what it produced, with librdkafka alone");
    options of;
    app.add_option("--brokers", of.brokers, "host:port, several with commas")->required();
    app.add_option("--topic", of.topic, "A topic of its own; it is created")->capture_default_str();
    app.add_option("--partitions", of.partitions, "Of the topic")->capture_default_str();
    app.add_option("--size", of.size, "Octets of each value")->capture_default_str();
    app.add_option("--pending", of.pending, "Records written at once")->capture_default_str();
    app.add_option("--rate", of.rate, "Records a second")->capture_default_str();
    app.add_option("--seconds", of.seconds, "Measured time")->capture_default_str();
    app.add_option("--linger", of.linger, "Milliseconds for which the producer collects")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const nlohmann::ordered_json result = run(of).measure();
        std::cout << result.dump(2) << std::endl;
        return result["lost"] == 0 && result["out_of_order"] == 0 ? 0 : 2;
    } catch (const std::exception& problem) {
        std::cerr << "stompchat-bench-librdkafka: " << problem.what() << '\n';
        return 1;
    }
}
