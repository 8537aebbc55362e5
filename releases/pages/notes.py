"""The page on which release notes are edited."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lifecycle.dates import clock, day
from releases import demo_answers
from releases.models import Notes
from releases.notes import Line

S = Notes.Status


def page(notes: Notes, lines: list[Line]) -> dict[str, Any]:
    """What notes.html shows beside the form."""
    return {
        "notes": notes,
        "release": notes.release,
        "headline": headline(notes, lines),
        "when": when(notes),
        "edited": edited(notes),
        "said": demo_answers.notes_of(notes.release),
    }


def headline(notes: Notes, lines: list[Line]) -> str:
    count = sum(not line.is_hidden and bool(line.ideas) for line in lines)
    if not count:
        return _("The notes of %(version)s tell customers nothing") % {"version": notes.release}
    facts = {"version": notes.release, "n": count}
    return ngettext("One novelty in %(version)s", "%(n)d novelties in %(version)s", count) % facts


def when(notes: Notes) -> str:
    """When everybody reads them."""
    if notes.status == S.DRAFT:
        return _("Published by themselves when the watch has closed well.")
    if notes.status == S.WITHDRAWN:
        return _("Withdrawn: the release was taken back. They return when it is live again and its watch closed well.")
    return _("Published on %(day)s, %(time)s. What you change is seen at once.") % {
        "day": day(notes.published_at),
        "time": clock(notes.published_at),
    }


def edited(notes: Notes) -> str:
    if notes.edited_at is None:
        return _("Nobody has read them over yet: they are the plan's own words.")
    return _("Edited by %(who)s on %(day)s, %(time)s.") % {
        "who": notes.edited_by,
        "day": day(notes.edited_at),
        "time": clock(notes.edited_at),
    }
