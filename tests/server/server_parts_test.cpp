// Boost Software License 1.0, see LICENSE

#include "demo_authenticator.hpp"
#include "demo_page.hpp"
#include "echo_app.hpp"
#include "nodes_answer.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

using namespace std::string_literals;

namespace {

/// The user's name, or nothing when the login is refused.
std::optional<std::string> log_in(std::optional<std::string> login) {
    boost::asio::io_context context;
    stompchat_server::demo_authenticator authenticator;
    stompchat::credentials shown;
    shown.login = std::move(login);
    std::optional<std::string> user;
    bool answered = false;
    authenticator.async_authenticate(context.get_executor(), std::move(shown), [&](stompchat::error_code error, stompchat::identity who) {
        answered = true;
        if (!error)
            user = who.user;
        else
            CHECK(error == stompchat::error::not_authenticated);
    });
    context.run();
    CHECK(answered);
    return user;
}

struct recording_target : stompchat::app_reply::target {
    struct record {
        std::string headers, body;
        int replies = 0, ends = 0;
        stompchat::error_code outcome;
    };
    explicit recording_target(record& into) : into_(into) {}
    void publish(std::string, std::string, std::string) override { FAIL("echo publishes nothing"); }
    void reply(std::string headers, std::string body) override {
        into_.headers = std::move(headers);
        into_.body = std::move(body);
        ++into_.replies;
    }
    void finish(stompchat::error_code outcome, std::string) override {
        into_.outcome = outcome;
        ++into_.ends;
    }
    record& into_;
};

stompchat::http_response ask(const stompchat_server::demo_page& page, std::string_view method, std::string_view target) {
    return page({method, target, "localhost", "127.0.0.1"});
}

std::string header(const stompchat::http_response& response, std::string_view name) {
    for (const auto& [n, value] : response.headers)
        if (n == name) return value;
    return {};
}

} // namespace

TEST_CASE("the demo authenticator believes every name that no one could confuse") {
    CHECK(log_in("ann") == "ann");
    CHECK(log_in("Zoë 李 🦊") == "Zoë 李 🦊");
    CHECK(log_in(std::nullopt) == "");
    CHECK(log_in("") == "");
    CHECK(log_in("anonymous") == "anonymous");
    CHECK(log_in(std::string(255, 'x')) == std::string(255, 'x'));
    CHECK(log_in(std::string(256, 'x')) == std::nullopt);
    CHECK(log_in("anonymous-1") == std::nullopt);
    CHECK(log_in("a\nb") == std::nullopt);
    CHECK(log_in("a\rb") == std::nullopt);
    CHECK(log_in("a\0b"s) == std::nullopt);
    CHECK(log_in("\xff") == std::nullopt);
}

TEST_CASE("echo answers a SEND with its body and content-type, and a SUBSCRIBE once") {
    stompchat_server::echo_app app;
    const stompchat::identity ann("ann");
    std::string block;
    stompchat::append_header(block, "content-type", "text/x");
    stompchat::append_header(block, "x-other", "y");

    recording_target::record got;
    CHECK(app.on_send({ann, "s", "/app/echo", stompchat::header_block(block), "body\0x"s},
                      stompchat::app_reply(std::make_unique<recording_target>(got))));
    CHECK(got.body == "body\0x"s);
    CHECK(stompchat::header_block(got.headers).find("content-type") == "text/x");
    CHECK(stompchat::header_block(got.headers).find("x-other").data() == nullptr);
    CHECK((got.replies == 1 && got.ends == 1 && !got.outcome));

    recording_target::record bare;
    CHECK(app.on_send({ann, "s", "/app/echo", {}, ""}, stompchat::app_reply(std::make_unique<recording_target>(bare))));
    CHECK((bare.headers.empty() && bare.replies == 1 && bare.ends == 1));

    recording_target::record once;
    CHECK(app.on_subscribe({ann, "s", "/app/echo", {}, ""}, stompchat::app_reply(std::make_unique<recording_target>(once))));
    CHECK((once.replies == 1 && once.ends == 1 && !once.outcome));

    CHECK_FALSE(app.on_send({ann, "s", "/app/other", {}, ""}, {}));
    CHECK_FALSE(app.on_subscribe({ann, "s", "/app/echo/x", {}, ""}, {}));
}

