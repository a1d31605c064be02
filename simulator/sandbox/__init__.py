"""One tester's own platform: state, clock, edition, rules, agencies and faults."""
