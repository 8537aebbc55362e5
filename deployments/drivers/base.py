"""What every driver promises. A driver knows the target only: no database, no deployment row.

Steps raise DriverError, Stopped, or `deployments.keeper_state.FencedOut`.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from environments.manifest import Context, Manifest

Log = Callable[[str, str], None]
Stop = Callable[[], bool] | threading.Event


class DriverError(Exception):
    """A step failed. `retry` says whether the same step may well work later (technical) or not (a definite no)."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


class Stopped(DriverError):
    """The caller asked for it: the step was ended on purpose."""


@dataclass(frozen=True)
class Release:
    """A built artefact. `label` is what the running application calls itself (RELEASE)."""

    label: str
    path: Path
    digest: str


@dataclass(frozen=True)
class Target:
    """One environment as a driver sees it. `folder` is its keeper folder, `data` what survives releases."""

    environment: str
    folder: Path
    data: Path
    manifest: Manifest
    port: int = 0
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def context(self, release: Release) -> Context:
        """What the placeholders of lifecycle.toml stand for."""
        return Context(self.environment, release.label, str(release.path), str(self.data), self.port)

    def environ(self, release: Release) -> dict[str, str]:
        """The whole environment of a command that acts on this target."""
        return self.context(release).environ(self.variables)


class Driver:
    """`log(stream, text)` takes output as it comes; `stop` is asked often and ends what runs (Stopped)."""

    name: ClassVar[str] = ""
    label: ClassVar[object] = ""

    def __init__(self, target: Target) -> None:
        self.target = target

    def hold(self, fence: int) -> None:
        """Make the target refuse older fences from now on, where it can. FencedOut if it knows a newer one."""

    def probe(self) -> str | None:
        """The label of the release that really runs, "" if certainly none does, None without a clear answer."""
        raise DriverError(f"the driver {self.name} cannot probe")

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        """Make the target run `release`. Idempotent. FencedOut: a newer fence was there, write nothing more."""
        raise DriverError(f"the driver {self.name} cannot switch")

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        """Whether `release` (and no other) serves in good health within the deadline."""
        raise DriverError(f"the driver {self.name} cannot check health")


def asked(stop: Stop) -> bool:
    return stop.is_set() if isinstance(stop, threading.Event) else stop()
