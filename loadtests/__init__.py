"""Load: the outpatient journey under many users, and what a message costs.

A client of the platform like any hospital: it speaks the two seams over HTTP, writes its own envelopes and imports
nothing of the server. Only `trivial` starts a web server, the one that a message's cost is compared with.
"""
