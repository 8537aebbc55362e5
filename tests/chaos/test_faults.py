"""A fault at every step of every driver: tests/deployments/test_every_fault.py as a whole, on servers of its own.

Its guards, and what happens without each of them, are named there.
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


def run_matrix(report: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own: this one's Django works on the database of the stack."""
    environment = {name: value for name, value in os.environ.items() if name not in SERVERS}
    command = [sys.executable, "-m", "pytest", MATRIX, "-q", "--tb=short", f"--junit-xml={report}", *AT_ONCE]
    environment |= {"LIFECYCLE_EVERY_FAULT": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_fault_at_every_step_ends_with_one_release(tmp_path: Path, results: Results) -> None:
    done = run_matrix(tmp_path / "report.xml")
    assert (tmp_path / "report.xml").exists(), done.stdout[-3000:] + done.stderr[-3000:]
    cases = list(ElementTree.parse(tmp_path / "report.xml").iter("testcase"))
    controls = [case for case in cases if "without_its_guard" in case.get("name", "")]
    bad = [case.get("name") for case in cases if len(case)]
    results.add(
        "a fault at every step of every driver",
        asked="the new release healthy or the old one, never a mixture, rollbacks too; each guard missed if taken out",
        measured=f"{len(cases) - len(controls)} faults, {len(controls)} guards taken out, {len(bad)} bad",
        ok=not bad and len(controls) == 7,
        command=f"LIFECYCLE_EVERY_FAULT=1 make test ARGS={MATRIX}",
    )
    assert bad == [], done.stdout[-5000:]
