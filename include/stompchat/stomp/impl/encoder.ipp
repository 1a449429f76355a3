// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_ENCODER_IPP
#define STOMPCHAT_STOMP_IMPL_ENCODER_IPP

#include <stompchat/stomp/encoder.hpp>
#include <stompchat/stomp/impl/escape.ipp>

#include <charconv>

namespace stompchat::inline STOMPCHAT_ABI::stomp {

STOMPCHAT_DECL bool append_header(std::string& out, std::string_view name, std::string_view value, version v) {
    if (!expressible(name, value, v)) return false;
    append_escaped(out, name, v);
    out.push_back(':');
    append_escaped(out, value, v);
    out.push_back('\n');
    return true;
}

STOMPCHAT_DECL void append_content_length(std::string& out, std::size_t octets) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, octets).ptr;
    out.append("content-length:");
    out.append(digits, static_cast<std::size_t>(end - digits));
    out.push_back('\n');
}

STOMPCHAT_DECL void encode(std::string& out, command cmd, std::span<const header> headers, std::string_view body, version v,
                           content_length policy) {
    // What is never escaped is written by the rules of 1.0, which has no escaping.
    const version rules = is_escaped(cmd) ? v : version::v1_0;
    // STOMP 1.1 and 1.2, "Header content-length": it MUST be there when the body holds a NUL octet.
    const bool with_length = policy == content_length::always || (policy == content_length::when_body && !body.empty())
                             || body.find('\0') != std::string_view::npos;

    const std::string_view name_of_command = to_string(cmd);
    std::size_t size = name_of_command.size() + 1 + 1 + body.size() + 1;
    if (with_length) size += sizeof "content-length:\n" + 20;
    for (const header& h : headers) size += detail::escaped_size(h.name, rules) + detail::escaped_size(h.value, rules) + 2;
    out.reserve(out.size() + size);

    out.append(name_of_command);
    out.push_back('\n');
    for (const header& h : headers) {
        if (h.name != "content-length") append_header(out, h.name, h.value, rules);
    }
    if (with_length) append_content_length(out, body.size());
    out.push_back('\n');
    out.append(body);
    out.push_back('\0');
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
