#include "greeting.hpp"

#include <stompchat/stomp/encoder.hpp>
#include <stompchat/utf8.hpp>

#include <array>

stompchat::system::result<std::string> greeting(const std::string& room) {
    namespace stomp = stompchat::stomp;
    if (!stompchat::is_utf8(room)) return stompchat::error_code(stompchat::error::bad_utf8);
    const std::string destination = "/topic/" + room;
    const std::array headers{stomp::header{"destination", destination}};
    std::string frame;
    stomp::encode(frame, stomp::command::send, headers, "hello", stomp::version::v1_2);
    return frame;
}
