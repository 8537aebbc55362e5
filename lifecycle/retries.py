"""Trying a command again as often as lifecycle.toml says."""

from collections.abc import Callable, Iterator

from lifecycle.process import Finished


def tries(retries: int, say: Callable[[str], None]) -> Iterator[bool]:
    """True for the last of `1 + retries` tries; whoever is content leaves the loop. Each further one is said."""
    for left in reversed(range(1 + retries)):
        yield not left
        if left:
            say("It is tried again.")


def run(once: Callable[[], Finished], retries: int, say: Callable[[str], None]) -> Finished:
    """How the last try ended. What was stopped on purpose is not tried again."""
    for is_last in tries(retries, say):
        finished = once()
        if is_last or finished.ok or finished.reason == "stopped":
            return finished
    raise AssertionError("there is always a last try")
