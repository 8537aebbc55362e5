"""History as sentences: what the audit page and a person's page show."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lifecycle.dates import ago, clock, day
from lifecycle.events import words_of
from lifecycle.models import Event, Product, User
from lifecycle.verbs import VERBS

PAGE = 50


@dataclass(frozen=True)
class Subject:
    """A kind of thing that events are about: its name, its page (route and argument) and what its text needs."""

    label: str | Promise
    route: str = ""
    argument: str = "pk"
    needs: tuple[str, ...] = ()


SUBJECTS: dict[str, Subject] = {
    "idea": Subject(gettext_lazy("idea"), "ideas:detail", "number"),
    "agendaitem": Subject(gettext_lazy("agenda item"), needs=("idea",)),
    "reviewsession": Subject(gettext_lazy("review")),
    "rhythm": Subject(gettext_lazy("rhythm of the reviews")),
    "change": Subject(gettext_lazy("change"), "releases:change", "number"),
    "candidate": Subject(gettext_lazy("build"), needs=("release",)),
    "check": Subject(gettext_lazy("check"), "releases:check"),
    "release": Subject(gettext_lazy("release"), "releases:detail", "version"),
    "notes": Subject(gettext_lazy("release notes"), needs=("release",)),
    "demo": Subject(gettext_lazy("demo of"), needs=("release",)),
    "survey": Subject(gettext_lazy("survey"), needs=("release",)),
    "environment": Subject(gettext_lazy("environment"), "deployments:history", "slug"),
    "freeze": Subject(gettext_lazy("freeze")),
    "deployment": Subject(gettext_lazy("deployment"), "deployments:detail"),
    "rehearsal": Subject(gettext_lazy("rehearsal of"), needs=("release",)),
    "backupdrill": Subject(gettext_lazy("restore of"), needs=("environment",)),
    "watch": Subject(gettext_lazy("watch"), "deployments:watch", needs=("deployment",)),
    "watchshift": Subject(gettext_lazy("watch shift of"), needs=("user",)),
    "repository": Subject(gettext_lazy("repository")),
}


@dataclass(frozen=True)
class Row:
    """One event as a page shows it: who did what to which thing, from where to where, with which words."""

    actor: User | None
    who: str
    what: str
    thing: str
    url: str
    turn: str
    words: str
    at: datetime
    when: str


@dataclass(frozen=True)
class Page:
    """Some rows, newest first; `more` is where the next page starts (None: there is none)."""

    rows: list[Row]
    more: int | None


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


def page(product: Product, *, before: int | None = None, actor: int | None = None) -> Page:
    """The product's newest PAGE events (of one person) older than event `before`, in one statement and one per kind."""
    events = Event.objects.filter(product=product).select_related("actor", "note").order_by("-id")
    if actor is not None:
        events = events.filter(actor=actor)
    if before is not None:
        events = events.filter(id__lt=before)
    found = list(events[: PAGE + 1])
    shown, things = found[:PAGE], things_of(found[:PAGE])
    rows = [row(event, things.get((event.subject_kind, event.subject_id))) for event in shown]
    return Page(rows, shown[-1].id if len(found) > PAGE else None)


def things_of(events: list[Event]) -> dict[tuple[str, int], Model]:
    """What the events are about, by (kind, id); one statement per kind."""
    ids: dict[str, set[int]] = defaultdict(set)
    for event in events:
        ids[event.subject_kind].add(event.subject_id)
    models = {model._meta.model_name: model for model in apps.get_models() if model._meta.model_name in ids}
    found: dict[tuple[str, int], Model] = {}
    for kind, model in models.items():
        things = model._base_manager.select_related(*SUBJECTS[kind].needs) if kind in SUBJECTS else None
        found |= {(kind, pk): thing for pk, thing in things.in_bulk(ids[kind]).items()} if things is not None else {}
    return found


def row(event: Event, thing: Model | None) -> Row:
    """An event in words; of a thing that is gone only its kind and key are left."""
    subject = SUBJECTS.get(event.subject_kind, Subject(event.subject_kind))
    return Row(
        actor=event.actor,
        who=str(event.actor or event.machine),
        what=what(event),
        thing=f"{subject.label} {thing or event.subject_id}",
        url=reverse(subject.route, args=[getattr(thing, subject.argument)]) if thing and subject.route else "",
        turn=turn(event, thing),
        words=words_of(event),
        at=event.at,
        when=f"{day(event.at)}, {clock(event.at)}",
    )


def what(event: Event) -> str:
    """What was done; a move of the status says so, because `turn` names the states."""
    known = VERBS.get(event.verb)
    return str(known) if known else _("moved") if event.to_status else event.verb.rpartition(".")[2].replace("_", " ")


def turn(event: Event, thing: Any) -> str:
    """ "Queued → Running", in the words of the thing's states; "" when no status moved."""
    labels = dict(thing.Status.choices) if thing is not None and hasattr(thing, "Status") else {}
    states = [str(labels.get(code, code)) for code in (event.from_status, event.to_status) if code]
    return " → ".join(states)
