"""The shapes that apps answer with when asked what waits for a person and what a word finds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Waiting:
    """Something that waits for one person: what, why them, since when, and the one thing to do about it."""

    title: str
    why: str
    since: datetime
    url: str
    action: str
    icon: str = "circle-dot"
    blocked_because: str = ""


@dataclass(frozen=True)
class Hit:
    """One answer of "Find"."""

    title: str
    kind: str
    url: str
    icon: str
