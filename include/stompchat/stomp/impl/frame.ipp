// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_FRAME_IPP
#define STOMPCHAT_STOMP_IMPL_FRAME_IPP

#include <stompchat/stomp/frame.hpp>

namespace stompchat::inline STOMPCHAT_ABI::stomp {
namespace detail {

inline std::optional<command> client_command(std::string_view text) noexcept {
    const auto is = [text](command c) -> std::optional<command> {
        if (text == to_string(c)) return c;
        return std::nullopt;
    };
    switch (text.size()) {
    case 3: return is(command::ack);
    case 4: return text[0] == 'S' ? is(command::send) : is(command::nack);
    case 5: return text[0] == 'S' ? is(command::stomp) : text[0] == 'B' ? is(command::begin) : is(command::abort);
    case 6: return is(command::commit);
    case 7: return is(command::connect);
    case 9: return is(command::subscribe);
    case 10: return is(command::disconnect);
    case 11: return is(command::unsubscribe);
    default: return std::nullopt;
    }
}

} // namespace detail

STOMPCHAT_DECL std::optional<command> command_from(std::string_view text, peer writer) noexcept {
    if (writer == peer::client) return detail::client_command(text);
    for (const auto c : {command::message, command::receipt, command::connected, command::error}) {
        if (text == to_string(c)) return c;
    }
    return std::nullopt;
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
