// Boost Software License 1.0, see LICENSE

#include "option_error.hpp"
#include "option_sources.hpp"
#include "option_table.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace stompchat_server;

namespace {

server_options options_from(const std::vector<setting>& settings) {
    server_options options;
    apply_settings(settings, options);
    return options;
}

} // namespace

TEST_CASE("every option has a flag, a variable and a key that derive from its name") {
    std::set<std::string> variables;
    for (const option& o : option_table()) {
        const std::string name(o.name);
        CAPTURE(name);
        CHECK(variables.insert(environment_name(name)).second);
        CHECK(find_option(name) == &o);
        // As wrong values all three arrive at the same parser, and say where they came from.
        const std::string wrong = "\x01";
        std::string file;
        const std::vector<std::string> variable{environment_name(name) + "=" + wrong};
        const std::vector<setting> sources[] = {
            o.values == arity::toggle ? read_arguments({"--" + name + "=" + wrong}).settings
                                      : read_arguments({"--" + name, wrong}).settings,
            read_environment(variable, file),
            read_toml(name + " = \"\\u0001\"", "f.toml").settings,
        };
        const std::string places[] = {"--" + name + ": ", environment_name(name) + " in the environment: ", "f.toml:1: " + name + ": "};
        for (int i = 0; i != 3; ++i) {
            REQUIRE(sources[i].size() == 1);
            if (name == "tls-cert" || name == "tls-key") continue; // any text may be the name of a file
            try {
                options_from(sources[i]);
                FAIL("accepted");
            } catch (const option_error& error) {
                CHECK(std::string(error.what()).starts_with(places[i]));
            }
        }
    }
    CHECK(environment_name("tls-cert") == "STOMPCHAT_TLS_CERT");
    CHECK(find_option("config") == nullptr);
}

TEST_CASE("the defaults are accepted as they are shown") {
    const server_options defaults;
    CHECK_NOTHROW(check_together(defaults));
    for (const option& o : option_table()) {
        const std::string name(o.name);
        CAPTURE(name);
        const std::string shown = o.show(defaults);
        if (shown.empty() || o.values == arity::many) continue;
        server_options again;
        CHECK_NOTHROW(o.apply(again, std::vector{shown}));
        CHECK(o.show(again) == shown);
    }
}

TEST_CASE("a repeatable option is a list in every source, and a later source replaces an earlier one") {
    std::string file;
    const std::vector<std::string> variables{"HOME=/", "STOMPCHAT_LISTEN=127.0.0.3:1 , 127.0.0.4:1", "STOMPCHAT_CONFIG=x.toml"};
    const auto toml = read_toml("listen = ['127.0.0.1:1', '127.0.0.2:1']\nthreads = 3\nallow-insecure = true", "f.toml").settings;
    const auto environment = read_environment(variables, file);
    const auto flags = read_arguments({"--listen", "127.0.0.5:1", "--listen=127.0.0.6:1", "--threads", "5"}).settings;
    CHECK(file == "x.toml");

    server_options options;
    apply_settings(toml, options);
    CHECK(options.listen == std::vector{parse_listener("127.0.0.1:1"), parse_listener("127.0.0.2:1")});
    CHECK(options.threads == 3);
    CHECK(options.allow_insecure);
    CHECK(options.where("listen") == "f.toml:1: listen");
    apply_settings(environment, options);
    CHECK(options.listen == std::vector{parse_listener("127.0.0.3:1"), parse_listener("127.0.0.4:1")});
    apply_settings(flags, options);
    CHECK(options.listen == std::vector{parse_listener("127.0.0.5:1"), parse_listener("127.0.0.6:1")});
    CHECK(options.threads == 5);
    CHECK(options.where("threads") == "--threads");
    CHECK(options.where("tls-cert") == "--tls-cert");
    apply_settings(read_toml("listen = []", "f.toml").settings, options);
    CHECK(options.listen.empty());
}

TEST_CASE("a toggle needs no value as a flag, and takes one") {
    CHECK(options_from(read_arguments({"--allow-insecure"}).settings).allow_insecure);
    CHECK(options_from(read_arguments({"--allow-insecure=true"}).settings).allow_insecure);
    CHECK_FALSE(options_from(read_arguments({"--allow-insecure=false"}).settings).allow_insecure);
}

TEST_CASE("help and version are answered whatever the environment holds") {
    const std::vector<std::string> bad{"STOMPCHAT_NONSENSE=1"};
    CHECK(read_invocation({"--help"}, bad).what == command::help);
    CHECK(read_invocation({"--version"}, bad).what == command::version);
    CHECK_THROWS_AS(read_invocation({}, bad), option_error);
    CHECK(read_invocation({"--check-config"}, {}).what == command::check_config);
    CHECK(read_invocation({}, {}).what == command::run);
}
