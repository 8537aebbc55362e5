"""A fault at every step of every driver: tests/deployments/test_every_fault.py as a whole (beside.py).

Its guards, and what happens without each of them, are named there; this one only reads what came out.
"""

from tests.chaos.beside import Beside
from tests.chaos.results import Results

MATRIX = "tests/deployments/test_every_fault.py"
AT_ONCE = ("-n", "4", "--dist", "load")  # most of them wait for a time limit most of the time


def test_every_fault_at_every_step_ends_with_one_release(matrix: Beside, results: Results) -> None:
    controls = [case for case in matrix.cases() if "without_its_guard" in case.get("name", "")]
    bad, seconds = matrix.bad(), matrix.seconds()
    results.add(
        "a fault at every step of every driver",
        asked="the new release healthy or the old one, never a mixture, rollbacks too; each guard missed if taken out",
        measured=f"{len(matrix.cases()) - len(controls)} faults, {len(controls)} guards taken out, {len(bad)} bad; "
        f"{seconds:.0f} s beside the rest",
        ok=not bad and len(controls) == 7,
        command=f"LIFECYCLE_EVERY_FAULT=1 make test ARGS={MATRIX}",
    )
    assert bad == [], matrix.tail()
