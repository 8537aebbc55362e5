"""A release in front of its gates, and what one gate says."""

from dataclasses import dataclass
from datetime import datetime

from environments.models import Environment
from releases.models import Candidate, Release


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
