// Boost Software License 1.0, see LICENSE

#include "demo_authenticator.hpp"

#include <stompchat/utf8.hpp>

#include <string_view>
#include <utility>

namespace stompchat_server {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t longest_name = 255;

bool acceptable(std::string_view name) {
    return name.size() <= longest_name && !name.starts_with("anonymous-") && name.find_first_of("\r\n\0"sv) == name.npos
           && stompchat::is_utf8(name);
}

} // namespace

void demo_authenticator::do_authenticate(stompchat::credentials shown,
                                         stompchat::detail::completion<void(stompchat::error_code, stompchat::identity)> done) {
    std::string name = std::move(shown.login).value_or("");
    if (!acceptable(name)) return done(stompchat::error::not_authenticated, {});
    // An empty name makes the node choose one.
    done({}, stompchat::identity(std::move(name)));
}

} // namespace stompchat_server
