"""The table of a campaign: what was asked, what was measured, how; printed at the end and kept in var/chaos.json."""

import json
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.chaos.sizes import IS_SMOKE, SEED


@dataclass(frozen=True)
class Row:
    """One line: `ok` says whether what was measured is what was asked."""

    name: str
    asked: str
    measured: str
    ok: bool
    command: str
    seconds: float


class Results:
    """Filled by the tests of one run."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.began = time.monotonic()
        self._last = self.began

    def add(self, name: str, *, asked: str, measured: str, ok: bool, command: str = "") -> None:
        """Note one line, before the test asserts it, so that the table also shows what failed."""
        now = time.monotonic()
        self.rows.append(Row(name, asked, measured, ok, command or _this_test(), round(now - self._last, 1)))
        self._last = now

    def table(self) -> str:
        """For the terminal, a paragraph per row."""
        lines = [f"\n{'chaos':<6} {len(self.rows)} results in {time.monotonic() - self.began:.0f} s"]
        for row in self.rows:
            lines += [
                f"{'ok' if row.ok else 'MISSED':<6} {row.name} ({row.seconds:.0f} s)",
                f"       asked     {row.asked}",
                f"       measured  {row.measured}",
                f"       command   {row.command}",
            ]
        return "\n".join(lines)

    def keep(self, path: Path) -> None:
        """Write the rows as JSON, beside those of other runs with other names."""
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = json.loads(path.read_text()) if path.exists() else []
        mine = {row.name for row in self.rows}
        rows = [row for row in kept if row["name"] not in mine] + [asdict(row) for row in self.rows]
        path.write_text(json.dumps(rows, indent=1))


def spread(seconds: Sequence[float]) -> str:
    """ "p50 3.1 s, max 4.2 s, n 100"."""
    if not seconds:
        return "n 0"
    return f"p50 {statistics.median(seconds):.1f} s, max {max(seconds):.1f} s, n {len(seconds)}"


def _this_test() -> str:
    name = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    verb = "chaos-smoke" if IS_SMOKE else "chaos"
    return f'LIFECYCLE_CHAOS_SEED={SEED} make {verb} ARGS="{name}"'
