"""`lifecycle.toml`: how the product's own repository says to test, build, start and check it.

Every command is an argument list (no shell). `{python} {port} {data} {checkout} {release} {environment}`
are replaced inside each argument; the same facts are in the command's environment.
"""

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

FILE_NAME = "lifecycle.toml"
PLACEHOLDERS = ("python", "port", "data", "checkout", "release", "environment")
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")


class ManifestError(Exception):
    """What is wrong, and where: `line` counts from 1 (0 = the whole file), `key` is `section.key`."""

    def __init__(self, line: int, key: str, message: str) -> None:
        super().__init__(f"{FILE_NAME}, line {line}, {key}: {message}" if key else f"{FILE_NAME}: {message}")
        self.line, self.key, self.message = line, key, message


@dataclass(frozen=True)
class CommandSection:
    """A command and how long it may take; `inactivity_seconds` without a line of output also ends it."""

    command: tuple[str, ...]
    timeout_seconds: int = 300
    inactivity_seconds: int = 300


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
class TestData:
    """`restore` loads the named test data set (dev and staging only)."""

    __test__ = False  # not a test case, whatever pytest thinks of the name
    restore: tuple[str, ...] = ()
    timeout_seconds: int = 300


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
        return _PLACEHOLDER.sub(lambda found: str(getattr(self, found[1])), argument)


@dataclass(frozen=True)
class Manifest:
    """The parsed file. A section that is missing is None: the product does not have that step."""

    test: CommandSection | None = None
    build: CommandSection | None = None
    backup: CommandSection | None = None
    migrate: CommandSection | None = None
    deploy: CommandSection | None = None
    start: CommandSection | None = None
    health: Health = field(default_factory=Health)
    probe: Probe | None = None
    metrics: Metrics | None = None
    test_data: TestData | None = None

    @property
    def can_verify(self) -> bool:
        """Without a probe nobody can say afterwards which release really runs."""
        return self.probe is not None

    def command(self, section: str, context: Context) -> list[str]:
        """The arguments of `section` with all placeholders filled; empty when there is no such command."""
        part = getattr(self, section)
        argv = () if part is None else part.restore if section == "test_data" else part.command
        return [context.fill(argument) for argument in argv]


_SECTIONS: dict[str, type] = {
    "test": CommandSection,
    "build": CommandSection,
    "backup": CommandSection,
    "migrate": CommandSection,
    "deploy": CommandSection,
    "start": CommandSection,
    "health": Health,
    "probe": Probe,
    "metrics": Metrics,
    "test_data": TestData,
}
_COMMANDS, _PATHS, _SECONDS = {"command", "restore"}, {"path"}, {"timeout_seconds", "inactivity_seconds"}
_REQUIRED = {CommandSection: "command", TestData: "restore"}


def parse(text: str) -> Manifest:
    """Read and check `lifecycle.toml`; ManifestError names the first line and key that are wrong."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ManifestError(int(found[1]) if found else len(text.splitlines()), "syntax", str(error)) from None
    return Manifest(**{name: _section(text, name, value) for name, value in content.items()})


def _section(text: str, name: str, values: Any) -> Any:
    if name not in _SECTIONS:
        raise ManifestError(_line(text, name), name, "unknown section" + _did_you_mean(name, _SECTIONS))
    if not isinstance(values, dict):
        raise ManifestError(_line(text, name), name, f"must be a section, written [{name}]")
    kind = _SECTIONS[name]
    checked = {key: _value(text, name, kind, key, value) for key, value in values.items()}
    required = _REQUIRED.get(kind)
    if required and not checked.get(required):
        raise ManifestError(_line(text, name), f"{name}.{required}", "is required and must not be empty")
    return kind(**checked)


def _value(text: str, section: str, kind: type, key: str, value: Any) -> Any:
    full, line = f"{section}.{key}", _line(text, section, key)
    known = [part.name for part in fields(kind)]
    if key not in known:
        message = "unknown key" + _did_you_mean(key, known)
        raise ManifestError(line, full, message)
    if key in _COMMANDS:
        return _argv(line, full, value)
    if key in _SECONDS:
        if type(value) is not int or not 1 <= value <= 86_400:
            raise ManifestError(line, full, "must be a whole number of seconds, 1 to 86400")
    elif not isinstance(value, str) or not value:
        raise ManifestError(line, full, "must be a text in quotes")
    elif key in _PATHS and not re.fullmatch(r"/[^\s#]*", value):
        raise ManifestError(line, full, 'must begin with "/" and hold no spaces')
    return value


def _argv(line: int, full: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise ManifestError(line, full, 'must be a list of texts, one per argument: ["python", "manage.py"]')
    for part in value:
        for name in _PLACEHOLDER.findall(part):
            if name not in PLACEHOLDERS:
                hint = _did_you_mean(name, PLACEHOLDERS) or "; known are " + " ".join(PLACEHOLDERS)
                raise ManifestError(line, full, f"unknown placeholder {{{name}}}{hint}")
        if "\x00" in part:
            raise ManifestError(line, full, "must not contain a NUL character")
    return tuple(value)


def _did_you_mean(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _line(text: str, section: str, key: str = "") -> int:
    """The line on which a section, or a key in it, is written; the section's line if the key is dotted."""
    current, at_section = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
        if header:
            current = header[1].strip("\"' ")
            at_section = number if current == section else at_section
        elif (
            key
            and current == section
            and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line)
            or not current
            and re.match(rf"\s*[\"']?{re.escape(section)}[\"']?\s*[.=]", line)
        ):
            return number
    return at_section or 1
