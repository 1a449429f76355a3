#ifndef GREETING_HPP
#define GREETING_HPP

#include <stompchat/error.hpp>

#include <string>

/// A SEND frame that greets a room; fails with error::bad_utf8 when the room's name is not UTF-8.
stompchat::system::result<std::string> greeting(const std::string& room);

#endif
