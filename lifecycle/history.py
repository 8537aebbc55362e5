"""History as sentences: what the audit page, the inbox and the notifications show."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lifecycle.dates import ago
from lifecycle.models import Event, Product

PAGE = 50

SUBJECTS: dict[str, str | Promise] = {
    "idea": _("idea"),
    "agendaitem": _("agenda item"),
    "reviewsession": _("review"),
    "change": _("change"),
    "candidate": _("build"),
    "check": _("check"),
    "release": _("release"),
    "environment": _("environment"),
    "deployment": _("deployment"),
    "watch": _("watch"),
    "repository": _("repository"),
    "delta": _("comparison"),
    "step": _("step"),
}


@dataclass(frozen=True)
class News:
    """One notification as the page shows it."""

    url: str
    text: str
    at: datetime
    is_new: bool

    @property
    def ago(self) -> str:
        return ago(self.at)


@dataclass(frozen=True)
class Page:
    """Some events, newest first; `more` is where the next page starts (None: there is none)."""

    events: list[Event]
    more: int | None


def page(product: Product, *, before: int | None = None, actor: int | None = None) -> Page:
    """The product's newest PAGE events (of one person) older than event `before`, with people and words loaded."""
    events = Event.objects.filter(product=product).select_related("actor", "note").order_by("-id")
    if actor is not None:
        events = events.filter(actor=actor)
    if before is not None:
        events = events.filter(id__lt=before)
    rows = list(events[: PAGE + 1])
    for row in rows:
        row.subject_label = SUBJECTS.get(row.subject_kind, row.subject_kind)
        row.verb_label = row.verb.split(".", 1)[-1].replace("_", " ")
    return Page(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)
