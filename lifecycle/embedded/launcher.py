"""`make run`: starts the stack, says where it is, tends it, and stops it in order."""

import signal
from pathlib import Path
from types import FrameType

from lifecycle.embedded import runfile
from lifecycle.embedded.paths import private_folder, var_folder
from lifecycle.embedded.postgres import Unusable
from lifecycle.embedded.stack import Stack
from lifecycle.embedded.supervisor import Ended
from lifecycle.embedded.terminal import say

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to stop."""


def run(_arguments: list[str]) -> int:
    """Run the stack until a signal; the exit code is 0 after an asked-for stop."""
    var = private_folder(var_folder())
    try:
        lock = runfile.lock(var)
    except runfile.Taken as running:
        say(f"Lifecycle is already running on {var}: {running or 'it is still starting'}")
        return 1
    with lock:
        return _run_locked(var)


def _run_locked(var: Path) -> int:
    stack = None
    try:
        _stop_on_signals()
        runfile.end_leftovers(var)
        stack = Stack(var)
        stack.start()
        _announce(stack)
        stack.tell_story()
        stack.tend_forever()
    except Stopped as stopped:
        say(f"{stopped}: stopping")
    except (Ended, Unusable, OSError) as problem:
        say(f"giving up: {problem}")
        return 1
    finally:
        _ignore_signals()
        if stack:
            stack.supervisor.stop_all()
        runfile.remove(var)
    return 0


def _announce(stack: Stack) -> None:
    say("ready")
    print(f"\n  Lifecycle is at   {stack.url}/")
    if stack.demo:
        print(f"  sign in as anybody of the cast with one click:   {stack.url}/demo/")
    else:
        print('  make a product of your own:   make manage ARGS="setup_product --help"')
    print(f"  data and logs are in {stack.var}; Ctrl-C stops everything\n", flush=True)


def _stop_on_signals() -> None:
    """Raise Stopped at the first signal and ignore the rest, so that stopping itself is never interrupted.

    SIGINT is set explicitly: a shell without job control starts background commands with it ignored.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise Stopped(signal.Signals(number).name)

    for each in STOP_SIGNALS:
        signal.signal(each, stop)


def _ignore_signals() -> None:
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
