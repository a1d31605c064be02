"""Fault injection on the hospital leg and on the agency leg."""
