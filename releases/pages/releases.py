"""The list of releases, and the queue to choose a new one from."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import Idea
from lifecycle.dates import day, weekday
from lifecycle.forms import field
from lifecycle.roles import Actor
from releases import customer_dates
from releases.models import Change, Release

PAGE = 20


@dataclass(frozen=True)
class Row:
    """A release in the list: what it is and when."""

    release: Release
    changes: str
    when: str


def listing(releases: QuerySet[Release], actor: Actor, *, before: str) -> dict[str, Any]:
    """A page of releases, the newest first; `before` is the id after which it goes on."""
    approved = Count("changes", filter=Q(changes__status__in=[Change.Status.APPROVED, Change.Status.LIVE]))
    rows = releases.annotate(planned=Count("changes"), approved=approved).order_by("-id")
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    more = f"{reverse('releases:list')}?before={found[PAGE - 1].pk}" if len(found) > PAGE else ""
    shown = [Row(release, changes_of(release), when(release, actor)) for release in found[:PAGE]]
    return {"rows": shown, "more": more, "headline": headline(found)}


def headline(found: list[Release]) -> str:
    frozen = next((release for release in found if release.is_frozen), None)
    coming = next((release for release in found if release.is_open), None)
    if frozen:
        return _("%(version)s is in testing") % {"version": frozen}
    if coming:
        return _("%(version)s comes next") % {"version": coming}
    return _("No release is planned") if found else _("There is no release yet")


def changes_of(release: Any) -> str:
    """Of a row of `listing`, which has been counted."""
    if release.is_undo:
        count = release.undoes.count()
        return ngettext("takes %(n)d change out", "takes %(n)d changes out", count) % {"n": count}
    if not release.planned:
        return _("nothing planned")
    text = ngettext("%(n)d change", "%(n)d changes", release.planned) % {"n": release.planned}
    return _("%(changes)s, %(approved)d approved") % {"changes": text, "approved": release.approved}


def when(release: Release, actor: Actor) -> str:
    """The date as this person may know it; "" when customers are told none."""
    if release.live_at:
        return _("live since %(day)s") % {"day": day(release.live_at)}
    return weekday(release.target_date) if actor.is_team else customer_dates.words(release)


@dataclass(frozen=True)
class Choice:
    """An idea of the queue beside its box."""

    idea: Idea
    checked: bool
    points: str
    votes: str


def queue(form: forms.Form) -> list[Choice]:
    """The ideas that the form offers, in the queue's order; the ticked ones stay ticked after a mistake."""
    ticked = {str(value) for value in form["ideas"].value() or []}
    return [
        Choice(
            idea,
            str(idea.pk) in ticked,
            ngettext("%(n)d point", "%(n)d points", idea.points) % {"n": idea.points} if idea.points else "",
            ngettext("%(n)d vote", "%(n)d votes", idea.votes) % {"n": idea.votes},
        )
        for idea in field(form, "ideas").queryset
    ]
