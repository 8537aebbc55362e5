"""The shapes that apps answer with when asked what waits for a person and what a word finds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lifecycle.dates import ago

LATE = timedelta(days=3)


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

    @property
    def since_words(self) -> str:
        return ago(self.since)

    @property
    def is_late(self) -> bool:
        return timezone.now() - self.since > LATE


@dataclass(frozen=True)
class Hit:
    """One answer of "Find"."""

    title: str
    kind: str
    url: str
    icon: str


def headline(rows: list[Waiting]) -> str:
    """How many things wait for the person who looks: the page's verdict."""
    count = sum(not row.blocked_because for row in rows)
    if count == 0:
        return _("Nothing waits for you")
    return ngettext("One thing waits for you", "%(n)d things wait for you", count) % {"n": count}
