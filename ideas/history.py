"""One idea's page: the journey with its eight stops, built from events, and what happened, in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ideas.journey import REACHED
from ideas.models import Idea, Stop
from lifecycle.dates import day
from lifecycle.events import words_of
from lifecycle.models import Event, User
from lifecycle.roles import Actor


class StopOnTheWay(NamedTuple):
    """One of the eight stops as `{% journey %}` draws it."""

    label: str
    note: str
    state: str
    kind: str


@dataclass
class Travelled:
    """Where an idea was and is: replayed from its events."""

    stop: int = Stop.IDEA
    reached: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    taken_back: str = ""

    def apply(self, event: Event) -> None:
        """Reaching a stop keeps the earlier ones; going back forgets the later ones."""
        stop, back = event.data["stop"], event.data.get("taken_back")
        if back or event.data.get("again"):
            self.reached = {key: value for key, value in self.reached.items() if key < stop}
        self.taken_back = _("taken back %(day)s") % {"day": day(event.at)} if back else ""
        self.stop = stop
        self.reached[stop] = (event.at, words_of(event))


class Happening(NamedTuple):
    """One line of "What happened"."""

    who: User | None
    text: str
    words: str
    at: str
    tone: str


def travelled(events: Iterable[Event]) -> Travelled:
    way = Travelled()
    for event in events:
        if event.verb == REACHED:
            way.apply(event)
    return way


def journey(idea: Idea, events: Iterable[Event]) -> list[StopOnTheWay]:
    """The eight stops of `idea`, whose author is loaded: done with their day, the present one, those to come."""
    way = travelled(events)
    way.reached.setdefault(Stop.IDEA, (idea.created_at, str(idea.author)))
    return [StopOnTheWay(str(stop.label), note(way, stop), state(way, stop), stop.name.lower()) for stop in Stop]


def state(way: Travelled, stop: int) -> str:
    if stop == way.stop:
        return "now"
    return "done" if stop < way.stop else "todo"


def note(way: Travelled, stop: int) -> str:
    """Under a stop: when it was reached and by what; under the present one, that it was taken back there."""
    if stop == way.stop and way.taken_back:
        return way.taken_back
    if stop > way.stop:
        return _("we will ask you") if stop == Stop.FEEDBACK else ""
    at, words = way.reached.get(stop, (None, ""))
    return ", ".join(part for part in (day(at) if at else "", words if len(words) <= 40 else "") if part)


def happenings(idea: Idea, events: Iterable[Event], actor: Actor) -> list[Happening]:
    """What happened to the idea, newest first; customers do not read what only the team decides."""
    lines = [line(idea, event, actor) for event in events]
    return [found for found in reversed(lines) if found]


def line(idea: Idea, event: Event, actor: Actor) -> Happening | None:
    shown = PUBLIC if not actor.is_team else PUBLIC | TEAM_ONLY
    if event.verb == REACHED:
        return reached_line(event, actor)
    if event.verb not in shown:
        return None
    label, tone = shown[event.verb]
    by_author = event.verb == "idea.submitted"
    who = event.actor if actor.is_team or by_author else None
    return Happening(who, str(label), words_of(event), day(event.at), tone)


def reached_line(event: Event, actor: Actor) -> Happening:
    """Reached, or taken back; the words beside it are the reason or the release."""
    stop = str(Stop(event.data["stop"]).label)
    text, tone = _("It reached %(stop)s") % {"stop": stop}, "ok"
    if event.data.get("taken_back"):
        text, tone = _("It was taken back to %(stop)s") % {"stop": stop}, "warn"
    if event.data.get("again"):
        text, tone = _("It is taken up once more"), "info"
    return Happening(event.actor if actor.is_team else None, text, words_of(event), day(event.at), tone)


PUBLIC = {
    "idea.submitted": (gettext_lazy("It was shared"), "new"),
    "idea.accepted": (gettext_lazy("The review accepted it"), "ok"),
    "idea.declined": (gettext_lazy("It was declined"), "bad"),
    "idea.answered": (gettext_lazy("It was answered"), "ok"),
    "idea.asked": (gettext_lazy("The review asked its author"), "warn"),
    "idea.new": (gettext_lazy("It was opened again"), "info"),
}
TEAM_ONLY = {
    "idea.triaged": (gettext_lazy("It was accepted for the review"), "ok"),
    "idea.snoozed": (gettext_lazy("It was snoozed"), "warn"),
    "idea.moved_in_queue": (gettext_lazy("It was moved in the queue"), "info"),
    "idea.merged": (gettext_lazy("It was merged"), "review"),
    "idea.unmerged": (gettext_lazy("It was taken out of its group"), "review"),
}
