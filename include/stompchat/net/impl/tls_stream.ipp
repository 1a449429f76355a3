// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_TLS_STREAM_IPP
#define STOMPCHAT_NET_IMPL_TLS_STREAM_IPP

#include <stompchat/net/detail/socket_stream.hpp>
#include <stompchat/net/impl/socket_bio.ipp>
#include <stompchat/net/impl/tls_context.ipp>
#include <stompchat/net/platform.hpp>
#include <stompchat/net/tls_stream.hpp>

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace stompchat::inline STOMPCHAT_ABI::net {
namespace detail {

/** TLS over a non-blocking socket.

    The rules:
    - read_retry_ and write_retry_ say what the next attempt waits for: the socket in one of its directions, or nothing.
    - Reading and writing share one TLS state. While the handshake runs, either may take octets from the socket that the other waits for, or
   finish the handshake for both. So the one that made progress wakes the other, or lets its next wait end at once: a wake-up too many is
   harmless, one too few is a connection that hangs.
    - Octets inside OpenSSL do not make the socket readable: while there may be any, waiting for a read ends at once.
    - After the first fatal error OpenSSL is not asked again, and no close_notify is sent (SSL_shutdown(3)). */
class tls_stream final : public socket_stream {
public:
    tls_stream(connected_socket&& socket, openssl_ptr<SSL> ssl, bool server)
        // A server has nothing to do before the client's first octets.
        : socket_stream(std::move(socket)), ssl_(std::move(ssl)), read_retry_(server ? retry::socket_readable : retry::at_once) {
        BIO* const bio = new_socket_bio(*this);
        SSL_set_bio(ssl_.get(), bio, bio);
    }

    std::size_t read_some(std::span<char> into, error_code& ec) noexcept override {
        ec = broken_;
        if (into.empty() || ec) return 0;
        std::size_t total = 0;
        do {
            std::size_t taken = 0;
            const std::uint64_t before = prepare_call();
            const int done = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &taken);
            const error_code failed = done == 1 ? error_code() : reason(done, read_retry_);
            after_call(writing, write_retry_, before);
            if (failed) {
                if (total == 0) ec = failed;
                return total;
            }
            total += taken;
            // Until the socket is known to be empty, or the wait for it would end at once and for nothing.
        } while (total < into.size() && (SSL_has_pending(ssl_.get()) != 0 || may_read()));
        read_retry_ = SSL_has_pending(ssl_.get()) != 0 ? retry::at_once : retry::socket_readable;
        return total;
    }

    std::size_t write_some(std::span<const asio::const_buffer> from, error_code& ec) noexcept override {
        ec = broken_;
        if (ec) return 0;
        std::size_t total = 0;
        std::size_t offset = 0; // into from.front()
        for (;;) {
            const std::span<const char> record = next_record(from, offset);
            if (record.empty()) break;
            std::size_t taken = 0;
            const std::uint64_t before = prepare_call();
            const int done = SSL_write_ex(ssl_.get(), record.data(), record.size(), &taken);
            const error_code failed = done == 1 ? error_code() : reason(done, write_retry_);
            after_call(reading, read_retry_, before);
            if (failed) {
                if (total == 0) ec = failed;
                return total;
            }
            total += taken;
            offset += taken;
        }
        write_retry_ = retry::socket_writable;
        return total;
    }

    void async_wait_readable() override { wait(reading, read_retry_); }

    void async_wait_writable() override { wait(writing, write_retry_); }

    void shutdown_send() noexcept override {
        if (!is_open()) return;
        // Half a record on the wire would be a broken record if the connection ended behind it.
        if (say_goodbye()) platform::shutdown_send(native_handle());
    }

    bool is_encrypted() const noexcept override { return true; }

private:
    enum class retry : std::uint8_t {
        at_once,
        socket_readable,
        socket_writable
    };

    void do_close() noexcept override {
        say_goodbye();
        ssl_.reset();
        broken_ = asio::error::bad_descriptor;
    }

    // Sends close_notify if that has a meaning and works at once. False when it would block.
    bool say_goodbye() noexcept {
        if (broken_ || SSL_is_init_finished(ssl_.get()) == 0 || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return true;
        prepare_call();
        const int done = SSL_shutdown(ssl_.get());
        if (done >= 0) return true;
        retry ignored;
        return reason(done, ignored) != asio::error::would_block;
    }

    void wait(direction what, retry after) {
        if (waits(what)) return;
        switch (after) {
        case retry::at_once: wake(what); break;
        case retry::socket_readable: wait_for_readable(what); break;
        case retry::socket_writable: wait_for_writable(what); break;
        }
    }

    // What SSL_get_error() looks at must stem from the call that comes now.
    std::uint64_t prepare_call() noexcept {
        ERR_clear_error();
        errno = 0;
        return moved();
    }

    // Octets that went through the socket so far, in both directions.
    std::uint64_t moved() const noexcept {
        BIO* const bio = SSL_get_rbio(ssl_.get());
        return BIO_number_read(bio) + BIO_number_written(bio);
    }

    // A call of OpenSSL for one direction may have done what the other one waits for; see the rules.
    void after_call(direction other, retry& others_retry, std::uint64_t moved_before) noexcept {
        // Without progress there is no news, and the two directions would wake each other for ever.
        if (moved() == moved_before) return;
        const retry crossed = other == reading ? retry::socket_writable : retry::socket_readable;
        if (handshake_done_ && others_retry != crossed) return;
        handshake_done_ = SSL_is_init_finished(ssl_.get()) != 0;
        others_retry = retry::at_once;
        if (!waits(other)) return;
        try {
            wake(other);
        } catch (...) {
            // Out of memory: the wait on the socket is still pending.
        }
    }

    // Why a call did not succeed, and when to try it again.
    error_code reason(int done, retry& again) noexcept {
        const int system_error = errno;
        switch (SSL_get_error(ssl_.get(), done)) {
        case SSL_ERROR_WANT_READ: again = retry::socket_readable; return asio::error::would_block;
        case SSL_ERROR_WANT_WRITE: again = retry::socket_writable; return asio::error::would_block;
        case SSL_ERROR_ZERO_RETURN: again = retry::at_once; return asio::error::eof;
        case SSL_ERROR_SYSCALL:
            broken_ =
                system_error != 0 ? error_code(system_error, boost::system::system_category()) : error_code(asio::error::connection_reset);
            break;
        default: {
            const unsigned long code = ERR_peek_error();
            if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
                broken_ = error::tls_untrusted_certificate;
                break;
            }
            broken_ =
                code != 0 ? error_code(static_cast<int>(code), asio::error::get_ssl_category()) : error_code(asio::error::connection_reset);
            break;
        }
        }
        again = retry::at_once;
        return broken_;
    }

    static constexpr std::size_t max_record = SSL3_RT_MAX_PLAIN_LENGTH;

    /* The next octets to encrypt. Always as many as there are, up to a full record: OpenSSL wants to see at least as many octets again as
       it was given when it said that it would block. Small buffers are copied together, or each would become a record. */
    static std::span<const char> next_record(std::span<const asio::const_buffer>& from, std::size_t& offset) noexcept {
        while (!from.empty() && offset >= from.front().size()) {
            offset -= from.front().size();
            from = from.subspan(1);
        }
        if (from.empty()) return {};
        const auto* const first = static_cast<const char*>(from.front().data()) + offset;
        std::size_t size = from.front().size() - offset;
        if (size >= max_record || from.size() == 1) return {first, std::min(size, max_record)};

        static thread_local char scratch[max_record];
        std::memcpy(scratch, first, size);
        for (const asio::const_buffer& more : from.subspan(1)) {
            const std::size_t part = std::min(more.size(), max_record - size);
            if (part != 0) std::memcpy(scratch + size, more.data(), part);
            size += part;
            if (size == max_record) break;
        }
        return {scratch, size};
    }

    openssl_ptr<SSL> ssl_;
    error_code broken_;
    bool handshake_done_ = false;
    retry read_retry_;
    retry write_retry_ = retry::at_once;
};

inline openssl_ptr<SSL> new_ssl(const tls_context& context) {
    ERR_clear_error();
    openssl_ptr<SSL> ssl(SSL_new(context.native_handle()));
    if (ssl == nullptr) throw std::bad_alloc();
    return ssl;
}

} // namespace detail

STOMPCHAT_DECL stream_ptr make_tls_server_stream(connected_socket socket, const tls_context& context, const socket_options& options) {
    platform::apply(socket.native_handle(), options);
    detail::openssl_ptr<SSL> ssl = detail::new_ssl(context);
    SSL_set_accept_state(ssl.get());
    return stream_ptr(new detail::tls_stream(std::move(socket), std::move(ssl), true));
}

STOMPCHAT_DECL stream_ptr make_tls_client_stream(connected_socket socket, const tls_context& context, const std::string& host,
                                                 const socket_options& options) {
    platform::apply(socket.native_handle(), options);
    detail::openssl_ptr<SSL> ssl = detail::new_ssl(context);
    SSL_set_connect_state(ssl.get());
    // RFC 6066, 3: the server name extension is for names, not for addresses.
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) != 1) {
        if (SSL_set_tlsext_host_name(ssl.get(), host.c_str()) != 1 || SSL_set1_host(ssl.get(), host.c_str()) != 1) throw std::bad_alloc();
    }
    return stream_ptr(new detail::tls_stream(std::move(socket), std::move(ssl), false));
}

} // namespace stompchat::inline STOMPCHAT_ABI::net

#endif
