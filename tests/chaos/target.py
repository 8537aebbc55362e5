"""The target of the chaos campaign: one folder that records every effect with its fence and refuses lower ones.

    python -I -S target.py build | backup | migrate | switch | health | probe

It is committed into the product under test and run by its deployments: RELEASE, DATA_DIR and FENCE are in the
environment. `ledger` gets a line per effect; `state` says what runs. A file `slow-<what>` holds seconds to take.
"""

import fcntl
import json
import os
import sys
import time

IS_BUILD = os.environ.get("ENVIRONMENT") == "build"
DATA = os.path.abspath("../../build-data") if IS_BUILD else os.environ["DATA_DIR"]  # a build knows no environment
RELEASE = os.environ.get("RELEASE", "")
COLOUR = os.environ.get("COLOUR", "")  # a variable of the environment: which configuration came along
REFUSED = 9


def main(what: str) -> int:
    if what == "probe":
        print(state().get("release", ""))
        return 0
    fence = int(os.environ.get("FENCE", "0"))
    os.makedirs(DATA, exist_ok=True)
    record("begin", what, fence)
    take_time(what)
    with open(os.path.join(DATA, "lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if what in ("migrate", "switch"):
            return {"migrate": migrate, "switch": switch}[what](fence)
    record("end", what, fence)
    return 0


def migrate(fence: int) -> int:
    """Idempotent by the release, as a migrations table makes it; the ledger shows each run all the same."""
    now = state()
    keep({**now, "migrated": sorted({*now.get("migrated", []), RELEASE})})
    record("end", "migrate", fence)
    return 0


def switch(fence: int) -> int:
    now = state()
    if fence < now.get("fence", 0):
        record("refused", "switch", fence)
        return REFUSED
    keep({**now, "fence": fence, "release": RELEASE})
    record("end", "switch", fence)
    return 0


def take_time(what: str) -> None:
    try:
        with open(os.path.join(DATA, f"slow-{what}")) as file:
            seconds = float(file.read())
    except OSError:
        return
    time.sleep(seconds)


def state() -> dict[str, object]:
    try:
        with open(os.path.join(DATA, "state")) as file:
            return dict(json.load(file))
    except FileNotFoundError:
        return {}


def keep(content: dict[str, object]) -> None:
    draft = os.path.join(DATA, f".state.{os.getpid()}")
    with open(draft, "w") as file:
        json.dump(content, file)
    os.replace(draft, os.path.join(DATA, "state"))


def record(phase: str, what: str, fence: int) -> None:
    line = json.dumps([time.monotonic(), os.getpid(), phase, what, RELEASE, fence, COLOUR]) + "\n"
    handle = os.open(os.path.join(DATA, "ledger"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, line.encode())
    os.close(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
