"""`lifecycle.toml`: how the product's own repository says to test, build, start and check it.

Every command is an argument list (no shell). `{python} {port} {data} {checkout} {release} {environment}`
are replaced inside each argument; the same facts are in the command's environment.
"""

import difflib
import re
import tomllib
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from environments.manifest_sections import (
    PLACEHOLDER,
    PLACEHOLDERS,
    Access,
    Checks,
    CommandSection,
    Context,
    Health,
    Metrics,
    MigrateSection,
    Probe,
    TestData,
)

__all__ = [
    "FILE_NAME",
    "PLACEHOLDERS",
    "Access",
    "Checks",
    "CommandSection",
    "Context",
    "Health",
    "Manifest",
    "ManifestError",
    "Metrics",
    "MigrateSection",
    "Probe",
    "TestData",
    "parse",
]

FILE_NAME = "lifecycle.toml"


class ManifestError(Exception):
    """What is wrong, and where: `line` counts from 1 (0 = the whole file), `key` is `section.key`."""

    def __init__(self, line: int, key: str, message: str) -> None:
        super().__init__(f"{FILE_NAME}, line {line}, {key}: {message}" if key else f"{FILE_NAME}: {message}")
        self.line, self.key, self.message = line, key, message


@dataclass(frozen=True)
class Manifest:
    """The parsed file. A section that is missing is None: the product does not have that step."""

    test: CommandSection | None = None
    checks: Checks = field(default_factory=Checks)
    expand_test: CommandSection | None = None
    build: CommandSection | None = None
    backup: CommandSection | None = None
    restore_drill: CommandSection | None = None
    migrate: MigrateSection | None = None
    deploy: CommandSection | None = None
    start: CommandSection | None = None
    health: Health = field(default_factory=Health)
    probe: Probe | None = None
    metrics: Metrics | None = None
    access: Access | None = None
    test_data: TestData | None = None
    create: CommandSection | None = None
    destroy: CommandSection | None = None

    @property
    def can_verify(self) -> bool:
        """Without a probe nobody can say afterwards which release really runs."""
        return self.probe is not None

    def command(self, section: str, context: Context) -> list[str]:
        """The arguments of `section` with all placeholders filled; empty when there is no such command.

        "test_data" is the command that restores it, "scrub" the one beside it.
        """
        part = getattr(self, "test_data" if section == "scrub" else section)
        key = {"test_data": "restore", "scrub": "scrub"}.get(section, "command")
        argv = () if part is None else getattr(part, key)
        return [context.fill(argument) for argument in argv]

    def limits(self, section: str) -> CommandSection | TestData:
        """How long the command of a section that is there may take."""
        part: CommandSection | TestData = getattr(self, "test_data" if section == "scrub" else section)
        return part


_SECTIONS: dict[str, type] = {
    "test": CommandSection,
    "checks": Checks,
    "expand_test": CommandSection,
    "build": CommandSection,
    "backup": CommandSection,
    "restore_drill": CommandSection,
    "migrate": MigrateSection,
    "deploy": CommandSection,
    "start": CommandSection,
    "health": Health,
    "probe": Probe,
    "metrics": Metrics,
    "access": Access,
    "test_data": TestData,
    "create": CommandSection,
    "destroy": CommandSection,
}
_COMMANDS, _PATHS = {"command", "restore", "scrub"}, {"path"}
_SECONDS, _SWITCHES = {"timeout_seconds", "inactivity_seconds"}, {"uninterruptible", "irreversible"}
_REQUIRED = {
    CommandSection: ("command",),
    MigrateSection: ("command",),
    TestData: ("restore", "scrub"),
    Access: ("path",),
}
MAX_RETRIES = 5
MAX_NAMES, MAX_NAME = 20, 100
MAX_CHARACTERS = 100_000


@lru_cache(maxsize=64)
def parse(text: str) -> Manifest:
    """Read and check `lifecycle.toml`; ManifestError names the first line and key that are wrong.

    Every step of a deployment asks for it, so a text is read once; what comes out cannot be changed.
    """
    if len(text) > MAX_CHARACTERS:
        raise ManifestError(0, "", f"has {len(text)} characters, more than {MAX_CHARACTERS}")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ManifestError(int(found[1]) if found else len(text.splitlines()), "syntax", str(error)) from None
    except RecursionError:
        raise ManifestError(0, "", "lists or tables are nested too deeply") from None
    return Manifest(**{name: _section(text, name, value) for name, value in content.items()})


