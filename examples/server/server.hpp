// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_SERVER_HPP
#define STOMPCHAT_SERVER_SERVER_HPP

#include "server_options.hpp"

namespace stompchat_server {

/// Checks what only the machine can tell: that the files which the options name can be used. Throws start_error or option_error.
void check_files(const server_options& options);

/** Runs a node until SIGTERM or SIGINT, then stops it in order; a second signal ends the process at once. Writes a line for each listener
    to stdout, and its log to stderr. Throws start_error or option_error when it cannot start. */
void run_server(const server_options& options);

} // namespace stompchat_server

#endif
