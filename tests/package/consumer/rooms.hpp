#ifndef ROOMS_HPP
#define ROOMS_HPP

#include <stompchat/error.hpp>

#include <string>

/// A room's destination; fails with error::bad_header_value when the name is not UTF-8.
stompchat::system::result<std::string> destination_of(std::string name);

#endif
