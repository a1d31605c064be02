"""An agency written from the protocol page and the city file alone: an independent check of both.

It shares no module with `simulator/`, uses the standard library (and PyYAML to read the city file), keeps its books in
memory, and takes `--defect NAME` to be wrong in one way. `python -m tests.second_agency.measure` prints which of its
defects a rehearsal catches and names.
"""
