// Boost Software License 1.0, see LICENSE

#include <doctest/doctest.h>
#include <stompchat/net/tls_context.hpp>
#include <support/certificate.hpp>

#include <algorithm>

namespace net = stompchat::net;
using stompchat::error;
using test_support::certificate;
using test_support::temporary_directory;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

template <class Result>
void fails(const Result& result, stompchat::error_code code, const std::string& file, const std::string& reason) {
    REQUIRE_FALSE(result.has_value());
    const net::failure why = result.error();
    CAPTURE(why.text);
    CHECK(why.code == code);
    CHECK(contains(why.text, "'" + file + "'"));
    CHECK(contains(why.text, reason));
    CHECK(std::count(why.text.begin(), why.text.end(), '\n') == 0);
}

} // namespace

TEST_CASE("a certificate and its key make a server context") {
    const temporary_directory directory;
    const certificate pair;
    const std::string chain = directory.write("chain.pem", pair.certificate_pem());
    const std::string key = directory.write("key.pem", pair.key_pem());
    const auto made = net::tls_context::server(chain, key);
    REQUIRE(made.has_value());
    CHECK(made->native_handle() != nullptr);
    // A chain with intermediate certificates and a comment; a key and a certificate in one file.
    const std::string all =
        directory.write("all.pem", "a comment\n" + pair.certificate_pem() + certificate().certificate_pem() + pair.key_pem());
    CHECK(net::tls_context::server(all, all).has_value());
}

TEST_CASE("a file that cannot be read is named, with the system's reason") {
    const temporary_directory directory;
    const certificate pair;
    const std::string chain = directory.write("chain.pem", pair.certificate_pem());
    const std::string key = directory.write("key.pem", pair.key_pem());
    const std::string missing = directory.file("missing.pem");
    const auto not_found = make_error_code(boost::system::errc::no_such_file_or_directory);
    fails(net::tls_context::server(missing, key), not_found, missing, "No such file");
    fails(net::tls_context::server(chain, missing), not_found, missing, "No such file");
    fails(net::tls_context::server(directory.file(""), key), make_error_code(boost::system::errc::is_a_directory), directory.file(""),
          "directory");
    fails(net::tls_context::client({true, missing}), not_found, missing, "No such file");
}

TEST_CASE("a file that has not what it should have is named, with what it lacks") {
    const temporary_directory directory;
    const certificate pair;
    const std::string chain = directory.write("chain.pem", pair.certificate_pem());
    const std::string key = directory.write("key.pem", pair.key_pem());
    const std::string text = directory.write("text.pem", "hello\n");
    const std::string empty = directory.write("empty.pem", "");
    const std::string broken = directory.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (const std::string& file : {text, empty}) {
        fails(net::tls_context::server(file, key), error::tls_bad_certificate, file, "no PEM certificate");
        fails(net::tls_context::server(chain, file), error::tls_bad_key, file, "no PEM private key");
        fails(net::tls_context::client({true, file}), error::tls_bad_certificate, file, "no PEM certificate");
    }
    fails(net::tls_context::server(key, key), error::tls_bad_certificate, key, "no PEM certificate");
    fails(net::tls_context::server(chain, chain), error::tls_bad_key, chain, "no PEM private key");
    fails(net::tls_context::server(broken, key), error::tls_bad_certificate, broken, "");
    fails(net::tls_context::client({true, broken}), error::tls_bad_certificate, broken, "");
    const std::string half =
        directory.write("half.pem", pair.certificate_pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    fails(net::tls_context::server(half, key), error::tls_bad_certificate, half, "");
}

TEST_CASE("a key that belongs to another certificate is refused") {
    const temporary_directory directory;
    const std::string chain = directory.write("chain.pem", certificate().certificate_pem());
    const std::string key = directory.write("key.pem", certificate().key_pem());
    fails(net::tls_context::server(chain, key), error::tls_bad_key, key, "does not belong to the certificate in '" + chain + "'");
}

TEST_CASE("an encrypted key is refused without asking for its passphrase") {
    const temporary_directory directory;
    const certificate pair;
    const std::string chain = directory.write("chain.pem", pair.certificate_pem());
    const std::string key = directory.write("key.pem", pair.key_pem("secret"));
    fails(net::tls_context::server(chain, key), error::tls_bad_key, key, "passphrase");
}

TEST_CASE("a client context can be made without a file") {
    CHECK(net::tls_context::client({}).has_value());
    CHECK(net::tls_context::client({false, {}}).has_value());
}

TEST_CASE("a failure turned into an exception keeps its text") {
    try {
        net::tls_context::server("/nowhere/chain.pem", "/nowhere/key.pem").value();
        FAIL("no exception");
    } catch (const boost::system::system_error& e) {
        CHECK(contains(e.what(), "/nowhere/chain.pem"));
    }
}
