// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_TESTS_CONTRACT_AUTHENTICATOR_CONTRACT_HPP
#define STOMPCHAT_TESTS_CONTRACT_AUTHENTICATOR_CONTRACT_HPP

#include <stompchat/ports/authenticator.hpp>

namespace contract {

/** What every authenticator must do. `good` are credentials that it accepts as `user`, `bad` ones that it refuses.
    Call it from a test case; each rule is a subcase. */
void check_authenticator(stompchat::authenticator& subject, const stompchat::credentials& good, const std::string& user,
                         const stompchat::credentials& bad);

} // namespace contract

#endif
