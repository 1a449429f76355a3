// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_TLS_CONTEXT_HPP
#define STOMPCHAT_NET_TLS_CONTEXT_HPP

#include <stompchat/config.hpp>
#include <stompchat/net/failure.hpp>

#include <memory>
#include <string>

struct ssl_ctx_st; // OpenSSL's SSL_CTX; its headers stay out of ours

namespace stompchat::inline STOMPCHAT_ABI::net {

/// Whom a connecting side trusts.
struct tls_client_options {
    /// Verify the server's certificate and its name. Without, anybody can be the server: for tests only.
    bool verify = true;
    /// A PEM file with the authorities to trust; empty for those of the system.
    std::string ca_file;
    /// A PEM file with this side's certificate, then the intermediate ones, for servers that ask for one; empty = none.
    std::string certificate_chain_file = {};
    /// A PEM file with its private key, which is not encrypted.
    std::string private_key_file = {};
};

/** Certificates and rules that many TLS connections share: TLS 1.2 or later, no renegotiation, no session kept in memory.
    A copy refers to the same context. Thread safety: safe to use from several threads. */
class tls_context {
public:
    /** For the accepting side. Both files are PEM; the first has the certificate, then the intermediate ones; the key is not encrypted.
        Errors: error::tls_bad_certificate, error::tls_bad_key, or the system's reason why a file cannot be read. The text names the file
       and the reason. */
    STOMPCHAT_DECL static result<tls_context> server(const std::string& certificate_chain_file, const std::string& private_key_file);

    /// For the connecting side. Errors: as for server().
    STOMPCHAT_DECL static result<tls_context> client(const tls_client_options& options);

    /// OpenSSL's object; lives as long as a copy of this one.
    ssl_ctx_st* native_handle() const noexcept { return context_.get(); }

private:
    explicit tls_context(std::shared_ptr<ssl_ctx_st> context) noexcept : context_(std::move(context)) {}

    std::shared_ptr<ssl_ctx_st> context_;
};

} // namespace stompchat::inline STOMPCHAT_ABI::net

#if defined(STOMPCHAT_HEADER_ONLY)
#include <stompchat/net/impl/tls_context.ipp>
#endif

#endif
