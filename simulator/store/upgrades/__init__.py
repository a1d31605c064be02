"""Upgrades of stores made by an earlier version of the program."""
