// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_TLS_CONTEXT_IPP
#define STOMPCHAT_NET_IMPL_TLS_CONTEXT_IPP

#include <stompchat/net/tls_context.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net {
namespace detail {

struct openssl_deleter {
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    void operator()(BIO* p) const noexcept { BIO_free_all(p); }
    void operator()(X509* p) const noexcept { X509_free(p); }
    void operator()(SSL* p) const noexcept { SSL_free(p); }
};
template <class T>
using openssl_ptr = std::unique_ptr<T, openssl_deleter>;

// What OpenSSL last complained about, in its words.
inline std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
    return reason != nullptr ? reason : "unknown reason";
}

inline bool last_error_is(int library, int reason) noexcept {
    const unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason;
}

// Opens a file for OpenSSL, which reports a missing one only as "no such file" without saying which.
inline result<openssl_ptr<BIO>> open_pem(const char* what, const std::string& path) {
    const auto refused = [&](error_code ec) {
        return failure(ec, std::string("cannot read the ") + what + " '" + path + "': " + ec.message());
    };
    std::FILE* const file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return refused({errno, boost::system::generic_category()});
    // A directory can be opened; reading from it tells.
    const int first = std::fgetc(file);
    if (first == EOF && std::ferror(file) != 0) {
        const error_code ec(errno, boost::system::generic_category());
        std::fclose(file);
        return refused(ec);
    }
    std::rewind(file);
    openssl_ptr<BIO> opened(BIO_new_fp(file, BIO_CLOSE));
    if (opened == nullptr) {
        std::fclose(file);
        throw std::bad_alloc();
    }
    return opened;
}

inline failure unusable(error code, const char* what, const std::string& path, const std::string& reason) {
    ERR_clear_error();
    return {code, std::string("cannot use the ") + what + " '" + path + "': " + reason};
}

// A library must not ask for a passphrase on the terminal, which is what OpenSSL does by default.
inline int no_passphrase(char*, int, int, void* asked) noexcept {
    *static_cast<bool*>(asked) = true;
    return -1;
}

inline std::shared_ptr<SSL_CTX> new_context(const SSL_METHOD* method) {
    ERR_clear_error();
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), [](SSL_CTX* p) { SSL_CTX_free(p); });
    if (context == nullptr) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // RELEASE_BUFFERS: a connection holds its two record buffers (34 KiB) only while something is in them.
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    // Take as much as is there instead of the record header first: half the calls of the system.
    SSL_CTX_set_read_ahead(context.get(), 1);
    // Resumption works by tickets, which the clients keep.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

// Gives a context the certificate and key by which it shows who it is.
inline failure use_identity(SSL_CTX* context, const std::string& certificate_chain_file, const std::string& private_key_file) {
    constexpr const char* chain_name = "TLS certificate file";
    constexpr const char* key_name = "TLS key file";
    const auto chain = open_pem(chain_name, certificate_chain_file);
    if (!chain) return chain.error();
    const auto bad_chain = [&](const std::string& reason) {
        return unusable(error::tls_bad_certificate, chain_name, certificate_chain_file, reason);
    };
    openssl_ptr<X509> leaf(PEM_read_bio_X509_AUX(chain->get(), nullptr, nullptr, nullptr));
    if (leaf == nullptr) {
        if (last_error_is(ERR_LIB_PEM, PEM_R_NO_START_LINE)) return bad_chain("there is no PEM certificate in it");
        return bad_chain(openssl_reason());
    }
    if (SSL_CTX_use_certificate(context, leaf.get()) != 1) return bad_chain(openssl_reason());
    for (;;) {
        openssl_ptr<X509> next(PEM_read_bio_X509(chain->get(), nullptr, nullptr, nullptr));
        if (next == nullptr) break;
        if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return bad_chain(openssl_reason());
        next.release();
    }
    if (!last_error_is(ERR_LIB_PEM, PEM_R_NO_START_LINE)) return bad_chain(openssl_reason());
    ERR_clear_error();

    const auto file = open_pem(key_name, private_key_file);
    if (!file) return file.error();
    const auto bad_key = [&](const std::string& reason) {
        return unusable(error::tls_bad_key, key_name, private_key_file, reason);
    };
    bool asked = false;
    const openssl_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(file->get(), nullptr, &no_passphrase, &asked));
    if (key == nullptr) {
        if (asked) return bad_key("it is encrypted with a passphrase");
        // OpenSSL 3 tries decoders until none is left, instead of saying that there was nothing to decode.
        if (last_error_is(ERR_LIB_PEM, PEM_R_NO_START_LINE) || last_error_is(ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED)) {
            return bad_key("there is no PEM private key in it");
        }
        return bad_key(openssl_reason());
    }
    if (X509_check_private_key(leaf.get(), key.get()) != 1) {
        return bad_key("it does not belong to the certificate in '" + certificate_chain_file + "'");
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return bad_key(openssl_reason());
    return {};
}

} // namespace detail

STOMPCHAT_DECL result<tls_context> tls_context::server(const std::string& certificate_chain_file, const std::string& private_key_file) {
    const std::shared_ptr<SSL_CTX> context = detail::new_context(TLS_server_method());
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    failure wrong = detail::use_identity(context.get(), certificate_chain_file, private_key_file);
    if (wrong.code) return wrong;
    return tls_context(context);
}

STOMPCHAT_DECL result<tls_context> tls_context::client(const tls_client_options& options) {
    const std::shared_ptr<SSL_CTX> context = detail::new_context(TLS_client_method());
    if (!options.certificate_chain_file.empty()) {
        failure wrong = detail::use_identity(context.get(), options.certificate_chain_file, options.private_key_file);
        if (wrong.code) return wrong;
    }
    if (!options.verify) return tls_context(context);

    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (options.ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context.get()) != 1) {
            return failure(error::tls_bad_certificate, "cannot use the certificate authorities of the system: " + detail::openssl_reason());
        }
        return tls_context(context);
    }
    constexpr const char* name = "file of certificate authorities";
    const auto file = detail::open_pem(name, options.ca_file);
    if (!file) return file.error();
    X509_STORE* const store = SSL_CTX_get_cert_store(context.get());
    std::size_t taken = 0;
    for (;; ++taken) {
        const detail::openssl_ptr<X509> authority(PEM_read_bio_X509_AUX(file->get(), nullptr, nullptr, nullptr));
        if (authority == nullptr) break;
        if (X509_STORE_add_cert(store, authority.get()) != 1) {
            return detail::unusable(error::tls_bad_certificate, name, options.ca_file, detail::openssl_reason());
        }
    }
    // Behind the last certificate OpenSSL looks for another one, and says that there is none.
    if (!detail::last_error_is(ERR_LIB_PEM, PEM_R_NO_START_LINE)) {
        return detail::unusable(error::tls_bad_certificate, name, options.ca_file, detail::openssl_reason());
    }
    if (taken == 0) return detail::unusable(error::tls_bad_certificate, name, options.ca_file, "there is no PEM certificate in it");
    ERR_clear_error();
    return tls_context(context);
}

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
