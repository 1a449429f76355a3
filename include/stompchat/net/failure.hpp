// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_FAILURE_HPP
#define STOMPCHAT_NET_FAILURE_HPP

#include <stompchat/config.hpp>
#include <stompchat/error.hpp>

#include <boost/system/system_error.hpp>

#include <string>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net {

/** Why something could not be set up: what a program reacts to, and one line for whoever operates it, which names the file, address or
    option and the reason. For use at start, where a bare code would not say which of several files was meant. */
struct failure {
    failure() = default; ///< no failure
    /// A failure with its line of text.
    failure(error_code c, std::string t) : code(c), text(std::move(t)) {}

    /// What a program reacts to.
    error_code code;
    /// One line for people.
    std::string text;
};

/// result<T>::value() on a failure throws a system_error with its code and text.
[[noreturn]] inline void throw_exception_from_error(const failure& reason, const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(reason.code, reason.text), where);
}

/// A value, or why there is none.
template <class T>
using result = boost::system::result<T, failure>;

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
