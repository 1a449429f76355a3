// Boost Software License 1.0, see LICENSE

#include <stompchat/redis/options.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace stompchat;

namespace {

redis_options good(std::string_view url) {
    const auto read = parse_redis_url(url);
    REQUIRE_MESSAGE(read.has_value(), url << ": " << read.error().text);
    return *read;
}

std::string wrong(std::string_view url) {
    const auto read = parse_redis_url(url);
    REQUIRE_MESSAGE(!read.has_value(), url);
    CHECK(read.error().code == error::bad_option);
    return read.error().text;
}

} // namespace

TEST_CASE("the shortest URL names a host") {
    const redis_options read = good("redis://localhost");
    REQUIRE(read.servers.size() == 1);
    CHECK(read.servers[0].host == "localhost");
    CHECK(read.servers[0].port == 6379);
    CHECK(read.database == 0);
    CHECK(read.user.empty());
    CHECK(read.password.empty());
    CHECK(!read.tls.enabled);
    CHECK(read.sentinel_name.empty());
    CHECK(to_string(read) == "redis://localhost:6379/0");
}

TEST_CASE("the longest URL names user, password, port and database") {
    const redis_options read = good("redis://chat:s3cret@10.0.0.1:7000/12?timeout=250ms");
    CHECK(read.servers[0].host == "10.0.0.1");
    CHECK(read.servers[0].port == 7000);
    CHECK(read.database == 12);
    CHECK(read.user == "chat");
    CHECK(read.password == "s3cret");
    CHECK(read.command_timeout == std::chrono::milliseconds(250));
    CHECK(good("redis://h/?timeout=3s").command_timeout == std::chrono::seconds(3));
    CHECK(good("redis://h/").database == 0);
    CHECK(good("redis://:pass@h").password == "pass");
    CHECK(good("redis://:pass@h").user.empty());
}

TEST_CASE("an IPv6 address stands in brackets") {
    CHECK(good("redis://[::1]:7000").servers[0].host == "::1");
    CHECK(good("redis://[::1]:7000").servers[0].port == 7000);
    CHECK(good("redis://[::1]").servers[0].port == 6379);
    CHECK(to_string(good("redis://[::1]/3")) == "redis://[::1]:6379/3");
}

TEST_CASE("user, password and names are percent-decoded") {
    const redis_options read = good("redis://a%3Ab:%2F%40%3F%25%20@h");
    CHECK(read.user == "a:b");
    CHECK(read.password == "/@?% ");
    // What is no other mark may stand as it is.
    CHECK(good("redis://a:b:c@d@h").password == "b:c@d");
    CHECK(good("redis+sentinel://h/my%2Fmaster").sentinel_name == "my/master");
}

TEST_CASE("TLS takes files and a name") {
    const redis_options read = good("rediss://h?ca=%2Fetc%2Fca.pem&cert=/c&key=/k&server-name=redis.example");
    CHECK(read.tls.enabled);
    CHECK(read.tls.verify);
    CHECK(read.tls.ca_file == "/etc/ca.pem");
    CHECK(read.tls.certificate_file == "/c");
    CHECK(read.tls.key_file == "/k");
    CHECK(read.tls.server_name == "redis.example");
    CHECK(!good("rediss://h?verify=no").tls.verify);
    CHECK(to_string(good("rediss://h")) == "rediss://h:6379/0");
}

TEST_CASE("sentinels are several hosts and a name") {
    const redis_options read = good("redis+sentinel://u:p@a,b:1,[::1]/main/2?sentinel-user=s&sentinel-password=q");
    REQUIRE(read.servers.size() == 3);
    CHECK(read.servers[0].host == "a");
    CHECK(read.servers[0].port == 26379);
    CHECK(read.servers[1].port == 1);
    CHECK(read.servers[2].host == "::1");
    CHECK(read.sentinel_name == "main");
    CHECK(read.database == 2);
    CHECK(read.user == "u");
    CHECK(read.sentinel_user == "s");
    CHECK(read.sentinel_password == "q");
    CHECK(to_string(read) == "redis+sentinel://a:26379,b:1,[::1]:26379/main/2");
    CHECK(good("rediss+sentinel://a/main").tls.enabled);
}

