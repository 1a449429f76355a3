// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_DEMO_AUTHENTICATOR_HPP
#define STOMPCHAT_SERVER_DEMO_AUTHENTICATOR_HPP

#include <stompchat/ports/authenticator.hpp>

namespace stompchat_server {

/** Believes every client: `login` names the user without proof, no `login` means anonymous. For demonstrations on one machine.
    Refused are names that could be taken for somebody else or that no header can carry: those that begin with `anonymous-`, which the node
    gives to anonymous users, those with CR, LF or NUL, those that are not UTF-8, and those of more than 255 octets.
    Thread safety: has no state. */
class demo_authenticator final : public stompchat::authenticator {
    void do_authenticate(stompchat::credentials shown,
                         stompchat::detail::completion<void(stompchat::error_code, stompchat::identity)> done) override;
};

} // namespace stompchat_server

#endif
