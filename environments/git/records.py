"""What git tells about commits and files, as plain values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple


class Signature(NamedTuple):
    """Who made a commit."""

    name: str
    email: str


LIFECYCLE = Signature("Lifecycle", "lifecycle@localhost")


class Part(NamedTuple):
    """Somebody in a commit: `role` is author, committer or co_author."""

    role: str
    name: str
    email: str


PEOPLE_FORMAT = "%x00".join(
    ("%an", "%ae", "%cn", "%ce", "%(trailers:key=Co-authored-by,valueonly=true,unfold=true,only=true)")
)
CO_AUTHOR = re.compile(r"^(.*?)\s*<([^<>\s]+)>\s*$")


def parse_people(output: str) -> set[Part]:
    """Everybody in `git log -z --format=tformat:PEOPLE_FORMAT`, each once; without whom git gave no address."""
    values, found = output.split("\x00"), set()
    for start in range(0, len(values) - 4, 5):
        author, author_email, committer, committer_email, others = values[start : start + 5]
        found |= {Part("author", author, author_email), Part("committer", committer, committer_email)}
        found |= {
            Part("co_author", *match.groups()) for line in others.splitlines() if (match := CO_AUTHOR.match(line))
        }
    return {part._replace(email=part.email.lower()) for part in found if part.email}


class FileChange(NamedTuple):
    """One changed path: `status` is A (added), M (modified), D (deleted) or T (type changed)."""

    status: str
    path: str


@dataclass(frozen=True)
class Commit:
    """A commit; `trailers` keeps repeated keys in order (`Idea: 41`, `Idea: 42`)."""

    sha: str
    parents: list[str]
    author: str
    email: str
    at: datetime
    subject: str
    body: str
    trailers: dict[str, list[str]] = field(default_factory=dict)

    def trailer(self, key: str) -> str | None:
        """The last value under `key`, whatever its case, or None."""
        values = self.values(key)
        return values[-1] if values else None

    def values(self, key: str) -> list[str]:
        """All values under `key`, whatever its case, in the order in which they were written."""
        return [v for k, found in self.trailers.items() if k.lower() == key.lower() for v in found]


LAST_SECOND = 253_402_300_799 - 86_400  # of the year 9999, in whatever zone it is shown

# NUL cannot occur inside a commit's text, so names and bodies can never shift a field.
LOG_FIELDS = (
    "%H",
    "%P",
    "%an",
    "%ae",
    "%at",
    "%s",
    "%b",
    "%(trailers:only=true,unfold=true)",
)
LOG_FORMAT = "%x00".join(LOG_FIELDS)


def parse_log(output: str) -> Iterator[Commit]:
    """Commits out of `git log -z --format=tformat:LOG_FORMAT`."""
    values = output.split("\x00")
    size = len(LOG_FIELDS)
    for start in range(0, len(values) - size + 1, size):
        sha, parents, author, email, seconds, subject, body, trailers = values[start : start + size]
        yield Commit(sha, parents.split(), author, email, _moment(seconds), subject, body, _trailers(trailers))


def _moment(seconds: str) -> datetime:
    """A commit may claim any second there is; what no calendar knows becomes the first or the last one it does."""
    try:
        return datetime.fromtimestamp(min(max(int(seconds or 0), 0), LAST_SECOND), UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


def _trailers(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), []).append(value.strip())
    return found


def commit_message(message: str, trailers: dict[str, str]) -> str:
    """Message and trailers; line breaks in a value are flattened, so no value can forge a trailer."""
    lines = [f"{key}: {' '.join(str(value).split())}" for key, value in trailers.items()]
    return "\n\n".join(part for part in (message.strip(), "\n".join(lines)) if part) + "\n"
