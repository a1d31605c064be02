"""The rehearsal: scenarios read, played against a platform over HTTP, judged and reported.

A client: it imports nothing of the server but the leaves (texts, errors, strict_yaml, shape, masking, money) and writes
its own envelopes, or it could not find the server's faults.
"""
