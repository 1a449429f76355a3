// Boost Software License 1.0, see LICENSE

#include "stand.hpp"

#include <support/services.hpp>

using namespace redis_test;

namespace {

std::string port() {
    const std::string address = services::variable("TEST_REDIS_TLS");
    return address.substr(address.find(':') + 1);
}

std::string url(const std::string& parameters, const std::string& host = "127.0.0.1") {
    return "rediss://" + host + ":" + port() + "/0?" + parameters;
}

std::string trusted() { return "ca=" + services::variable("TEST_REDIS_CA"); }

error_code refusal(const std::string& of) {
    const auto found = probe_redis(parse_redis_url(of).value());
    return found ? error_code() : found.error().code;
}

} // namespace

TEST_CASE("commands pass over TLS, short and long") {
    stand at(url(trusted() + "&timeout=20s", "localhost"));
    REQUIRE(at.connect());
    const std::string large(3 * 1024 * 1024, 'x');
    std::vector<std::shared_ptr<std::optional<outcome>>> all;
    for (int i = 0; i != 1'000; ++i) all.push_back(at.begin(command{"ECHO"}.add(i)));
    const auto written = at.begin({"SET", "large", large});
    const auto read = at.begin({"GET", "large"});
    for (std::size_t i = 0; i != all.size(); ++i) CHECK(at.wait(all[i]).answer.text() == std::to_string(i));
    CHECK(at.wait(written).answer.text() == "OK");
    CHECK(at.wait(read).answer.text() == large);
}

TEST_CASE("a certificate that nobody trusts is refused, and one for another name") {
    CHECK(!refusal(url(trusted())));
    CHECK(refusal(url("")) == error::tls_untrusted_certificate);
    CHECK(refusal(url(trusted() + "&server-name=redis.example")) == error::tls_untrusted_certificate);
    CHECK(!refusal(url("verify=no")));
}

TEST_CASE("a file that cannot be read is named") {
    const auto found = probe_redis(parse_redis_url(url("ca=/nothing/here.pem")).value());
    REQUIRE(!found.has_value());
    CHECK(found.error().text.find("/nothing/here.pem") != std::string::npos);
    boost::asio::io_context context;
    CHECK_THROWS_AS(redis_client(context, parse_redis_url(url("ca=/nothing/here.pem")).value()), boost::system::system_error);
}

TEST_CASE("a Redis that asks for a certificate gets one") {
    stand at(url(trusted()));
    REQUIRE(at.connect());
    REQUIRE(!at.send({"CONFIG", "SET", "tls-auth-clients", "yes"}).ec);
    CHECK(refusal(url(trusted())) != error_code());
    // The authority that signed for the server is the one that it trusts.
    const std::string folder = services::variable("TEST_SERVICES_LOGS");
    const std::string own = "&cert=" + folder + "/redis-tls-cert.pem&key=" + folder + "/redis-tls-key.pem";
    CHECK(!refusal(url(trusted() + own)));
    CHECK(refusal(url(trusted() + "&cert=" + folder + "/redis-tls-cert.pem&key=" + folder + "/redis-tls-cert.pem")) == error::tls_bad_key);
    REQUIRE(!at.send({"CONFIG", "SET", "tls-auth-clients", "no"}).ec);
}

TEST_CASE("a Redis that wants TLS does not answer without, and the client goes on") {
    stand at("redis://127.0.0.1:" + port());
    CHECK(at.send({"PING"}).ec == error::registry_unavailable);
    CHECK(at.until([&] { return !at.log.lines.empty(); }));
}
