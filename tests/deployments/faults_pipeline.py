"""The same faults where a pipeline elsewhere deploys: a server that really checks out, runs and can be cancelled."""

import io
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.cast import Cast
from tests.deployments.faults import FaultyShop, Says
from tests.deployments.pipeline_server import PipelineServer

HANG_SECONDS = 4.0


def lose_the_answer(asked: Any) -> None:
    """It is done, and whoever asked never learns of it."""
    asked.server_of.add(asked.body["key"], asked.body)
    asked.close_connection = True


def hang_up(asked: Any) -> None:
    asked.close_connection = True


def hang(asked: Any) -> None:
    time.sleep(HANG_SECONDS)
    hang_up(asked)


ANSWERS: dict[str, Any] = {"500": 500, "kill": hang_up, "timeout": hang, "lost": lose_the_answer}


class CiServer(PipelineServer):
    """Each run checks its commit out and runs `step.py deploy` there; /health and /release answer for the product.

    A fault of an address is a file of its name among the data, as those of the commands are.
    """

    def __init__(self, data: Path, workspace: Path) -> None:
        super().__init__()
        self.data, self.workspace, self.state_of_new = data, workspace, "running"
        self.mirror = Path()
        self.jobs: dict[int, subprocess.Popen[bytes]] = {}
        self.threads: list[threading.Thread] = []
        self.probes: Counter[str] = Counter()

    def add(self, key: str, facts: dict[str, Any]) -> dict[str, Any]:
        run = super().add(key, facts)
        self.threads.append(thread := threading.Thread(target=self._carry_out, args=(run,)))
        thread.start()
        return run

    def _carry_out(self, run: dict[str, Any]) -> None:
        facts = {name.upper(): value for name, value in run["facts"].items()}
        own = {"DATA_DIR": str(self.data), "SHOP": facts["RELEASE"].partition("+")[0]}
        folder = self.workspace / str(run["id"])
        made = subprocess.run(["git", "archive", facts["COMMIT"]], cwd=self.mirror, capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as files:
            files.extractall(folder, filter="data")
        command = [sys.executable, "step.py", "deploy"]
        self.jobs[run["id"]] = job = subprocess.Popen(
            command, cwd=folder, env=os.environ | facts | own, start_new_session=True
        )
        code = job.wait()
        if run["state"] == "running":
            run["state"] = "failed" if code else "success"

    def cancel(self, run: dict[str, Any]) -> None:
        super().cancel(run)
        if job := self.jobs.get(run["id"]):
            job.kill()

    def site(self, name: str) -> str:
        """A file of what is switched to; "" before anything is."""
        file = self.data / "site" / "current" / name
        return file.read_text() if file.exists() else ""

    def next_fault(self, asked: Any) -> Any:
        self.release = self.site("says").partition(" ")[0]
        where, about = self._what(asked)
        file = self.data / f"fault-{where}"
        label, _, kind = file.read_text().partition(" ") if file.exists() else ("", "", "")
        return ANSWERS[kind] if label and about.startswith(f"{label}+") else None

    def _what(self, asked: Any) -> tuple[str, str]:
        """Which of the pipeline's and the product's answers is asked for, and the release that it is about."""
        if asked.path == "/runs":
            return "start", asked.body["release"]
        if asked.path.startswith("/runs/"):
            return "look", self.runs[-1]["facts"]["release"]
        if asked.path == "/release":  # asked for the first time it is a question after the health
            self.probes[self.release] += 1
            return ("verify" if self.probes[self.release] > 1 else "health"), self.release
        return asked.path.strip("/"), self.release

    def __exit__(self, *error: object) -> None:
        for run in self.runs:
            self.cancel(run)
        for thread in self.threads:
            thread.join(10)
        super().__exit__(*error)


class PipelineShop(FaultyShop):
    """A shop whose releases are brought by the pipeline; no variable of it gets there."""

    def __init__(self, cast: Cast, var: Path, driver: str) -> None:
        self.ci = CiServer(var / "apps" / "production" / "data", var / "ci").__enter__()
        super().__init__(cast, var, driver)
        self.ci.mirror = Path(self.repository.mirror)

    def _settings(self) -> dict[str, dict[str, object]]:
        url = self.ci.url
        runs = {"find": f"{url}/runs?key={{key}}", "start": f"{url}/runs", "look": f"{url}/runs/{{run}}"}
        asked = {"cancel": f"{url}/runs/{{run}}/cancel", "health": f"{url}/health", "probe": f"{url}/release"}
        patience = {"poll_seconds": 0.2, "timeout_seconds": HANG_SECONDS}
        super()._settings()
        return {"pipeline": {"kind": "http", **runs, **asked, **patience}}

    def says(self) -> Says | None:
        release, _, config = self.ci.site("says").partition(" ")
        return Says(release, self.ci.site("code"), config) if release else None

    def end(self) -> None:
        self.ci.__exit__(None, None, None)
        super().end()
