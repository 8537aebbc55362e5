"""The sections of `lifecycle.toml`, and the facts that fill their placeholders."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

PLACEHOLDERS = ("python", "port", "data", "checkout", "release", "environment")
PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")


@dataclass(frozen=True)
class CommandSection:
    """A command and how long it may take; `inactivity_seconds` without a line of output also ends it.

    One that fails is tried again `retries` times. An `uninterruptible` one is waited for when somebody asks to stop;
    after an `irreversible` one the older code cannot run, so nothing goes back by itself.
    """

    command: tuple[str, ...]
    timeout_seconds: int = 300
    inactivity_seconds: int = 300
    retries: int = 0
    uninterruptible: bool = False
    irreversible: bool = False


@dataclass(frozen=True)
class MigrateSection(CommandSection):
    """A half-done migration is worse than waiting for it. `files` says which paths count as one (migration_files)."""

    uninterruptible: bool = True
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Health:
    """GET `path` answers 200 within `timeout_seconds` after a start."""

    path: str = "/health"
    timeout_seconds: int = 20


@dataclass(frozen=True)
class Probe:
    """Which release runs: `field` in the JSON at `path`, or the text that `command` prints."""

    path: str = "/health"
    field: str = "release"
    command: tuple[str, ...] = ()
    timeout_seconds: int = 20


@dataclass(frozen=True)
class Metrics:
    """Where the application shows its counters as Prometheus text."""

    path: str = "/metrics"


@dataclass(frozen=True)
class Access:
    """Where the application takes a token that lets somebody in, `{token}` standing for it (environments/access.py)."""

    path: str = ""


@dataclass(frozen=True)
class TestData:
    """`restore` loads the test data set `name`; `scrub` makes a copy of real data harmless (dev and staging only)."""

    __test__ = False  # not a test case, whatever pytest thinks of the name
    restore: tuple[str, ...] = ()
    scrub: tuple[str, ...] = ()
    name: str = ""
    timeout_seconds: int = 300
    inactivity_seconds: int = 300
    retries: int = 0


@dataclass(frozen=True)
class Checks:
    """The names of an external CI's checks that must have passed before a commit goes on."""

    external: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """The facts of one run, for placeholders and for the command's environment."""

    environment: str
    release: str
    checkout: str
    data: str
    port: int = 0
    python: str = sys.executable

    def environ(self, variables: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a command; the facts win over `variables` of the same name.

        Python writes no bytecode: an artefact must stay what it was when it was built.
        """
        own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        facts = {
            "PORT": str(self.port),
            "DATA_DIR": self.data,
            "RELEASE": self.release,
            "ENVIRONMENT": self.environment,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        return {"LANG": "C.UTF-8", **own, **(variables or {}), **facts}

    def fill(self, argument: str) -> str:
        return PLACEHOLDER.sub(lambda found: str(getattr(self, found[1])), argument)
