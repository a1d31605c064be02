"""How many messages of a rehearsal are changed for a test, and by which seed; printed at the head of every run."""

import os

MUTATIONS = int(os.environ.get("NHSA_SIM_TEST_MUTATIONS", "20000"))
SEED = int(os.environ.get("NHSA_SIM_TEST_SEED", "230900"))
CHANGES = f"rehearsed messages: NHSA_SIM_TEST_MUTATIONS={MUTATIONS} NHSA_SIM_TEST_SEED={SEED}"
