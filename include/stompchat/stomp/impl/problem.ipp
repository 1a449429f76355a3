// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_STOMP_IMPL_PROBLEM_IPP
#define STOMPCHAT_STOMP_IMPL_PROBLEM_IPP

#include <stompchat/stomp/encoder.hpp>
#include <stompchat/stomp/problem.hpp>

namespace stompchat::inline STOMPCHAT_ABI::stomp {
namespace detail {

/// Quoted, shortened, and with what is not printable ASCII replaced: it goes into texts that people and logs read.
inline std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 48;
    std::string out = "'";
    for (const char c : text.substr(0, longest)) out.push_back(c >= 0x20 && c < 0x7F ? c : '?');
    if (text.size() > longest) out += "...";
    out.push_back('\'');
    return out;
}

/// F10: a client without a version cannot unescape, so this text must read the same in all of them.
inline std::string plain_ascii(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c == ':' || c == '\\' || c < 0x20 || c >= 0x7F) c = c == ':' ? ',' : '?';
    }
    return out;
}

inline std::string sizes(const problem& p, std::string_view unit) {
    std::string out = p.at_least ? "at least " : "";
    out += std::to_string(p.actual);
    out += ' ';
    out += unit;
    out += ", the limit is ";
    out += std::to_string(p.limit);
    return out;
}

} // namespace detail

STOMPCHAT_DECL std::string describe(const problem& p) {
    using detail::quoted;
    using detail::sizes;
    const std::string where(p.where);
    const std::string reason(p.reason);
    switch (p.code) {
    case error::bad_command: return "unknown command " + quoted(p.subject) + reason;
    case error::bad_header: return "header line " + quoted(p.subject) + ' ' + reason;
    case error::bad_escape: return "header " + quoted(p.subject) + " holds an escape sequence that STOMP " + reason + " does not define";
    case error::bad_utf8: return "header line " + quoted(p.subject) + " is not UTF-8";
    case error::bad_content_length: return "content-length " + quoted(p.value) + " is not a decimal number of octets";
    case error::body_not_terminated:
        return "no NUL octet behind the " + std::to_string(p.actual)
               + " octets that content-length announces (it counts octets of UTF-8, not characters, and a frame must not be cut inside "
                 "one)";
    case error::unexpected_body: return where + " may not have a body";
    case error::unexpected_nul: return "NUL octet in the header line " + quoted(p.subject);
    case error::not_connected: return "the first frame must be CONNECT or STOMP, not " + quoted(where);
    case error::already_connected: return "this session is connected already, a second " + where + " is not allowed";
    case error::no_common_version:
        return "accept-version " + quoted(p.value) + " names none of the versions spoken here, " + std::string(supported_versions);
    case error::missing_header: return where + " needs the header " + quoted(p.subject);
    case error::bad_header_value:
        return "header " + quoted(p.subject) + " of " + where + " is " + quoted(p.value) + ", it must be " + reason;
    case error::duplicate_subscription: return where + ' ' + quoted(p.subject) + " is in use by a live subscription";
    case error::unknown_subscription: return where + " names no live subscription, " + quoted(p.subject);
    case error::duplicate_transaction: return "the transaction " + quoted(p.subject) + " is open already";
    case error::unknown_transaction: return where + " names no open transaction, " + quoted(p.subject);
    case error::header_line_too_long: return "header line " + quoted(p.subject) + " has " + sizes(p, "octets");
    case error::too_many_headers: return "the frame has " + sizes(p, "headers");
    case error::body_too_long: return "the body has " + sizes(p, "octets") + reason;
    case error::too_many_subscriptions: return "this would make " + sizes(p, "subscriptions");
    case error::too_many_transactions: return "this would make " + sizes(p, "open transactions");
    case error::transaction_too_long:
        if (p.subject.empty()) return "the open transactions of this session would together have " + sizes(p, p.reason);
        return "transaction " + quoted(p.subject) + " would have " + sizes(p, p.reason);
    case error::destination_too_long: return "the destination has " + sizes(p, "octets");
    default: return make_error_code(p.code).message();
    }
}

STOMPCHAT_DECL void append_error_frame(std::string& out, error_code code, std::string_view detail, std::string_view receipt_id, version v,
                                       bool negotiated) {
    // What a library below says about itself is not for strangers.
    std::string message = code.category() == error_category() ? code.message() : "internal error";
    if (!negotiated) {
        v = version::v1_0;
        message = detail::plain_ascii(message);
    }
    header headers[4];
    std::size_t count = 0;
    headers[count++] = {"message", message};
    if (!receipt_id.empty()) headers[count++] = {"receipt-id", receipt_id};
    // STOMP 1.1 and 1.2, "Protocol Negotiation": the ERROR lists the versions that the server speaks.
    if (code == make_error_code(error::no_common_version)) headers[count++] = {"version", supported_versions};
    headers[count++] = {"content-type", "text/plain"};
    encode(out, command::error, {headers, count}, detail.empty() ? std::string_view(message) : detail, v);
}

} // namespace stompchat::inline STOMPCHAT_ABI::stomp

#endif
