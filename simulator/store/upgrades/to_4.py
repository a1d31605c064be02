"""Steps from version 3 of a store to version 4, in the order in which they are taken."""

from simulator.store.upgrades.step import Step

STEPS: tuple[Step, ...] = ()
