"""Subcommands of `nhsa-sim`, a module each, exposing `command`. A command wires parts and prints results."""