TEST_CASE("the page answers what it has, with the query left out, and says what it has not") {
    const stompchat_server::page_file files[] = {{"/", "text/html; charset=utf-8", "<p>", false},
                                                 {"/app-1.js", "text/javascript; charset=utf-8", "x", true}};
    const stompchat_server::demo_page page({files, ""});
    CHECK(*ask(page, "GET", "/?a=b").body == "<p>");
    CHECK(ask(page, "HEAD", "/").status == 200);
    CHECK(header(ask(page, "GET", "/"), "Cache-Control") == "no-cache");
    CHECK(header(ask(page, "GET", "/app-1.js"), "Cache-Control") == "public, max-age=31536000, immutable");
    CHECK(ask(page, "GET", "/app-1.js").content_type == "text/javascript; charset=utf-8");
    for (const char* target : {"/x", "", "//", "/app-1.js/", "/app-1.js%00"}) CHECK(ask(page, "GET", target).status == 404);
    CHECK(ask(page, "POST", "/").status == 405);
    CHECK(header(ask(page, "POST", "/"), "Allow") == "GET, HEAD");
    for (const char* target : {"/", "/x"}) {
        CHECK(header(ask(page, "GET", target), "X-Content-Type-Options") == "nosniff");
        CHECK(header(ask(page, "GET", target), "Content-Security-Policy").starts_with("default-src 'none'"));
    }
}

TEST_CASE("the page may connect to its own server and to the peers that it is given, and to nobody else") {
    const auto allowed = [](const std::vector<std::string>& peers) {
        const auto policy = header(ask(stompchat_server::demo_page({{}, "none"}, peers), "GET", "/"), "Content-Security-Policy");
        const auto from = policy.find("connect-src");
        return policy.substr(from, policy.find(';', from) - from);
    };
    CHECK(allowed({}) == "connect-src 'self'");
    CHECK(allowed({"http://127.0.0.1:81", "https://b.example.org"})
          == "connect-src 'self' http://127.0.0.1:81 ws://127.0.0.1:81 https://b.example.org wss://b.example.org");
    CHECK(allowed({"app://x", "http://a; script-src *"}) == "connect-src 'self'");
}

TEST_CASE("a server that was built without the page says in its place why, and how to get it") {
    const stompchat_server::demo_page page({{}, "No npm <here>."});
    const auto answer = ask(page, "GET", "/");
    CHECK(answer.status == 503);
    CHECK(answer.content_type == "text/html; charset=utf-8");
    CHECK(answer.body->find("No npm &lt;here&gt;.") != std::string::npos);
    CHECK(answer.body->find("apt-get install nodejs npm") != std::string::npos);
    CHECK(answer.body->find("/ws") != std::string::npos);
}

TEST_CASE("the answer to /nodes names this node and all that are alive, whatever octets their names hold") {
    using namespace stompchat;
    cluster_view view;
    view.self = {{"a", 1}, node_status(true, "ws://127.0.0.1:1/ws")};
    view.nodes = {view.self, {{"b\"\n", 2}, node_status(false, "\xff")}};
    view.current = true;
    const std::vector<std::string> allowed = {"https://chat.example"};
    const http_response answer = stompchat_server::nodes_answer(view, "", allowed);
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "application/json");
    CHECK(*answer.body
          == R"({"node":"a","url":"ws://127.0.0.1:1/ws","broker_ready":true,"current":true,"nodes":[)"
             R"({"node":"a","url":"ws://127.0.0.1:1/ws","broker_ready":true},)"
             R"({"node":"b\"\u000a","url":"","broker_ready":false}]})");
    const auto grants = [](const http_response& one) {
        std::string found;
        for (const auto& [name, value] : one.headers)
            if (name == "Access-Control-Allow-Origin") found += value;
        return found;
    };
    CHECK(grants(answer).empty());
    CHECK(grants(stompchat_server::nodes_answer(view, "https://chat.example", allowed)) == "https://chat.example");
    CHECK(grants(stompchat_server::nodes_answer(view, "https://other.example", allowed)).empty());
    view.nodes.clear();
    view.current = false;
    CHECK(stompchat_server::nodes_answer(view, "", allowed).body->ends_with(R"("current":false,"nodes":[]})"));
}
