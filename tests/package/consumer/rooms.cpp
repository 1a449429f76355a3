#include "rooms.hpp"

#include <stompchat/utf8.hpp>
#include <stompchat/version.hpp>

stompchat::system::result<std::string> destination_of(std::string name) {
    if (!stompchat::is_utf8(name)) return stompchat::error_code(stompchat::error::bad_header_value);
    return "/topic/" + name;
}
