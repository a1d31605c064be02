"""Mistakes that agencies make: small changes of rules, claim, books, time or form, each of which gives an award."""
