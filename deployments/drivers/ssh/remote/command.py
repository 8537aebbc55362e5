"""One command on a host, which never outlives whoever asked for it."""

from __future__ import annotations

import codecs
import ctypes
import os
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

from deployments.drivers.ssh.remote.protocol import SILENCE_SECONDS, Lost, say

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE_SECONDS = 5.0
HALF_LINE_SECONDS, HALF_LINE_CHARACTERS = 1.0, 16384
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Command:
    """A command in a session of its own, followed until it ends or has to; `check` may raise to end it."""

    def __init__(self, request: dict[str, Any], check: Callable[[], None]) -> None:
        self.request, self.check = request, check
        own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.popen = subprocess.Popen(
            request["argv"],
            cwd=request["cwd"],
            env=dict(own, **request["env"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        assert self.popen.stdout and self.popen.stderr
        self.streams = {self.popen.stdout.fileno(): Stream("out"), self.popen.stderr.fileno(): Stream("err")}
        self.begun = self.heard = self.spoke = self.looked = time.monotonic()

    def follow(self) -> dict[str, Any]:
        """The exit code (128 + n after signal n) and why it ended: exited, stopped, timeout, inactive."""
        try:
            reason = self._follow()
        finally:
            self._end()
        code = self.popen.returncode
        return {"code": code if code >= 0 else 128 - code, "reason": reason}

    def _follow(self) -> str:
        while self.popen.poll() is None:
            self._pass_on(0.2)
            now = time.monotonic()
            if now - self.heard > SILENCE_SECONDS:
                raise Lost(f"the asker was silent for {SILENCE_SECONDS:.0f} s")
            if now - self.begun > self.request["seconds"]:
                return "timeout"
            if now - self.spoke > self.request["inactivity"]:
                return "inactive"
            if now - self.looked > 0.5:
                self.looked = now
                self.check()
            if self.heard < 0:
                return "stopped"
        deadline = time.monotonic() + 1  # a daemon it started may hold the pipes open
        while self.streams and time.monotonic() < deadline:
            self._pass_on(0.1)
        return "exited"

    def _pass_on(self, seconds: float) -> None:
        ready = select.select([0, *self.streams] if self.heard >= 0 else list(self.streams), [], [], seconds)[0]
        for number in ready:
            data = os.read(number, 65536)
            if number == 0:
                self.heard = time.monotonic() if data else -1
                continue
            self.spoke = time.monotonic()
            self.streams[number].take(data)
            if not data:
                del self.streams[number]
        if time.monotonic() - self.spoke > HALF_LINE_SECONDS:
            for stream in self.streams.values():
                stream.pass_on(stream.held)

    def _end(self) -> None:
        """TERM to the whole group, the grace, KILL; what ended by itself may leave a service running."""
        if self.popen.poll() is not None:
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and self._signal(0):
            self.popen.poll()
            time.sleep(0.02)
        self._signal(signal.SIGKILL)
        self.popen.wait()

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            return False
        return True


class Stream:
    """Output on its way to the asker, in whole lines where possible."""

    def __init__(self, name: str) -> None:
        self.name, self.held = name, ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def take(self, data: bytes) -> None:
        """Empty data is the end."""
        text = self.held + self.decoder.decode(data, final=not data)
        cut = text.rfind("\n") + 1
        self.held = text
        self.pass_on(text if not data or len(text) - cut > HALF_LINE_CHARACTERS else text[:cut])

    def pass_on(self, text: str) -> None:
        self.held = self.held[len(text) :]
        if text:
            say({self.name: text})


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
