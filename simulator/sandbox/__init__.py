"""Sandboxes: a platform for each tester, with its own state, clock, edition, rules, agencies and faults."""
