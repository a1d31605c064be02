"""The reference hospital: a treatment place in a process of its own that knows nothing of scenarios.

It looks at the board of guided steps for what its patients come for, speaks the interface with messages of its own,
keeps a durable book of what it sent, asks a question again whose answer is lost, and reverses a settlement's.
"""
