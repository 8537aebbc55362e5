"""The roadmap: what is being built, what is planned, what is in the queue, and what has just come."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from ideas.models import Idea, Stop
from lifecycle.chips import Chip
from lifecycle.events import said
from lifecycle.roles import Actor

LIVE_DAYS = 30
MOST = 15


class Entry(NamedTuple):
    """One idea on the roadmap."""

    number: int
    title: str
    language: str
    votes: int
    note: str
    chip: Chip
    stop: int


class Column(NamedTuple):
    """One of them, with a word about what stands in it."""

    title: str
    words: str
    entries: list[Entry]


def columns(actor: Actor, *, at: datetime) -> list[Column]:
    """Now, next, later and what has just arrived, each by votes; one statement."""
    going = Q(stop__in=range(Stop.PLANNED, Stop.PRODUCTION)) | Q(queue_rank__gt=0)
    fresh = Q(stop__gte=Stop.PRODUCTION, moved_at__gte=at - timedelta(days=LIVE_DAYS))
    ideas = list(Idea.objects.visible_to(actor).primary().filter(going | fresh).popular()[: 10 * MOST])
    return [
        column(_("Now"), _("being built and tested"), ideas, range(Stop.DEVELOPMENT, Stop.PRODUCTION)),
        column(_("Next"), _("in a release plan"), ideas, range(Stop.PLANNED, Stop.DEVELOPMENT)),
        column(_("Later"), _("accepted, in the queue"), ideas, range(Stop.IDEA, Stop.PLANNED)),
        column(_("Just arrived"), _("live in the last month"), ideas, range(Stop.PRODUCTION, Stop.FEEDBACK + 1)),
    ]


def column(title: str, words: str, ideas: list[Idea], stops: range) -> Column:
    return Column(title, words, [entry(idea) for idea in ideas if idea.stop in stops][:MOST])


def entry(idea: Idea) -> Entry:
    words = said(idea.stop_note)
    note = words if len(words) <= 40 else ""
    return Entry(idea.number, idea.title, idea.language, idea.votes, note, idea.chip, idea.stop - 1)