TEST_CASE("what is wrong with a URL is said") {
    CHECK(wrong("localhost:6379").find("redis://") != std::string::npos);
    CHECK(wrong("http://localhost").find("redis://") != std::string::npos);
    CHECK(wrong("redis://").find("the host is missing") != std::string::npos);
    CHECK(wrong("redis://:7000").find("the host is missing") != std::string::npos);
    CHECK(wrong("redis://h:").find("the port") != std::string::npos);
    CHECK(wrong("redis://h:x").find("the port") != std::string::npos);
    CHECK(wrong("redis://h:0").find("the port") != std::string::npos);
    CHECK(wrong("redis://h:65536").find("the port") != std::string::npos);
    CHECK(wrong("redis://::1").find("brackets") != std::string::npos);
    CHECK(wrong("redis://[::1").find("']'") != std::string::npos);
    CHECK(wrong("redis://[::1]7").find("']'") != std::string::npos);
    CHECK(wrong("redis://a b").find("a character") != std::string::npos);
    CHECK(wrong("redis://h/x").find("the database") != std::string::npos);
    CHECK(wrong("redis://h/0/1").find("the database") != std::string::npos);
    CHECK(wrong("redis://h/-1").find("the database") != std::string::npos);
    CHECK(wrong("redis://a,b").find("redis+sentinel://") != std::string::npos);
    CHECK(wrong("redis+sentinel://a").find("the name of the master") != std::string::npos);
    CHECK(wrong("redis+sentinel://a,/m").find("the host is missing") != std::string::npos);
    CHECK(wrong("redis://h?nothing=1").find("'nothing'") != std::string::npos);
    CHECK(wrong("redis://h?ca=x").find("rediss://") != std::string::npos);
    CHECK(wrong("rediss://h?cert=x").find("belong together") != std::string::npos);
    CHECK(wrong("rediss://h?verify=maybe").find("'verify'") != std::string::npos);
    CHECK(wrong("redis://h?sentinel-user=x").find("sentinels") != std::string::npos);
    CHECK(wrong("redis://h?timeout=5").find("'timeout'") != std::string::npos);
    CHECK(wrong("redis://h?timeout=0s").find("'timeout'") != std::string::npos);
    CHECK(wrong("redis://h?timeout=601s").find("'timeout'") != std::string::npos);
    CHECK(wrong("redis://h?timeout=%zz").find("'%'") != std::string::npos);
    CHECK(wrong("redis://user@h").find("PASSWORD@") != std::string::npos);
    CHECK(wrong(std::string("redis://h\0", 10)).find("NUL") != std::string::npos);
}

TEST_CASE("neither an error nor the text of a URL shows a password") {
    const std::vector<std::string> urls = {
        "redis://u:hunter2@",
        "redis://u:hunter2@h:x",
        "redis://u:hunter2@h/x",
        "redis://u:hunter2%zz@h",
        "redis://u:hunter2/3@h",
        "redis://u:hunter2?3@h",
        "redis://u:hunter2#@h:99999",
        "redis:/u:hunter2@h",
        "redis://u:hunter2@h?a=b",
        "redis://u:a/hunter2@h/1",
        "redis://hunter2@h",
        "http://u:hunter2@h",
        "redis://u:a?hunter2@h",
        "redis://u:hunter2@h?ca=b",
        "redis+sentinel://u:hunter2@h",
        "redis+sentinel://h/m?sentinel-password=hunter2&timeout=x",
    };
    for (const std::string& url : urls) CHECK_MESSAGE(wrong(url).find("hunter2") == std::string::npos, url);
    CHECK(to_string(good("redis://u:hunter2@h/1")).find("hunter2") == std::string::npos);
    CHECK(to_string(good("redis+sentinel://h/m?sentinel-password=hunter2")).find("hunter2") == std::string::npos);
}
