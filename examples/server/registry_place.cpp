// Boost Software License 1.0, see LICENSE

#include "registry_place.hpp"

#include "option_error.hpp"
#include "option_values.hpp"

#if defined(STOMPCHAT_SERVER_REDIS)
#include <stompchat/redis/options.hpp>
#endif

#include <fmt/format.h>

namespace stompchat_server {

std::string parse_registry_place(std::string_view text) {
    if (text == "local") return std::string(text);
#if defined(STOMPCHAT_SERVER_REDIS)
    // It may hold a password: only what is certainly none is shown.
    if (text.find(':') == text.npos)
        throw option_error(
            fmt::format("{} is not known here: write local, or redis://[USER:PASSWORD@]HOST:PORT/DATABASE", in_quotes(text)));
    if (const auto read = stompchat::parse_redis_url(text); !read) throw option_error(read.error().text);
    return std::string(text);
#else
    throw option_error("this server was built without Redis: write local");
#endif
}

std::string show_registry_place(const std::string& place) {
#if defined(STOMPCHAT_SERVER_REDIS)
    if (place != "local") return to_string(stompchat::parse_redis_url(place).value());
#endif
    return place;
}

} // namespace stompchat_server
