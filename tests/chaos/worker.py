"""A Celery worker that comes by the traps of a test, and can do without chosen guards.

    python -m tests.chaos.worker worker --queues … (LIFECYCLE_TRAPS = folder, LIFECYCLE_WITHOUT = guards)

Points, with the deployment's log key (or the work's key) as subject: `taking` (found, not yet claimed), `claimed`,
`before:<step>` (FAIL makes it say no), `after:<step>` (done, not written down yet), `done:<step>`,
`write:<status>` and `step:<step>:<status>` (checked, not yet written), `column`; with `app:<name>` as subject:
`target`, before an order to the keeper's files.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import django

from tests.chaos.traps import FAIL, Traps

TRAPS = Traps(Path(os.environ["LIFECYCLE_TRAPS"]))


def main(arguments: list[str]) -> None:
    django.setup()
    from lifecycle.celery import app
    from tests.chaos import guards

    guards.take_out(os.environ.get("LIFECYCLE_WITHOUT", ""))
    watch_runs()
    watch_steps()
    watch_writes()
    watch_target()
    app.worker_main(arguments)


def comes_by(subject: str, point: str, act: Callable[[], Any]) -> Any:
    """Do `act` after the trap that may be there; who was woken notes whether `act` was still accepted."""
    sprung = TRAPS.spring(subject, point)
    try:
        result = act()
    except Exception as error:
        if sprung:
            TRAPS.note(subject, point, f"refused:{type(error).__name__}")
        raise
    if sprung:
        TRAPS.note(subject, point, "accepted")
    return result


def watch_runs() -> None:
    from deployments import rollout
    from lifecycle import jobs
    from lifecycle.models import Work
    from tests.chaos import work

    real_run, real_claim = rollout.run, jobs.claim

    def run(lease: Any) -> None:
        TRAPS.spring(lease.row.log_key, "claimed")
        real_run(lease)

    def claim(row: Any, to: str, **more: Any) -> Any:
        subject = row.key if isinstance(row, Work) else row.log_key
        return comes_by(subject, "taking", lambda: real_claim(row, to, **more))

    rollout.run, jobs.claim = run, claim
    work.register(TRAPS)


def watch_steps() -> None:
    from deployments.attempts import Attempt, StepFailed

    real = Attempt._try

    def attempt_step(attempt: Attempt, plan: Any, step: Any, **more: Any) -> bool:
        key = attempt.deployment.log_key

        def act(*args: Any) -> str:
            if TRAPS.spring(key, f"before:{plan.key}") == FAIL:
                raise StepFailed("It was told to say no.")
            detail: str = plan.act(*args)
            TRAPS.spring(key, f"after:{plan.key}")
            return detail

        done = real(attempt, replace(plan, act=act), step, **more)
        TRAPS.spring(key, f"done:{plan.key}")
        return done

    Attempt._try = attempt_step


def watch_writes() -> None:
    """Every write of a holder: the point lies between its look at the lease and the statement."""
    from deployments import attempts
    from lifecycle import leases

    move_row, move_step, mine, write = leases.move, attempts.move, leases.Lease._mine, leases.Lease.write

    def row(thing: Any, to: str, **more: Any) -> None:
        comes_by(thing.log_key, f"write:{to}", lambda: move_row(thing, to, **more))

    def step(thing: Any, to: str, **more: Any) -> None:
        key = thing.deployment.log_key
        comes_by(key, f"step:{thing.key}:{to}", lambda: move_step(thing, to, **more))

    def rows(lease: Any) -> Any:
        TRAPS.spring(lease.row.log_key, "column")
        return mine(lease)

    def column(lease: Any, **fields: Any) -> None:
        try:
            write(lease, **fields)
        except leases.LeaseLost:
            TRAPS.note(lease.row.log_key, "column", "refused:LeaseLost")
            raise

    leases.move, attempts.move, leases.Lease._mine, leases.Lease.write = row, step, rows, column


def watch_target() -> None:
    """Orders to the keeper's files, and a ledger of those that were carried out, as target.py keeps its own."""
    from deployments import keeper_state

    real = keeper_state.switch

    def switch(folder: Path, current: Any) -> None:
        comes_by(f"app:{folder.name}", "target", lambda: real(folder, current))
        record(folder / "data" / "ledger", "end", "switch", current.release, current.fence)

    keeper_state.switch = switch


def record(ledger: Path, *facts: object) -> None:
    ledger.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, (json.dumps([time.monotonic(), os.getpid(), *facts]) + "\n").encode())
    os.close(handle)


if __name__ == "__main__":
    main(sys.argv[1:])
