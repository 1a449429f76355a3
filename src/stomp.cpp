// Boost Software License 1.0, see LICENSE

#include <stompchat/stomp/impl/ack_window.ipp>
#include <stompchat/stomp/impl/decoder.ipp>
#include <stompchat/stomp/impl/encoder.ipp>
#include <stompchat/stomp/impl/escape.ipp>
#include <stompchat/stomp/impl/frame.ipp>
#include <stompchat/stomp/impl/heart_beat.ipp>
#include <stompchat/stomp/impl/problem.ipp>
#include <stompchat/stomp/impl/server_session.ipp>
#include <stompchat/stomp/impl/subscription.ipp>
