// Boost Software License 1.0, see LICENSE

#include <stompchat/ports/observer.hpp>

#include <doctest/doctest.h>

#include <vector>

namespace {

/// Looks at one thing only.
class state_observer final : public stompchat::observer {
public:
    void on_broker_state(stompchat::broker_state state) override { states.push_back(state); }
    std::vector<stompchat::broker_state> states;
};

} // namespace

TEST_CASE("an observer need not look at everything") {
    state_observer subject;
    stompchat::observer& seen = subject;
    seen.on_log(stompchat::severity::error, "text");
    seen.on_session_connected({});
    seen.on_session_gone({}, stompchat::error::no_progress);
    seen.on_broker_state(stompchat::broker_state::ready);
    CHECK(subject.states == std::vector{stompchat::broker_state::ready});
}
