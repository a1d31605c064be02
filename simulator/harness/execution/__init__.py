"""Execution of one scenario in one mode: steps, manual steps, matching, postconditions, results."""
