"""What every driver promises. A driver knows the target only: no database, no deployment row.

Steps raise DriverError, Stopped, or `deployments.keeper_state.FencedOut`.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from deployments.drivers import settings as checks
from deployments.drivers.settings import Check
from environments.manifest import Context, Manifest

Log = Callable[[str, str], None]
Stop = Callable[[], bool] | threading.Event
# Variables that drivers keep for themselves: no application and no command ever gets them.
CREDENTIALS = frozenset({"SSH_KEY", "SSH_KEY_PASSPHRASE", "PIPELINE_TOKEN", "PIPELINE_SECRET"})


NO_FACTS: Mapping[str, str] = {}


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


class Report(NamedTuple):
    """What a pipeline said of its run: `status` is running, succeeded or failed."""

    status: str
    url: str = ""
    text: str = ""


Note = Callable[[int, int, float], None]


def no_report(_key: str) -> Report | None:
    return None


def no_note(_pid: int, _started: int, _seconds: float) -> None:
    return None


@dataclass(frozen=True)
class Target:
    """One environment as a driver sees it. `folder` is its keeper folder, `data` what survives releases.

    `checkout` is the artefact whose lifecycle.toml this is: a probe command runs there, once it has been built.

    `host_keys` are the confirmed ones ("web1:22" → OpenSSH line). `key` names one deployment for good: what is tried
    again under it must not take effect twice. `again`: what failed for good under it is to be
    done once more. `report(key)` is what a pipeline called back with. `kept`: how many releases stay at the target.

    `note(pid, started, seconds)` is told of a command that changes the target: another worker must be able to end it.
    """

    environment: str
    folder: Path
    data: Path
    manifest: Manifest
    port: int = 0
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    host_keys: Mapping[str, str] = field(default_factory=dict)
    checkout: Path | None = None
    key: str = ""
    again: bool = False
    kept: int = 5
    report: Callable[[str], Report | None] = no_report
    note: Note = no_note

    def context(self, release: Release) -> Context:
        """What the placeholders of lifecycle.toml stand for."""
        return Context(self.environment, release.label, str(release.path), str(self.data), self.port)

    def environ(self, release: Release) -> dict[str, str]:
        """The whole environment of a command that acts on this target."""
        return self.context(release).environ(self.variables)


class Driver:
    """`log(stream, text)` takes output as it comes; `stop` is asked often and ends what runs (Stopped).

    `settings` are the checks of what an environment may set, `required` what it must. `runs_commands`: the product's
    commands run at the target, by `command`, `declared` and `drill`, and not in the worker's copy of the release.
    """

    name: ClassVar[str] = ""
    label: ClassVar[object] = ""
    settings: ClassVar[Mapping[str, Check]] = {}
    required: ClassVar[tuple[str, ...]] = ()
    runs_commands: ClassVar[bool] = False

    def __init__(self, target: Target) -> None:
        self.target = target

    @classmethod
    def complaints(cls, settings: Any) -> Iterator[str]:
        """What is wrong with an environment's settings for this driver, one sentence per key."""
        return checks.complaints(settings, cls.settings, cls.required)

    @classmethod
    def verifies(cls, settings: Mapping[str, Any], manifest: Manifest) -> bool:
        """Whether anything tells afterwards which release really runs."""
        return manifest.can_verify or bool(settings.get("probe"))

    @property
    def can_verify(self) -> bool:
        return self.verifies(self.target.settings, self.target.manifest)

    def hold(self, fence: int) -> None:
        """Make the target refuse older fences from now on, where it can. FencedOut if it knows a newer one."""

    def probe(self) -> str | None:
        """The label of the release that really runs, "" if certainly none does, None without a clear answer."""
        raise DriverError(f"the driver {self.name} cannot probe")

    def bring(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        """Have the release ready at the target, without changing what runs. Idempotent."""

    def command(
        self, section: str, release: Release, *, fence: int, log: Log, stop: Stop, facts: Mapping[str, str] = NO_FACTS
    ) -> None:
        """Run a section of lifecycle.toml at the target, told `facts` too. DriverError unless it ends with 0."""
        raise DriverError(f"the driver {self.name} runs no commands at its target")

    def declared(
        self, section: str, release: Release, *, fence: int, log: Log, stop: Stop, facts: Mapping[str, str] = NO_FACTS
    ) -> None:
        """The same outside a deployment, where the release may not be yet: it is brought first."""
        self.bring(release, fence=fence, log=log, stop=stop)
        self.command(section, release, fence=fence, log=log, stop=stop, facts=facts)

    def drill(self, release: Release, *, log: Log, stop: Stop, facts: Mapping[str, str] = NO_FACTS) -> None:
        """Run [restore_drill] at the target, its DATA_DIR a folder that is thrown away. DriverError unless it is 0.

        It is told `facts`, too.
        """
        raise DriverError(f"the driver {self.name} runs no commands at its target")

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        """Make the target run `release`. Idempotent. FencedOut: a newer fence was there, write nothing more."""
        raise DriverError(f"the driver {self.name} cannot switch")

    def restore(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        """Switch back to what ran before: as much of the target as can be reached, then say what could not be."""
        self.switch(release, fence=fence, log=log, stop=stop)

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        """Whether `release` (and no other) serves in good health within the deadline."""
        raise DriverError(f"the driver {self.name} cannot check health")


def asked(stop: Stop) -> bool:
    return stop.is_set() if isinstance(stop, threading.Event) else stop()
