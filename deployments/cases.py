"""A release in front of its gates, and what one gate says."""

from dataclasses import dataclass
from datetime import datetime

from environments.models import Environment
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Release


class Barred(NotAllowed):
    """Not now: only a freeze, a lock or the emergency stop is in the way, and each of them ends."""


class Held(Barred):
    """Not now: somebody tries what runs there. What is asked for is not wrong, so it waits."""


@dataclass(frozen=True)
class Gate:
    """One condition with its evidence: `who` can open it, at `url`; `since` when it stands as it does, if known."""

    key: str
    label: str
    is_open: bool
    evidence: str
    who: str
    url: str
    since: datetime | None = None


@dataclass(frozen=True)
class Case:
    """A release with what its gates look at."""

    release: Release
    candidate: Candidate
    production: Environment
    at: datetime
