// Boost Software License 1.0, see LICENSE

/*  The library with nothing around it: in-memory broker, or Kafka, local registry, everybody may do everything. Prints its port; at its
   end, how often the log was read. */

#include <stompchat/memory/local_registry.hpp>
#include <stompchat/memory/local_state_store.hpp>
#include <stompchat/memory/memory_broker.hpp>
#include <stompchat/node/chat_node.hpp>
#if defined(STOMPCHAT_BENCH_KAFKA)
#include <stompchat/kafka/kafka_broker.hpp>
#endif

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace stompchat;

struct believing_authenticator final : authenticator {
    void do_authenticate(credentials shown, detail::completion<void(error_code, identity)> done) override {
        identity who(shown.login.value_or(std::string()));
        done({}, std::move(who));
    }
};

struct reporting_observer final : observer {
    void on_log(severity level, std::string_view text) override {
        if (level > severity::info) std::cerr << text << "\n";
    }
    void on_session_gone(const session_info& who, error_code ec) override {
        if (ec) std::cerr << who.session << ": " << ec.message() << '\n';
    }
};

/// Knows nobody: shows what the registry's entries cost.
class no_registry final : public session_registry {
public:
    explicit no_registry(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    asio::any_io_executor get_executor() const override { return executor_; }

private:
    void do_hold_lease(node_incarnation, node_status, std::chrono::milliseconds, done finished) override { finished({}); }
    void do_release(node_incarnation, done finished) override { finished({}); }
    void do_add_session(session_record, done finished) override { finished({}); }
    void do_remove_session(session_record, done finished) override { finished({}); }
    void do_mark_leaving(session_record, done finished) override { finished({}); }
    void do_presence(std::string, std::size_t, presence_done finished) override { finished({}, {}); }
    void do_watch_presence(std::string, std::shared_ptr<presence_sink>, done finished) override { finished({}); }
    void do_unwatch_presence(std::string_view, const std::shared_ptr<presence_sink>&) override {}
    void do_join(std::string, session_record, done finished) override { finished({}); }
    void do_leave(std::string, session_record, done finished) override { finished({}); }
    void do_sessions_of(std::string, sessions_done finished) override { finished({}, {}); }
    void do_session(std::string, sessions_done finished) override { finished({}, {}); }
    void do_participants(std::string, std::size_t, participants_done finished) override { finished({}, {}); }
    void do_interested_nodes(std::string, nodes_done finished) override { finished({}, {}); }
    void do_live_nodes(live_nodes_done finished) override { finished({}, {}); }

    asio::any_io_executor executor_;
};

/// The log: in memory, or in the Kafka of that URL.
std::unique_ptr<broker> make_log(asio::any_io_executor executor, [[maybe_unused]] const std::string& url,
                                 [[maybe_unused]] observer& watcher) {
#if defined(STOMPCHAT_BENCH_KAFKA)
    if (!url.empty()) return std::make_unique<kafka_broker>(std::move(executor), parse_kafka_url(url).value(), &watcher);
#endif
    return std::make_unique<memory_broker>(std::move(executor));
}

} // namespace

int main(int argc, char** argv) {
    CLI::App options("A bare stompchat node on the in-memory broker, for measurements");
    std::size_t shards = 1;
    std::string address = "127.0.0.1:0";
    std::size_t output_queue = 1024;
    chat_node_options node_options;
    options.add_option("--shards", shards, "Threads that share the sessions")->capture_default_str()->check(CLI::Range(1, 64));
    options.add_option("--listen", address, "Where to listen")->capture_default_str();
    options.add_option("--output-queue", output_queue, "KiB that may wait for one session")->capture_default_str();
    std::size_t recent = node_options.recent_octets / 1024;
    options.add_option("--recent", recent, "KiB of recent messages")->capture_default_str();
    std::size_t linger = static_cast<std::size_t>(node_options.topic_linger.count());
    options.add_option("--linger", linger, "Milliseconds that a room stays without subscriptions")->capture_default_str();
    bool without_registry = false;
    options.add_flag("--without-registry", without_registry, "Register nobody");
    std::string url;
#if defined(STOMPCHAT_BENCH_KAFKA)
    options.add_option("--broker", url, "kafka://...: the log is in Kafka");
#endif
    CLI11_PARSE(options, argc, argv);

    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    shard_pool pool(shards);
    reporting_observer watcher;
    const std::unique_ptr<broker> log = make_log(pool.executor(), url, watcher);
    local_registry local(pool.executor());
    no_registry none(pool.executor());
    session_registry& registry = without_registry ? static_cast<session_registry&>(none) : local;
    local_state_store store(pool.executor());
    believing_authenticator authentication;
    allow_all authorization;
    node_options.output_queue = output_queue * 1024;
    node_options.recent_octets = recent * 1024;
    node_options.topic_linger = std::chrono::milliseconds(linger);
    chat_node node(pool, node_ports{*log, registry, store, authentication, authorization, nullptr, &watcher}, node_options);
    const auto opened = node.listen(listener_options(address));
    if (!opened) {
        std::cerr << opened.error().text << '\n';
        return 1;
    }
    std::cout << opened->front().port() << std::endl;
    node.start();
    asio::signal_set signals(pool.context(0), SIGINT, SIGTERM);
    signals.async_wait([&](error_code, int) { node.async_stop(std::chrono::seconds(1), [&](error_code) { pool.stop(); }); });
    pool.run();
    if (const auto* const memory = dynamic_cast<memory_broker*>(log.get()))
        std::cout << memory->physical_reads() << " reads of " << memory->partitions() << " partitions" << std::endl;
}
