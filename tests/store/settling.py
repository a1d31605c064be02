"""Process that settles visits in several threads at once, and writes the id of each settlement once it is answered."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from simulator.core.settings import Settings
from simulator.insured.place import row_number
from simulator.server.app import create_app
from tests.support.stage import Stage, open_stage

THREADS, VISITS = 8, 3
DISTRICT = ("H11000000002", "北京模拟区医院", "110000")


def settle(stage: Stage, patient: dict[str, Any]) -> None:
    hospital = stage.another_hospital(DISTRICT)
    for _ in range(VISITS):
        visit = hospital.visit(patient)
        assert visit.charge(visit.session("800.00")).ok
        answered = row_number("", str(visit.settle("800.00").setlinfo["setl_id"]))
        os.write(1, f"answered {answered}\n".encode())


def main(folder: str) -> None:
    app = create_app(Settings(store=folder, outbox_every_s=0))
    stage = open_stage(app, "one")
    patients = [stage.patient() for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        for each in [pool.submit(settle, stage, patient) for patient in patients]:
            each.result()
    # Ended as by a kill: closing would write everything back.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
