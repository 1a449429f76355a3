// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_CONFIG_HPP
#define STOMPCHAT_CONFIG_HPP

/** Names the versioned inline namespace that holds every public symbol.
    Two libraries that were built against different minor versions can then live in one process. */
#define STOMPCHAT_ABI v0_1

// The CMake target sets STOMPCHAT_HEADER_ONLY, never the user: mixing both modes in one program breaks the one-definition rule.
#if defined(STOMPCHAT_HEADER_ONLY)
#define STOMPCHAT_DECL inline
#else
#define STOMPCHAT_DECL
#endif

#endif
