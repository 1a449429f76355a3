#include <stompchat/websocket/impl/decoder.ipp>
#include <stompchat/websocket/impl/frame.ipp>
#include <stompchat/websocket/impl/handshake.ipp>
