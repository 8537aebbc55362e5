"""Plans and news as customers see them: no keys, no branches, nothing only the team sees."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import Idea
from lifecycle.chips import Chip
from lifecycle.dates import day, weekday
from lifecycle.roles import Actor
from releases import chips
from releases.loading import releases_for
from releases.models import Change, Release
from releases.pages.calendar import strip
from releases.pages.plan import target

PAGE = 10
OUT = (Release.Status.LIVE, Release.Status.DONE)
COMING = (Release.Status.PLANNED, Release.Status.FROZEN)
TONES = {"ok": "good", "production": "good", "staging": "stg", "development": "dev"}
TESTED = (Change.Status.APPROVED, Change.Status.LIVE)


@dataclass(frozen=True)
class Novelty:
    """One thing customers will notice."""

    idea: Idea
    text: str
    asked: str
    chip: Chip
    is_tested: bool

    @property
    def tone(self) -> str:
        """The colour of its icon."""
        return TONES.get(self.chip.state, "")


def page(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything customers.html shows."""
    news = novelties(release, actor)
    return {
        "release": release,
        "headline": headline(release, len(news)),
        "strip": strip(release, for_team=False),
        "news": news,
        "target": target(release),
        "frame": "team.html" if actor.is_team else "portal.html",
    }


def novelties(release: Release, actor: Actor) -> list[Novelty]:
    """The ideas of the release that the actor may see, the most wanted first."""
    changes = release.changes.exclude(status=Change.Status.DROPPED)
    if release.is_out:
        changes = Change.objects.filter(candidate_rows__candidate=release.candidate_id)
    status = dict(changes.filter(ideas__isnull=False).values_list("ideas", "status"))
    ideas = Idea.objects.visible_to(actor).filter(pk__in=status).order_by("-votes", "number")
    return [novelty(idea, status[idea.pk]) for idea in ideas]


def novelty(idea: Idea, status: str) -> Novelty:
    asked = ngettext("asked by %(n)d person", "asked by %(n)d people", idea.votes) % {"n": idea.votes}
    chip = chips.NEWS.get(status, chips.NEWS["planned"])
    return Novelty(idea, Truncator(idea.body).chars(160), asked, chip, status in TESTED)


def headline(release: Release, count: int) -> str:
    things = ngettext("One improvement", "%(n)d improvements", count) % {"n": count}
    if release.status == Release.Status.ROLLED_BACK:
        return _("%(things)s had to be taken back") % {"things": things}
    if release.status in OUT:
        return ngettext("One improvement is here", "%(n)d improvements are here", count) % {"n": count}
    return _("%(things)s: %(day)s") % {"things": things, "day": weekday(release.target_date)}


def next_release(actor: Actor) -> Release | None:
    """The published release that comes first."""
    return releases_for(actor).filter(status__in=COMING).order_by("target_date", "id").first()


def card(release: Release, actor: Actor) -> dict[str, Any]:
    """What _next_release.html shows: the day, and how far its improvements have come."""
    news = novelties(release, actor)
    tested = sum(one.is_tested for one in news)
    done = ngettext("%(tested)s of %(n)s change tested", "%(tested)s of %(n)s changes tested", len(news))
    return {
        "release": release,
        "day": weekday(release.target_date),
        "news": news,
        "tested": tested,
        "done": done % {"tested": tested, "n": len(news)},
    }


@dataclass(frozen=True)
class Issue:
    """One release in the news."""

    release: Release
    when: str
    news: list[Novelty]


def whats_new(actor: Actor, *, before: str) -> dict[str, Any]:
    """What went live and stayed, the newest first; `before` is the id after which it goes on."""
    rows = releases_for(actor).filter(status__in=OUT).order_by("-id")
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    issues = [Issue(release, day(release.live_at), novelties(release, actor)) for release in found[:PAGE]]
    coming = releases_for(actor).filter(status__in=COMING)
    more = f"{reverse('releases:whats_new')}?before={found[PAGE - 1].pk}" if len(found) > PAGE else ""
    return {"issues": [issue for issue in issues if issue.news], "more": more, "coming": list(coming.order_by("id"))}
