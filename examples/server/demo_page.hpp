// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_DEMO_PAGE_HPP
#define STOMPCHAT_SERVER_DEMO_PAGE_HPP

#include "page_file.hpp"

#include <stompchat/node/options.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stompchat_server {

/** Answers HTTP requests with the demo page. All answers are made once, so that a request only looks one up.
    Thread safety: operator() may be called from any thread, also at once. Memory: the page, once more. */
class demo_page {
public:
    /** `peers` are origins besides its own whose nodes a window of the page may connect to: `https://b.example.org`. */
    explicit demo_page(const embedded_page& page, const std::vector<std::string>& peers = {});

    stompchat::http_response operator()(const stompchat::http_request& request) const;

private:
    std::map<std::string, stompchat::http_response, std::less<>> answers_;
    stompchat::http_response not_found_;
    stompchat::http_response bad_method_;
};

} // namespace stompchat_server

#endif
