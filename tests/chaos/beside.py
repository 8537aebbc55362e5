"""What counts effects, and no seconds, runs beside the rest of the campaign: pytest in a process of its own, on servers
of its own, so that the whole ends in time.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from lifecycle.embedded.paths import ROOT
from tests.chaos.sizes import SEED

SERVERS = ("DATABASE_URL", "REDIS_URL", "LIFECYCLE_TEST_BASE", "LIFECYCLE_VAR", "PYTEST_CURRENT_TEST")


class Beside:
    """One such run of `targets` with pytest's `options`; what its tests measured comes to `results`."""

    def __init__(self, folder: Path, targets: list[str], *options: str, **variables: str) -> None:
        self.report, self.said, self.results = folder / "report.xml", folder / "said.log", folder / "results.json"
        environment = {name: value for name, value in os.environ.items() if name not in SERVERS} | variables
        environment |= {"LIFECYCLE_CHAOS_SEED": str(SEED), "LIFECYCLE_CHAOS_RESULTS": str(self.results)}
        command = [sys.executable, "-m", "pytest", *targets, "-q", "--tb=short", f"--junit-xml={self.report}", *options]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT)

    def cases(self) -> list[ElementTree.Element]:
        """Wait for the end; what each test came to. AssertionError with its last words if it broke off."""
        self.process.wait()
        assert self.report.exists(), self.tail()
        return list(ElementTree.parse(self.report).iter("testcase"))

    def bad(self) -> list[str]:
        """Wait for the end; the tests that failed, or could not run."""
        return [case.get("name", "") for case in self.cases() if len(case)]

    def tail(self) -> str:
        return self.said.read_text(errors="replace")[-5000:]

    def stop(self) -> None:
        """It ends its own servers and processes when it is asked to."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
