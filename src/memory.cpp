// Boost Software License 1.0, see LICENSE

#include <stompchat/memory/impl/local_registry.ipp>
#include <stompchat/memory/impl/local_state_store.ipp>
#include <stompchat/memory/impl/memory_broker.ipp>
