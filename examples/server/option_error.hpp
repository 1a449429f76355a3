// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_OPTION_ERROR_HPP
#define STOMPCHAT_SERVER_OPTION_ERROR_HPP

#include <stdexcept>

namespace stompchat_server {

/** An option, a value or a file's content is wrong: the process ends with 2. The text is one line for people. */
struct option_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/** The options are right, but something outside keeps the server from starting: the process ends with 1. The text is one line for people.
 */
struct start_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

} // namespace stompchat_server

#endif
