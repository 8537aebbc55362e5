"""Background work whose effect can be counted: each run appends one line to a ledger."""

import os
from pathlib import Path

from django.conf import settings

from lifecycle import jobs
from lifecycle.jobs import Lease
from tests.chaos.traps import Traps

KIND, GIT_KIND = "chaos-effect", "chaos-git"


def ledger() -> Path:
    return Path(settings.VAR) / "effects"


def runs() -> list[str]:
    """The keys in the order in which their work was done."""
    return ledger().read_text().splitlines() if ledger().exists() else []


def register(traps: Traps | None = None) -> None:
    """Make this process know the kinds: a worker with its traps, or a test that only enqueues."""

    @jobs.handler(GIT_KIND, queue="git")
    @jobs.handler(KIND, queue="default")
    def effect(lease: Lease) -> None:
        if traps:
            traps.spring(lease.row.key, "work")
        handle = os.open(ledger(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{lease.row.key}\n".encode())
        os.close(handle)
