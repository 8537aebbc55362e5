"""One line of a review's agenda: what stands there depends on how far the idea is."""

from datetime import datetime
from typing import NamedTuple

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import disagreement, scoring
from ideas.models import AgendaItem, Decision, Rhythm
from ideas.seats import Table
from lifecycle.models import User

WORDS_ON_AGENDA = 200
CSS = {
    Decision.Outcome.QUEUE: "accepted",
    Decision.Outcome.LATER: "below",
    Decision.Outcome.DECLINE: "declined",
    Decision.Outcome.ASK: "asked",
}


class AgendaLine(NamedTuple):
    """One idea of the agenda: `state` is accepted, below, declined, asked, now, open or nothing.

    `cast` of `expected` ballots are in while they are secret (None: nobody is asked); `is_mine` is among them.
    """

    item: AgendaItem
    state: str
    words: str
    score: str
    cast: int | None
    expected: int
    is_mine: bool


def line(item: AgendaItem, table: Table | None, user: User, *, on_stage: bool, unit: str, at: datetime) -> AgendaLine:
    """The line of one idea; `table` is given while its ballots are cast."""
    score = score_in_words(item, at)
    if item.decision:
        return AgendaLine(item, CSS[item.decision.outcome], in_words(item.decision, unit), score, None, 0, False)
    if item.is_revealed:
        return AgendaLine(item, "now" if on_stage else "open", _("Deciding"), score, None, 0, False)
    state, words = "now" if on_stage else "", why_again(item)
    if table is None:
        return AgendaLine(item, state, words, score, None, 0, False)
    return AgendaLine(item, state, words, score, table.cast, table.expected, table.own(user) is not None)


def score_in_words(item: AgendaItem, at: datetime) -> str:
    """The score and its parts: "Score 71: importance +40, urgency +18"."""
    parts = ", ".join(f"{part.name} {part.by:+}" for part in scoring.parts(item, at=at))
    return _("Score %(score)s: %(parts)s") % {"score": item.score, "parts": parts}


def in_turn(item: AgendaItem) -> tuple[object, ...]:
    if item.decision:
        return 0, item.decision.at, item.pk
    return (1, *disagreement.rank(item)) if item.is_revealed else (2, item.position, item.pk)


def in_words(decision: Decision, unit: str) -> str:
    """ "Into the queue, 5 points"."""
    words = str(decision.get_outcome_display())
    if decision.outcome != Decision.Outcome.QUEUE:
        return words
    return f"{words}, {amount(decision.points or 0, unit)}"


def amount(size: int, unit: str) -> str:
    """A size in the unit of the house."""
    if unit == Rhythm.Unit.DAYS:
        return ngettext("%(n)s day", "%(n)s days", size) % {"n": size}
    return ngettext("%(n)s point", "%(n)s points", size) % {"n": size}


def why_again(item: AgendaItem) -> str:
    """Why an idea comes (back) to the review, with the words of whoever sent it there; nothing after triage."""
    if item.carried_from:
        return _("Carried over from %(week)s") % {"week": item.carried_from.week}
    if item.reason == AgendaItem.Reason.TRIAGED and not item.words:
        return ""
    words = Truncator(item.words).chars(WORDS_ON_AGENDA)
    return f"{item.get_reason_display()}: {words}" if words else str(item.get_reason_display())
