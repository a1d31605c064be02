"""Capture: recorded messages become a scenario, with roles in place of people."""
