"""A fault at every step of every driver: tests/deployments/test_every_fault.py as a whole, on servers of its own.

Its guards, and what happens without each of them, are named there. It runs beside the tests that wait most of the time
(conftest.py), so that the campaign ends in time; this one only reads what came out.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from lifecycle.embedded.paths import ROOT
from tests.chaos.results import Results

MATRIX = "tests/deployments/test_every_fault.py"
AT_ONCE = ("-n", "3", "--dist", "load")  # most of them wait for a time limit most of the time
SERVERS = ("DATABASE_URL", "REDIS_URL", "LIFECYCLE_TEST_BASE", "LIFECYCLE_VAR", "PYTEST_CURRENT_TEST")


class Matrix:
    """In a process of its own: this one's Django works on the database of the stack."""

    def __init__(self, folder: Path) -> None:
        self.report, self.said = folder / "report.xml", folder / "said.log"
        environment = {name: value for name, value in os.environ.items() if name not in SERVERS}
        command = [sys.executable, "-m", "pytest", MATRIX, "-q", "--tb=short", f"--junit-xml={self.report}", *AT_ONCE]
        environment |= {"LIFECYCLE_EVERY_FAULT": "1"}
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT)

    def cases(self) -> list[ElementTree.Element]:
        """Wait for the end; what each test came to."""
        self.process.wait()
        assert self.report.exists(), self.tail()
        return list(ElementTree.parse(self.report).iter("testcase"))

    def tail(self) -> str:
        return self.said.read_text(errors="replace")[-5000:]

    def stop(self) -> None:
        """It ends its own servers and processes when it is asked to."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


def test_every_fault_at_every_step_ends_with_one_release(matrix: Matrix, results: Results) -> None:
    cases = matrix.cases()
    controls = [case for case in cases if "without_its_guard" in case.get("name", "")]
    bad = [case.get("name") for case in cases if len(case)]
    results.add(
        "a fault at every step of every driver",
        asked="the new release healthy or the old one, never a mixture, rollbacks too; each guard missed if taken out",
        measured=f"{len(cases) - len(controls)} faults, {len(controls)} guards taken out, {len(bad)} bad",
        ok=not bad and len(controls) == 7,
        command=f"LIFECYCLE_EVERY_FAULT=1 make test ARGS={MATRIX}",
    )
    assert bad == [], matrix.tail()
