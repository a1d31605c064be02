"""The pages at /contract/: editions to read and compare, messages to try, schemas for machines.

Rendered here, styled by one file of our own; no script, and nothing from elsewhere, so they work without a network.
"""

from simulator.pages.routes import pages

__all__ = ["pages"]
