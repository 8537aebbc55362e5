"""Plans and news as customers see them: no keys, no branches, nothing only the team sees."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import services as ideas
from ideas.models import Idea
from lifecycle.chips import Chip
from lifecycle.dates import day, weekday
from lifecycle.roles import Actor
from releases import chips, customer_dates, invitations, notes, rules
from releases.loading import releases_for
from releases.models import Change, Notes, Release
from releases.pages.calendar import strip

PAGE = 10
OUT = (Release.Status.LIVE, Release.Status.DONE)
COMING = (Release.Status.PLANNED, Release.Status.FROZEN)
TONES = {"ok": "good", "production": "good", "staging": "stg", "development": "dev"}
TESTED = (Change.Status.APPROVED, Change.Status.LIVE)


@dataclass(frozen=True)
class Novelty:
    """One thing customers will notice."""

    idea: Idea
    title: str
    language: str
    text: str
    asked: str
    chip: Chip | None
    is_tested: bool

    @property
    def tone(self) -> str:
        """The colour of its icon."""
        return TONES.get(self.chip.state, "") if self.chip else ""


def page(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything customers.html shows."""
    told = notes.published(release.product).filter(release=release).first()
    news = told_in(told, notes.lines_of(told)) if told else novelties(release, actor)
    return {
        "release": release,
        "intro": told.intro if told else "",
        "headline": headline(release, len(news)),
        "strip": strip(release, for_team=False),
        "news": news,
        "target": target(release),
        "preview_url": invitations.link_for(release, actor.user) if actor.user else "",
        "update_words": rules.of(release.product).update_words.splitlines(),
        "may_follow": bool(news) and not release.is_out,
        "follows": follows(news, actor),
        "frame": "team.html" if actor.is_team else "portal.html",
    }


def target(release: Release) -> dict[str, str]:
    """The date as customers are told it, after a slip with the first one; never what was said within the team."""
    first = customer_dates.first_date(release)
    return {
        "date": customer_dates.words(release),
        "live": day(release.live_at) if release.live_at else "",
        "first": weekday(first) if first else "",
        "reason": release.slip_words if first else "",
    }


def follows(news: list[Novelty], actor: Actor) -> bool:
    """Whether this person hears of all of it already."""
    if actor.user is None or not news:
        return False
    shown = Idea.objects.filter(pk__in=[one.idea.pk for one in news])
    return shown.followed_by(actor.user).count() == len(news)


def follow(release: Release, actor: Actor) -> None:
    """Follow what of the release the actor may see."""
    for one in novelties(release, actor):
        ideas.follow(one.idea, by=actor.user)


def novelties(release: Release, actor: Actor) -> list[Novelty]:
    """The ideas of the release that the actor may see, the most wanted first."""
    changes = release.changes.exclude(status=Change.Status.DROPPED)
    if release.is_out:
        changes = Change.objects.filter(candidate_rows__candidate=release.candidate_id)
    rows = list(changes.filter(ideas__isnull=False).order_by("number").values_list("ideas", "status", "summary"))
    status = {idea: status for idea, status, _summary in rows}
    words = {pk: " ".join(said for idea, _status, said in rows if idea == pk and said) for pk in status}
    found = Idea.objects.visible_to(actor).filter(pk__in=status).order_by("-votes", "number")
    shows_states = release.is_out or rules.of(release.product).shows_states
    return [novelty(idea, status[idea.pk], words[idea.pk], shows_states=shows_states) for idea in found]


def novelty(idea: Idea, status: str, words: str, *, shows_states: bool) -> Novelty:
    """What changes for customers in the plan's words, else how the idea was asked for."""
    chip = chips.NEWS.get(status, chips.NEWS["planned"]) if shows_states else None
    text = words or Truncator(idea.body).chars(160)
    return Novelty(idea, idea.title, idea.language, text, asked_by(idea.votes), chip, status in TESTED)


def asked_by(votes: int) -> str:
    return ngettext("asked by %(n)d person", "asked by %(n)d people", votes) % {"n": votes}


def told_in(told: Notes, lines: list[notes.Line]) -> list[Novelty]:
    """What published notes tell everybody; words that somebody wrote are in no language we know of."""
    return [
        Novelty(
            idea=line.ideas[0],
            title=line.title,
            language="" if line.is_edited else line.ideas[0].language,
            text=line.text,
            asked=asked_by(line.votes),
            chip=chips.NEWS["live"],
            is_tested=True,
        )
        for line in lines
        if told.is_published and line.is_shown
    ]


def headline(release: Release, count: int) -> str:
    things = ngettext("One improvement", "%(n)d improvements", count) % {"n": count}
    if release.status == Release.Status.ROLLED_BACK:
        return _("%(things)s had to be taken back") % {"things": things}
    if release.status in OUT:
        return ngettext("One improvement is here", "%(n)d improvements are here", count) % {"n": count}
    words = customer_dates.words(release)
    return (
        _("%(things)s: %(day)s") % {"things": things, "day": words}
        if words
        else _("%(things)s to come") % {"things": things}
    )


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
        "day": customer_dates.words(release),
        "shows_states": rules.of(release.product).shows_states,
        "news": news,
        "tested": tested,
        "done": done % {"tested": tested, "n": len(news)},
    }


@dataclass(frozen=True)
class Issue:
    """One release in the news."""

    release: Release
    when: str
    intro: str
    news: list[Novelty]


def whats_new(actor: Actor, *, before: str) -> dict[str, Any]:
    """The published notes, the newest first; `before` is the release's id after which it goes on."""
    rows = notes.published(actor.product)
    if before.isdecimal():
        rows = rows.filter(release__lt=int(before))
    found = list(rows[: PAGE + 1])
    lines = notes.lines_of_all(found[:PAGE])
    issues = [issue(told, lines[told.pk]) for told in found[:PAGE]]
    coming = releases_for(actor).filter(status__in=COMING)
    more = f"{reverse('releases:whats_new')}?before={found[PAGE - 1].release_id}" if len(found) > PAGE else ""
    return {"issues": [issue for issue in issues if issue.news], "more": more, "coming": list(coming.order_by("id"))}


def issue(told: Notes, lines: list[notes.Line]) -> Issue:
    return Issue(told.release, day(told.release.live_at), told.intro, told_in(told, lines))
