// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_NET_IMPL_SOCKET_BIO_IPP
#define STOMPCHAT_NET_IMPL_SOCKET_BIO_IPP

#include <stompchat/config.hpp>
#include <stompchat/net/detail/socket_stream.hpp>

#include <boost/asio/error.hpp>
#include <openssl/bio.h>

#include <cerrno>
#include <new>

namespace stompchat::inline STOMPCHAT_ABI::net::detail {

/* OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the peer has gone; a library may not change how its process
 * treats signals. */

inline socket_stream& stream_of(BIO* bio) noexcept { return *static_cast<socket_stream*>(BIO_get_data(bio)); }

inline int bio_result(BIO* bio, std::size_t octets, const error_code& ec, int retry_flag) noexcept {
    BIO_clear_retry_flags(bio);
    if (!ec) return static_cast<int>(octets);
    if (ec == asio::error::would_block) {
        BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    } else if (ec == asio::error::eof) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        return 0;
    } else {
        errno = ec.value();
    }
    return -1;
}

inline int bio_read(BIO* bio, char* into, int size) noexcept {
    error_code ec;
    const std::size_t taken = stream_of(bio).receive({into, static_cast<std::size_t>(size)}, ec);
    return bio_result(bio, taken, ec, BIO_FLAGS_READ);
}

inline int bio_write(BIO* bio, const char* from, int size) noexcept {
    error_code ec;
    const asio::const_buffer buffer(from, static_cast<std::size_t>(size));
    const std::size_t taken = stream_of(bio).send({&buffer, 1}, ec);
    return bio_result(bio, taken, ec, BIO_FLAGS_WRITE);
}

inline long bio_control(BIO* bio, int command, long, void*) noexcept {
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default: return 0;
    }
}

inline BIO_METHOD* new_socket_bio_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stompchat socket");
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_read(method, &bio_read);
    BIO_meth_set_write(method, &bio_write);
    BIO_meth_set_ctrl(method, &bio_control);
    return method;
}

// Reads and writes the socket of a stream that owns what this goes into.
inline BIO* new_socket_bio(socket_stream& stream) {
    // Never freed: connections may outlive static objects.
    static BIO_METHOD* const method = new_socket_bio_method();
    BIO* const bio = BIO_new(method);
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, &stream);
    BIO_set_init(bio, 1);
    return bio;
}

} // namespace stompchat::inline STOMPCHAT_ABI::net::detail

#endif
