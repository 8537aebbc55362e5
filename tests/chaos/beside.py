"""What counts effects, and no seconds, runs in the time that the rest of the campaign leaves.

It is pytest in a process of its own, on servers of its own, with the lowest priority.
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
    """One such run of `targets` with pytest's `options`."""

    def __init__(self, folder: Path, targets: list[str], *options: str, **variables: str) -> None:
        self.report, self.said = folder / "report.xml", folder / "said.log"
        environment = {name: value for name, value in os.environ.items() if name not in SERVERS} | variables
        environment |= {"LIFECYCLE_CHAOS_SEED": str(SEED)}
        pytest = [sys.executable, "-m", "pytest", *targets, "-q", "--tb=short", f"--junit-xml={self.report}", *options]
        command = ["nice", "-n", "19", *pytest]
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

    def seconds(self) -> float:
        """Wait for the end; how long it took."""
        self.cases()
        return float(ElementTree.parse(self.report).getroot()[0].get("time", 0))

    def tail(self) -> str:
        return self.said.read_text(errors="replace")[-5000:]

    def stop(self) -> None:
        """It ends its own servers and processes when it is asked to."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
