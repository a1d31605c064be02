"""Self-check of a rehearsal: reference systems with one known defect each, and whether the rehearsal names it."""
