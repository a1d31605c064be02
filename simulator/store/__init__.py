"""Stores of the state of sandboxes: SQLite by default, PostgreSQL by URL.

Tables and statements are SQLAlchemy Core; they run as their compiled text on the driver. A unit of work is short, and
is committed before any answer leaves.
"""
