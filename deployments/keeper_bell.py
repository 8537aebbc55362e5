"""The keeper's bell: a named pipe through which it hears at once that it shall run something else.

What was rung while nobody listened is lost; the keeper looks by itself as well.
"""

import os
import select
import signal
import stat
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Self

_NAME = "keeper.bell"


def ring(var: Path) -> None:
    """Wake the keeper of this folder, if there is one."""
    with suppress(OSError):
        pipe = os.open(var / _NAME, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, b".")
        finally:
            os.close(pipe)


class Bell:
    """Waits for the bell, and for the end of any child. In the main thread: it takes SIGCHLD for itself."""

    def __init__(self, var: Path) -> None:
        self._children, self._signalled = os.pipe()
        for end in (self._children, self._signalled):
            os.set_blocking(end, False)
        self._ends = [self._children, *_pipe_at(var / _NAME)]

    def __enter__(self) -> Self:
        self._handler_before = signal.signal(signal.SIGCHLD, _nothing)
        self._wakeup_before = signal.set_wakeup_fd(self._signalled, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        signal.signal(signal.SIGCHLD, self._handler_before)
        for end in (*self._ends, self._signalled):
            os.close(end)

    def wait(self, seconds: float) -> None:
        """At most so long, until the bell rings or a signal comes."""
        ready, _, _ = select.select(self._ends, [], [], seconds)
        for end in ready:
            with suppress(BlockingIOError):
                os.read(end, 4096)


def _pipe_at(path: Path) -> list[int]:
    """The pipe's reading end; none where the disk has no room for one: the keeper is only slower to notice then."""
    with suppress(OSError):
        if path.exists() and not stat.S_ISFIFO(path.lstat().st_mode):
            path.unlink()
        if not path.exists():
            os.mkfifo(path, 0o600)
        # Open for writing too: without a writer a pipe is always ready, at its end.
        return [os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)]
    return []


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A signal that is ignored does not wake anybody either."""
