"""The product as `make run` starts it, on a folder of its own, with the demo's story told to its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

from lifecycle.embedded import runfile
from tests.browser.person import Person

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 600
THE_END = "26.12 is planned"
Seat = Callable[..., Person]
OURS = {"PORT", "DATABASE_URL", "REDIS_URL", "LIFECYCLE_SHOP_PORTS", "LIFECYCLE_URL", "LIFECYCLE_STATIC"}


class DemoStack:
    """A launcher with everything it starts; `start` returns when the story is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = folder / "said.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """AssertionError with the launcher's last words when it ends early or takes longer than PATIENCE_SECONDS."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        ours = {
            "LIFECYCLE_DEMO": "1",
            "LIFECYCLE_VAR": str(self.folder / "var"),
            "PYTHONUNBUFFERED": "1",
        }
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lifecycle.embedded", "run"],
                cwd=ROOT,
                env=kept | ours,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while THE_END not in self.said.read_text():
            assert self.process and self.process.poll() is None, f"the launcher ended:\n{self.said.read_text()}"
            assert time.monotonic() < end, f"the story was not told in time:\n{self.said.read_text()[-3000:]}"
            time.sleep(0.5)

    @property
    def facts(self) -> dict[str, Any]:
        """What run.json says."""
        return runfile.read(self.folder / "var")

    @property
    def url(self) -> str:
        return str(self.facts["url"])

    def ask(self, sql: str) -> Any:
        """The first value of a query on the demo's database."""
        connection = psycopg2.connect(self.facts["database_url"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                row = cursor.fetchone() if cursor.description else None
        finally:
            connection.close()
        return row[0] if row else None

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)

    def end_the_watch(self) -> None:
        """Let the watch of 26.10 close now instead of in minutes."""
        self.ask("UPDATE deployments_watch SET closes_at = now() WHERE status = 'open'")
        end = time.monotonic() + 60
        while self.ask("SELECT count(*) FROM deployments_watch WHERE status = 'open'"):
            assert time.monotonic() < end, "the watch did not close"
            time.sleep(0.5)
