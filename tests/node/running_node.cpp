// Boost Software License 1.0, see LICENSE

#include "running_node.hpp"

#include <boost/asio/post.hpp>

#include <future>

namespace node_test {

namespace {

struct tls_files {
    static const tls_files& instance() {
        static const tls_files only;
        return only;
    }

    test_support::temporary_directory directory;
    test_support::certificate certificate;
    std::string chain = directory.write("chain.pem", certificate.certificate_pem());
    std::string key = directory.write("key.pem", certificate.key_pem());
    stompchat::net::tls_context server = stompchat::net::tls_context::server(chain, key).value();
    stompchat::net::tls_context client = stompchat::net::tls_context::client({true, chain}).value();
};

} // namespace

const stompchat::net::tls_context& server_tls() { return tls_files::instance().server; }
const stompchat::net::tls_context& client_tls() { return tls_files::instance().client; }
const std::string& authority_file() { return tls_files::instance().chain; }

bool eventually(const std::function<bool()>& reached, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!reached()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

running_node::running_node(setup how) : pool(how.shards), log(pool.executor(), how.log), registry(pool.executor()), store(pool.executor()) {
    const stompchat::node_ports ports{log,           how.shared_registry != nullptr ? *how.shared_registry : registry,
                                      store,         authentication,
                                      authorization, how.with_app ? &app : nullptr,
                                      &watcher,      how.interceptor};
    node = std::make_unique<stompchat::chat_node>(pool, ports, how.options);
    const auto listen = [&](stompchat::transport what) {
        stompchat::listener_options where(how.host + ":0", what);
        if (how.tls) where.tls = std::make_shared<const stompchat::net::tls_context>(server_tls());
        return node->listen(where).value().front();
    };
    ws = listen(stompchat::transport::websocket);
    tcp = listen(stompchat::transport::stomp);
    node->start();
    thread_ = std::thread([this] { pool.run(); });
    if (!eventually([this] { return node->ready(); })) FAIL("the node does not become ready");
}

running_node::~running_node() {
    if (node) {
        if (!stopping_) begin_stop(std::chrono::milliseconds(100));
        if (!eventually([this] { return stopped(); })) MESSAGE("the node does not stop");
    }
    end_threads();
}

void running_node::end_threads() {
    pool.stop();
    if (thread_.joinable()) thread_.join();
}

void running_node::kill_node() {
    end_threads();
    node.reset();
}

void running_node::on_first_shard(const std::function<void()>& f) {
    std::promise<void> done;
    boost::asio::post(pool.context(0), [&] {
        f();
        done.set_value();
    });
    done.get_future().wait();
}

void running_node::begin_stop(std::chrono::milliseconds patience) {
    stopping_ = true;
    node->async_stop(patience, [this](stompchat::error_code) { stopped_ = true; });
}

void running_node::wait_for_stop() {
    REQUIRE_MESSAGE(eventually([this] { return stopped(); }), "the node does not stop");
}

std::chrono::milliseconds running_node::stop(std::chrono::milliseconds patience) {
    const auto begin = std::chrono::steady_clock::now();
    begin_stop(patience);
    wait_for_stop();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

} // namespace node_test
