"""The triage desk: what waits, the request in hand, what is like it, and how far one has come today."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import search
from ideas.chips import SOURCES
from ideas.models import Idea, Stop
from lifecycle.chips import Chip
from lifecycle.dates import ago
from lifecycle.models import Event, User
from lifecycle.roles import Actor

LISTED = 50
DECIDED = {
    "idea.triaged": "a",
    "idea.accepted": "a",
    "idea.answered": "a",
    "idea.merged": "m",
    "idea.declined": "d",
    "idea.snoozed": "s",
}


class Request(NamedTuple):
    """One line of the waiting list; `dup` is high, some or none."""

    number: int
    title: str
    language: str
    source: str
    source_icon: str
    age: str
    dup: str
    dup_words: str


class Alike(NamedTuple):
    """A similar idea beside the request, with the common words marked and the merge named by its outcome."""

    idea: Idea
    title: SafeString
    why: SafeString
    chip: Chip
    action: str
    is_likely: bool


@dataclass(frozen=True)
class Tally:
    """What one person has decided today: a code per decision (a, m, d, s) in order, and the pace."""

    codes: list[str]
    minutes: int

    @property
    def words(self) -> str:
        """ "13 today: 6 accepted, 4 merged, 2 declined, 1 snoozed"."""
        count = self.codes.count
        return _("%(n)s today: %(a)s accepted, %(m)s merged, %(d)s declined, %(s)s snoozed") % {
            "n": len(self.codes),
            "a": count("a"),
            "m": count("m"),
            "d": count("d"),
            "s": count("s"),
        }

    def cells(self, left: int) -> list[str]:
        """At most 50 cells: the decisions of today, then what is left."""
        done = self.codes[-LISTED:]
        return done + [""] * min(left, LISTED - len(done))

    def headline(self, left: int) -> str:
        """How much is left, and how long it takes at today's pace."""
        if not left:
            return _("Nothing waits")
        if len(self.codes) < 3 or not self.minutes:
            return ngettext("%(n)s request waits", "%(n)s requests wait", left) % {"n": left}
        minutes = math.ceil(self.minutes / len(self.codes) * left)
        words = ngettext("%(n)s left, about a minute", "%(n)s left, about %(minutes)s minutes at your pace", minutes)
        return words % {"n": left, "minutes": minutes}


def tally(user: User, product_id: int, *, at: datetime) -> Tally:
    """Today's decisions of `user`, in their own time zone."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    events = Event.objects.filter(
        actor=user, product=product_id, subject_kind="idea", verb__in=DECIDED, at__gte=midnight
    )
    rows = list(events.order_by("id").values_list("verb", "at"))
    spent = rows[-1][1] - rows[0][1] if rows else timedelta()
    return Tally([DECIDED[verb] for verb, _at in rows], int(spent.total_seconds() // 60))


def requests(waiting: Sequence[Idea], *, at: datetime) -> list[Request]:
    """The waiting list's lines; one statement more finds how alike each is to what exists."""
    near = search.nearest(list(waiting))
    return [request(idea, near.get(idea.pk, 0.0), at) for idea in waiting]


def request(idea: Idea, alike: float, at: datetime) -> Request:
    dup, words = ("none", _("new"))
    if alike >= search.MAYBE:
        dup, words = ("some", _("maybe a duplicate"))
    if alike >= search.PROBABLY_THE_SAME:
        dup, words = ("high", _("likely a duplicate"))
    source = Idea.Source(idea.source)
    return Request(
        idea.number,
        idea.title,
        idea.language,
        source.label,
        SOURCES[source.value],
        ago(idea.created_at, now=at),
        dup,
        words,
    )


def alike(idea: Idea, actor: Actor, words: str = "") -> list[Alike]:
    """The three ideas most like `idea`, or what `words` (a number, or some of its words) find."""
    if words:
        found = list(Idea.objects.visible_to(actor).primary().matching(words).exclude(pk=idea.pk).popular()[:6])
    else:
        found = search.similar(actor, f"{idea.title} {idea.body}", but=idea, limit=3)
    return [beside(other, idea) for other in found]


def beside(other: Idea, idea: Idea) -> Alike:
    common = search.common_words(f"{idea.title} {idea.body}", f"{other.title} {other.body}")
    is_likely = getattr(other, "score", 0) >= search.MAYBE
    return Alike(
        other, marked(other.title, common), marked(other.body[:160], common), other.chip, action(other), is_likely
    )


def action(other: Idea) -> str:
    """What merging into `other` means for the people who asked."""
    if other.status == Idea.Status.DECLINED:
        return _("Merge, send its reason")
    if other.stop >= Stop.PRODUCTION:
        return _("Merge, tell them it is live")
    return _("Merge into %(number)s") % {"number": other.number}


def marked(text: str, common: set[str]) -> SafeString:
    """The text with the words that begin like one of `common` marked."""
    words = [
        format_html("<mark>{}</mark>", word) if search.stems(word) & common else conditional_escape(word)
        for word in text.split()
    ]
    return mark_safe(" ".join(words))
