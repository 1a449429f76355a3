// Boost Software License 1.0, see LICENSE

#include <stompchat/ports/impl/position.ipp>
