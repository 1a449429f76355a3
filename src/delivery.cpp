// Boost Software License 1.0, see LICENSE

#include <stompchat/delivery/impl/destination_rules.ipp>
#include <stompchat/delivery/impl/keyed_send.ipp>
#include <stompchat/delivery/impl/presence.ipp>
