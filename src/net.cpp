#include <stompchat/net/impl/listen_socket.ipp>
#include <stompchat/net/impl/platform.ipp>
#include <stompchat/net/impl/resolve.ipp>
#include <stompchat/net/impl/tcp_stream.ipp>
#include <stompchat/net/impl/timing_wheel.ipp>
#include <stompchat/net/impl/tls_context.ipp>
#include <stompchat/net/impl/tls_stream.ipp>
#include <stompchat/net/impl/websocket_accept.ipp>
