"""Leaving on request: a worker asked to stop takes nothing new and hands over what it cannot finish in time.

The main process notes when it was asked in memory that it shares with the pool processes it forks. Everything is over
LAST_SECONDS after that, whatever hangs: what is still held then comes back through its lease.
"""

import mmap
import os
import struct
import threading
import time
from typing import Any

from django.conf import settings

_DOUBLE = struct.Struct("d")
_asked_at = mmap.mmap(-1, _DOUBLE.size)


def ask() -> None:
    """From now on this process, and those forked from it, are leaving."""
    if not is_asked():
        _asked_at[:] = _DOUBLE.pack(time.monotonic())


def forget() -> None:
    """Stay after all."""
    _asked_at[:] = _DOUBLE.pack(0.0)


def is_asked() -> bool:
    return _since() is not None


def must_hand_over(*, uninterruptible: bool = False) -> bool:
    """Whether what runs must be given up now; what cannot be interrupted is given a little longer."""
    seconds = _since()
    limit = settings.HAND_OVER_LATE_SECONDS if uninterruptible else settings.HAND_OVER_SECONDS
    return seconds is not None and seconds > limit


def _since() -> float | None:
    """Seconds since somebody asked (the clock is the machine's); None if nobody did."""
    (at,) = _DOUBLE.unpack(_asked_at[:])
    return time.monotonic() - at if at else None


def in_worker(**_: Any) -> None:
    """In a worker's main process, when it was asked to stop: tell the pool, and see to it that all ends in time."""
    if is_asked():
        return
    ask()
    threading.Thread(target=_end_at_last, daemon=True, name="end-at-last").start()


def _end_at_last() -> None:
    time.sleep(settings.LAST_SECONDS)
    os._exit(0)  # the pool processes die with this one
