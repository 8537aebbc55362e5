"""What the review session and its minutes show."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import seats
from ideas.capacity import Capacity, capacity
from ideas.models import AgendaItem, Ballot, Decision, ReviewSession
from lifecycle.dates import clock, weekday
from lifecycle.models import User

ON_STAGE = (AgendaItem.Status.VOTING, AgendaItem.Status.REVEALED)
FAR_APART = 3
WORDS_ON_AGENDA = 200


class AgendaLine(NamedTuple):
    """One idea of the agenda: `state` is accept, below, decline, now or nothing."""

    item: AgendaItem
    state: str
    words: str


class Line(NamedTuple):
    """The ballots of one scale, placed from 1 to 5; `state` is bad when they are far apart."""

    name: str
    cells: list[list[User]]
    low: int
    width: int
    state: str
    says: str


@dataclass(frozen=True)
class Session:
    """One review as one person sees it."""

    review: ReviewSession
    items: list[AgendaItem]
    item: AgendaItem | None
    table: seats.Table | None
    own: Ballot | None

    @property
    def agenda(self) -> list[AgendaLine]:
        return [agenda_line(item) for item in self.items]

    @property
    def to_go(self) -> int:
        return sum(item.status != AgendaItem.Status.DECIDED for item in self.items)

    @property
    def place(self) -> int:
        return self.items.index(self.item) + 1 if self.item else 0

    @property
    def capacity(self) -> Capacity:
        return capacity(self.review.capacity, self.items, self.item if self.is_revealed else None)

    @property
    def is_planned(self) -> bool:
        return self.review.status == ReviewSession.Status.PLANNED

    @property
    def is_open(self) -> bool:
        return self.review.status == ReviewSession.Status.OPEN

    @property
    def is_voting(self) -> bool:
        return self.is_open and self.item is not None and self.item.status == AgendaItem.Status.VOTING

    @property
    def why_not(self) -> str:
        """Why the ballots cannot be opened yet."""
        return self.table.why_not(with_quorum=False) if self.table else ""

    @property
    def is_revealed(self) -> bool:
        return self.item is not None and self.item.status == AgendaItem.Status.REVEALED

    @property
    def ballots(self) -> list[Ballot]:
        return [seat.ballot for seat in self.table.seats if seat.ballot] if self.table else []

    @property
    def spread(self) -> list[Line]:
        return spread(self.ballots)

    @property
    def headline(self) -> str:
        """The verdict so far."""
        if self.is_planned:
            return planned_headline(self)
        if self.item is None:
            return _("Everything on the agenda is decided") if self.is_open else _("This review is closed")
        if self.is_revealed:
            return revealed_headline(self.ballots, self.spread)
        return _("%(cast)s of %(all)s ballots are in") % {"cast": self.table.cast, "all": self.table.expected}

    @property
    def day(self) -> str:
        return weekday(timezone.localtime(self.review.starts_at))


def session(review: ReviewSession, user: User) -> Session:
    """The review with its agenda and, if an idea is on stage, the table around it; four statements."""
    items = list(
        review.items.filter(idea__canonical=None).select_related("idea__area", "decision").order_by("position", "id")
    )
    item = next((one for one in items if one.status in ON_STAGE), None)
    if item is None:
        return Session(review, items, None, None, None)
    item.session = review
    table = seats.table(item)
    own = next((seat.ballot for seat in table.seats if seat.ballot and seat.ballot.voter_id == user.pk), None)
    return Session(review, items, item, table, own)


def agenda_line(item: AgendaItem) -> AgendaLine:
    if item.status in ON_STAGE:
        return AgendaLine(item, "now", str(item.get_status_display()))
    if item.status == AgendaItem.Status.DECIDED:
        decision = item.decision
        words = decision.get_outcome_display()
        if decision.outcome == Decision.Outcome.ACCEPT:
            points = ngettext("%(n)s point", "%(n)s points", decision.points or 0) % {"n": decision.points}
            words = f"{words}, {points}"
        return AgendaLine(item, CSS[decision.outcome], words)
    return AgendaLine(item, "", why_again(item))


def why_again(item: AgendaItem) -> str:
    """Why an idea comes (back) to the review, with the words of whoever sent it there; nothing after triage."""
    if item.reason == AgendaItem.Reason.TRIAGED and not item.words:
        return ""
    words = Truncator(item.words).chars(WORDS_ON_AGENDA)
    return f"{item.get_reason_display()}: {words}" if words else str(item.get_reason_display())


CSS = {
    Decision.Outcome.ACCEPT: "accepted",
    Decision.Outcome.BELOW: "below",
    Decision.Outcome.DECLINE: "declined",
}


def planned_headline(view: Session) -> str:
    ideas = ngettext("%(n)s idea", "%(n)s ideas", len(view.items)) % {"n": len(view.items)}
    return _("Starts %(day)s at %(time)s with %(ideas)s") % {
        "day": view.day,
        "time": clock(view.review.starts_at),
        "ideas": ideas,
    }


def revealed_headline(ballots: list[Ballot], lines: list[Line]) -> str:
    """Who wants it, and where they are far apart."""
    yes = sum(ballot.choice == Ballot.Choice.YES for ballot in ballots)
    if yes == len(ballots):
        words = _("All say yes")
    elif not yes:
        words = _("All say not now")
    else:
        words = _("%(yes)s of %(all)s say yes") % {"yes": yes, "all": len(ballots)}
    apart = next((line for line in lines if line.state == "bad"), None)
    if apart is None:
        return words
    high = apart.low + apart.width - 1
    return _("%(words)s, but %(scale)s is %(low)s against %(high)s") % {
        "words": words,
        "scale": apart.name.lower(),
        "low": apart.low,
        "high": high,
    }


def spread(ballots: list[Ballot]) -> list[Line]:
    """The three scales with everybody's opinion on them."""
    names = {"urgency": _("Urgency"), "importance": _("Importance"), "complexity": _("Complexity")}
    return [line(name, [(ballot.voter, getattr(ballot, field)) for ballot in ballots]) for field, name in names.items()]


def line(name: str, opinions: list[tuple[User, int]]) -> Line:
    values = [value for _voter, value in opinions] or [1]
    low, high = min(values), max(values)
    between = {"low": low, "high": high}
    cells = [[voter for voter, value in opinions if value == step] for step in range(1, 6)]
    if high - low >= FAR_APART:
        return Line(name, cells, low, high - low + 1, "bad", _("Far apart: %(low)s against %(high)s") % between)
    if low == high:
        return Line(name, cells, low, 1, "ok", _("All say %(value)s") % {"value": low})
    return Line(name, cells, low, high - low + 1, "ok", _("Close: %(low)s to %(high)s") % between)
