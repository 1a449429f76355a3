#include <stompchat/ports/impl/position.ipp>
