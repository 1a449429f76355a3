// Boost Software License 1.0, see LICENSE

// stompchat-server, the reference server: a chat node that is set up by flags, environment and a file. See --help.

#include "option_error.hpp"
#include "option_sources.hpp"
#include "server.hpp"

#include <stompchat/version.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

extern char** environ;

namespace {

void run(const std::vector<std::string>& arguments, const std::vector<std::string>& variables) {
    using namespace stompchat_server;
    const invocation asked = read_invocation(arguments, variables);
    switch (asked.what) {
    case command::help: std::fputs(asked.help_text.c_str(), stdout); return;
    case command::version: std::printf("stompchat-server %s\n", stompchat::version_text); return;
    case command::check_config:
        check_files(asked.options);
        std::fputs("stompchat-server: the configuration is good\n", stderr);
        return;
    case command::run: run_server(asked.options); return;
    }
}

int fail(int code, const char* text) {
    std::fprintf(stderr, "stompchat-server: %s\n", text);
    return code;
}

} // namespace

int main(int argc, char** argv) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable; ++variable) variables.emplace_back(*variable);
    try {
        run(std::vector<std::string>(argv + 1, argv + argc), variables);
        return 0;
    } catch (const stompchat_server::option_error& wrong) {
        return fail(2, wrong.what());
    } catch (const std::exception& wrong) {
        return fail(1, wrong.what());
    }
}
