"""Opened ballots on their scales: who said what, and how far apart they are."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from ideas.disagreement import FAR_APART
from ideas.models import Ballot
from lifecycle.models import User


class Line(NamedTuple):
    """The ballots of one scale, placed from 1 to 5; `state` is bad when they are far apart."""

    name: str
    cells: list[list[User]]
    low: int
    width: int
    state: str
    says: str


def spread(ballots: list[Ballot]) -> list[Line]:
    """The three scales with everybody's opinion on them; complexity has only the team lead's, if any."""
    names = {"urgency": _("Urgency"), "importance": _("Importance"), "complexity": _("Complexity")}
    return [line(name, opinions(ballots, field)) for field, name in names.items()]


def opinions(ballots: list[Ballot], field: str) -> list[tuple[User, int]]:
    found = [(ballot.voter, getattr(ballot, field)) for ballot in ballots]
    return [(voter, value) for voter, value in found if value is not None]


def line(name: str, said: list[tuple[User, int]]) -> Line:
    cells = [[voter for voter, value in said if value == step] for step in range(1, 6)]
    if not said:
        return Line(name, cells, 0, 0, "none", _("Unknown"))
    values = [value for _voter, value in said]
    low, high = min(values), max(values)
    between = {"low": low, "high": high}
    if high - low >= FAR_APART:
        return Line(name, cells, low, high - low + 1, "bad", _("Far apart: %(low)s against %(high)s") % between)
    if len(said) == 1:
        return Line(name, cells, low, 1, "ok", _("%(name)s says %(value)s") % {"name": said[0][0], "value": low})
    if low == high:
        return Line(name, cells, low, 1, "ok", _("All say %(value)s") % {"value": low})
    return Line(name, cells, low, high - low + 1, "ok", _("Close: %(low)s to %(high)s") % between)


def headline(ballots: list[Ballot]) -> str:
    """Who wants it, and where they are far apart."""
    words = votes_in_words(ballots)
    apart = next((line for line in spread(ballots) if line.state == "bad"), None)
    if apart is None:
        return words
    return _("%(words)s, but %(scale)s is %(low)s against %(high)s") % {
        "words": words,
        "scale": apart.name.lower(),
        "low": apart.low,
        "high": apart.low + apart.width - 1,
    }


def votes_in_words(ballots: list[Ballot]) -> str:
    choices = [ballot.choice for ballot in ballots]
    if len(set(choices)) == 1:
        all_say = {"yes": _("All say yes"), "later": _("All say later"), "no": _("All say no")}
        return all_say[choices[0]]
    return _("%(yes)s of %(all)s say yes") % {"yes": choices.count(Ballot.Choice.YES), "all": len(choices)}
