//! Law-enforcement requests: asks, states, roles and permits, rule packs, clocks.
