#include <stompchat/impl/error.ipp>
