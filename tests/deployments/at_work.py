"""A worker that takes up one piece of Work while a test looks on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from lifecycle import jobs

ENDS_WITHIN_SECONDS = 30


@contextmanager
def running(key: str) -> Iterator[threading.Thread]:
    """It runs this Work in a thread with a connection of its own; it must have ended soon after the block."""

    def carry_out() -> None:
        try:
            jobs.execute(key)
        finally:
            connection.close()

    thread = threading.Thread(target=carry_out)
    thread.start()
    yield thread
    thread.join(ENDS_WITHIN_SECONDS)
    assert not thread.is_alive()
