"""Planned against delivered in words, for the plan's rail and the outcome."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lifecycle.dates import day
from releases import delivered
from releases.models import Change, Release


@dataclass(frozen=True)
class Line:
    """One change that came late or left: its icon's tone, and what is to say about it."""

    change: Change
    is_added: bool
    words: str


@dataclass(frozen=True)
class Card:
    """What _delivered.html shows."""

    headline: str
    slip: str
    lines: list[Line]
    efforts: list[delivered.Effort]
    is_kept: bool


def card(release: Release) -> Card | None:
    """None where nothing was promised."""
    found = delivered.compare(release)
    if found is None:
        return None
    left = release.status == Release.Status.ROLLED_BACK
    said = _("Delivered, and taken back") if left else headline(found)
    return Card(said, slip(found), lines(found), found.efforts, found.is_as_planned and not left)


def headline(found: delivered.Delivered) -> str:
    if found.is_final:
        counts = {"n": len(found.kept), "all": found.promised}
        return _("%(n)d of %(all)d promised changes delivered") % counts
    if found.added or found.gone:
        return _("The plan has changed since it was published")
    return _("The plan is as it was published")


def slip(found: delivered.Delivered) -> str:
    """How far from the first date, in days; "" before it is live without a slip."""
    if found.slip_days > 0:
        return ngettext("%(n)d day later than promised", "%(n)d days later than promised", found.slip_days) % {
            "n": found.slip_days
        }
    if found.slip_days < 0:
        return ngettext("%(n)d day earlier than promised", "%(n)d days earlier than promised", -found.slip_days) % {
            "n": -found.slip_days
        }
    return _("On the day") if found.is_final else ""


def lines(found: delivered.Delivered) -> list[Line]:
    added = [Line(row.change, True, added_words(row)) for row in found.added]
    return [*added, *(Line(row.change, False, gone_words(row)) for row in found.gone)]


def added_words(row: delivered.Added) -> str:
    return _("added on %(day)s") % {"day": day(row.on)} if row.on else _("added when it was put together")


def gone_words(row: delivered.Gone) -> str:
    return _("left: %(reason)s") % {"reason": row.reason} if row.reason else _("left the plan")
