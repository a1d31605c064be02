"""For other people's repositories: the platform as a pytest fixture, and the contract in one line.

Loaded by pytest through `simulator.testing.plugin`; imports nothing and starts nothing before a fixture is used.
"""
