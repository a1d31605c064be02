"""Upgrade proof: two systems, or two editions of one, are asked the same, and every difference needs a reason."""