def _section(text: str, name: str, values: Any) -> Any:
    if name not in _SECTIONS:
        raise ManifestError(_line(text, name), name, "unknown section" + _did_you_mean(name, _SECTIONS))
    if not isinstance(values, dict):
        raise ManifestError(_line(text, name), name, f"must be a section, written [{name}]")
    kind = _SECTIONS[name]
    checked = {key: _value(text, name, kind, key, value) for key, value in values.items()}
    required = _REQUIRED.get(kind, ())
    if required and not any(checked.get(key) for key in required):
        message = " or ".join(required[1:])
        others = f"; {message} would do as well" if message else ""
        raise ManifestError(_line(text, name), f"{name}.{required[0]}", "is required and must not be empty" + others)
    return kind(**checked)


def _value(text: str, section: str, kind: type, key: str, value: Any) -> Any:
    full, line = f"{section}.{key}", _line(text, section, key)
    known = [part.name for part in fields(kind)]
    if key not in known:
        message = "unknown key" + _did_you_mean(key, known)
        raise ManifestError(line, full, message)
    if key in _COMMANDS:
        return _argv(line, full, value)
    if key == "external":
        return _names(line, full, value)
    if full == "migrate.files":
        return _globs(line, full, value)
    complaint = _complaint(key, value)
    if complaint:
        raise ManifestError(line, full, complaint)
    if full == "access.path" and value.count("{token}") != 1:
        raise ManifestError(line, full, "must hold {token} once")
    return value


def _complaint(key: str, value: Any) -> str:
    """What is wrong with a value that is no command; "" when nothing is."""
    if key in _SECONDS:
        right = type(value) is int and 1 <= value <= 86_400
        return "" if right else "must be a whole number of seconds, 1 to 86400"
    if key == "retries":
        right = type(value) is int and 0 <= value <= MAX_RETRIES
        return "" if right else f"must be a whole number, 0 to {MAX_RETRIES}"
    if key in _SWITCHES:
        return "" if isinstance(value, bool) else "must be true or false, without quotes"
    if not isinstance(value, str) or not value:
        return "must be a text in quotes"
    if key in _PATHS and not re.fullmatch(r"/[^\s#]*", value):
        return 'must begin with "/" and hold no spaces'
    return ""


def _argv(line: int, full: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise ManifestError(line, full, 'must be a list of texts, one per argument: ["python", "manage.py"]')
    for part in value:
        for name in PLACEHOLDER.findall(part):
            if name not in PLACEHOLDERS:
                hint = _did_you_mean(name, PLACEHOLDERS) or "; known are " + " ".join(PLACEHOLDERS)
                raise ManifestError(line, full, f"unknown placeholder {{{name}}}{hint}")
        if "\x00" in part:
            raise ManifestError(line, full, "must not contain a NUL character")
    return tuple(value)


def _names(line: int, full: str, value: Any) -> tuple[str, ...]:
    usual = isinstance(value, list) and all(isinstance(name, str) and name.strip() for name in value)
    if not usual or len(value) > MAX_NAMES or any(len(name) > MAX_NAME for name in value):
        raise ManifestError(line, full, f"must be a list of at most {MAX_NAMES} names of up to {MAX_NAME} characters")
    return tuple(dict.fromkeys(name.strip() for name in value))


def _globs(line: int, full: str, value: Any) -> tuple[str, ...]:
    """Paths inside the repository; an empty list is refused, because then no migration would ever be noticed."""
    globs = _names(line, full, value)
    if not globs:
        raise ManifestError(line, full, "must not be empty: leave it out for the usual folders")
    for glob in globs:
        if "\\" in glob or not {"", ".", ".."}.isdisjoint(glob.split("/")):
            raise ManifestError(line, full, f'"{glob}" is no path in the repository, like "*/migrations/*.py"')
    return globs


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
