// Boost Software License 1.0, see LICENSE

#include <stompchat/impl/error.ipp>
