// Boost Software License 1.0, see LICENSE

#include <stompchat/client/impl/backoff.ipp>
#include <stompchat/client/impl/driver.ipp>
#include <stompchat/client/impl/link.ipp>
#include <stompchat/client/impl/outbox.ipp>
#include <stompchat/client/impl/persistent_session.ipp>
#include <stompchat/client/impl/session.ipp>
#include <stompchat/client/impl/subscriber.ipp>
#include <stompchat/client/impl/upgrade.ipp>
#include <stompchat/client/impl/url.ipp>
