"""The output of a child process, decoded and cut into lines as it comes."""

import codecs
import os
import selectors
import subprocess
import time
from collections.abc import Callable
from typing import IO, Self

Output = Callable[[str, str], None]

_CHUNK = 1 << 16
_HALF_LINE_SECONDS, _HALF_LINE_CHARACTERS = 1.0, 16_384
_AFTER_EXIT_SECONDS = 1.0


class Streams:
    """stdout and stderr of `popen`, passed on to `on_output(stream, text)`.

    `last_output` is the monotonic time of the last byte (of the start, before there is one).
    """

    def __init__(self, popen: subprocess.Popen[bytes], on_output: Output) -> None:
        assert popen.stdout and popen.stderr
        self.popen = popen
        self.readers = [_Reader("stdout", popen.stdout, on_output), _Reader("stderr", popen.stderr, on_output)]
        self.selector = selectors.DefaultSelector()
        self.last_output = time.monotonic()
        self.exited_at: float | None = None

    def __enter__(self) -> Self:
        for reader in self.readers:
            self.selector.register(reader.stream, selectors.EVENT_READ, reader)
        return self

    def __exit__(self, *_: object) -> None:
        self.selector.close()

    def pass_on(self, seconds: float) -> None:
        """Wait at most `seconds` for output and hand it on."""
        if self.selector.get_map():
            for key, _ in self.selector.select(seconds):
                self.last_output = time.monotonic()
                if not key.data.read():
                    self.selector.unregister(key.fileobj)
        else:
            _wait(self.popen, seconds)
        for reader in self.readers:
            reader.flush_if_idle(time.monotonic())

    def finished(self) -> bool:
        """The process has ended and all it said was passed on (a stranger who holds a pipe open is not waited for)."""
        if self.popen.poll() is None:
            return False
        self.exited_at = self.exited_at or time.monotonic()
        return not self.selector.get_map() or time.monotonic() > self.exited_at + _AFTER_EXIT_SECONDS

    def drain(self, seconds: float) -> None:
        """Pass on what still comes until the end, for at most `seconds`."""
        deadline = time.monotonic() + seconds
        while not self.finished() and time.monotonic() < deadline:
            self.pass_on(0.05)


class _Reader:
    """One stream. Holds half a line back for a moment, so that callers mostly see whole lines."""

    def __init__(self, name: str, stream: IO[bytes], on_output: Output) -> None:
        self.name, self.stream, self.on_output = name, stream, on_output
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.held, self.held_since = "", 0.0

    def read(self) -> bool:
        """Take what is there; False at the end of the stream."""
        data = os.read(self.stream.fileno(), _CHUNK)
        # PostgreSQL text cannot hold a NUL.
        text = self.held + self.decoder.decode(data, final=not data).replace("\x00", "\ufffd")
        cut = text.rfind("\n") + 1
        if not data or len(text) - cut >= _HALF_LINE_CHARACTERS:
            cut = len(text)
        self.held, self.held_since = text[cut:], time.monotonic()
        self._pass_on(text[:cut])
        return bool(data)

    def flush_if_idle(self, now: float) -> None:
        if self.held and now - self.held_since > _HALF_LINE_SECONDS:
            text, self.held = self.held, ""
            self._pass_on(text)

    def _pass_on(self, text: str) -> None:
        if text:
            self.on_output(self.name, text)


def _wait(popen: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        popen.wait(seconds)
    except subprocess.TimeoutExpired:
        return
