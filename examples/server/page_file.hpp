// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_SERVER_PAGE_FILE_HPP
#define STOMPCHAT_SERVER_PAGE_FILE_HPP

#include <span>
#include <string_view>

namespace stompchat_server {

/** A file of the demo page, embedded at build time. */
struct page_file {
    /// As it is asked for, for example `/app-7C3QF2XA.js`.
    std::string_view path;
    std::string_view content_type;
    std::string_view content;
    /// The path names the content, so a browser may keep it for ever.
    bool immutable = false;
};

/** The demo page as the build made it; web/CMakeLists.txt generates the definition. */
struct embedded_page {
    std::span<const page_file> files;
    /// Why there are no files, for people; empty when there are.
    std::string_view missing;
};
extern const embedded_page built_page;

} // namespace stompchat_server

#endif
