"""The tester's bench: the queue, the change being tried, its steps and what was said before."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import Idea
from lifecycle.dates import ago, clock
from lifecycle.roles import Actor
from releases import steps, tries, verdicts
from releases.forms import HoldForm
from releases.models import Candidate, CandidateChange, Change, Verdict
from releases.pages import builds
from releases.pages.builds import News, Staging
from releases.pages.change import Said, returned, verdicts_of
from releases.return_forms import ReturnSheet

S = Change.Status


@dataclass(frozen=True)
class Entry:
    """A change in the bench's queue."""

    change: Change
    since: str
    current: bool = False
    returns: str = ""


@dataclass(frozen=True)
class Decided:
    """A verdict of today."""

    verdict: Verdict
    time: str


@dataclass(frozen=True)
class Step:
    """Something to try; `code` is what its box sends."""

    text: str
    code: str
    is_tried: bool


@dataclass(frozen=True)
class Case:
    """The change being tried."""

    change: Change
    ideas: list[Idea]
    steps: list[Step]
    before: list[Said]
    tries: int
    returns: str
    news: News | None
    approved: Verdict | None

    @property
    def is_undo(self) -> bool:
        """Whether it is tried that the change is gone: it is live, and staging runs without it."""
        return self.change.status == S.LIVE

    @property
    def say(self) -> str:
        return say(self.steps)


def page(actor: Actor, wanted: str) -> dict[str, Any]:
    """Everything testing.html shows; `wanted` is the number of the change to open, else the first one."""
    staging = builds.staging_of(actor)
    waiting, approved = on_staging(staging.candidate), approved_here(staging.candidate)
    chosen = choose([*waiting, *approved], wanted)
    mine = staging.holder is None or staging.holder == actor.user
    following = next_up(actor)
    counts = verdicts.returns_of([*waiting, *approved, *following])
    return {
        "staging": staging,
        "build": builds.name_of(staging.candidate),
        "is_mine": staging.holder is not None and mine,
        "may_decide": mine and actor.may("give_verdict"),
        "headline": headline(waiting, staging, actor),
        "queue": entries(waiting, chosen, counts),
        "approved": entries(approved, chosen, counts),
        "next": entries(following, None, counts),
        "decided": decided(actor),
        "case": case(chosen, staging.candidate, actor, counts) if chosen and staging.candidate else None,
        "hold_form": HoldForm(),
        "sheet": ReturnSheet(steps=steps.of(chosen), by=actor) if chosen else None,
    }


def entries(found: Iterable[Change], chosen: Change | None, counts: dict[int, int]) -> list[Entry]:
    return [
        Entry(change, ago(change.waiting_since), change == chosen, returned(counts.get(change.pk, 0)))
        for change in found
    ]


def on_staging(candidate: Candidate | None) -> list[Change]:
    """What of staging waits for a verdict, taken in or taken out, the longest waiting first."""
    if candidate is None:
        return []
    undone = candidate.rows.filter(action=CandidateChange.Action.UNDO).exclude(change__in=verdicts.standing(candidate))
    waits = Q(candidate_rows__candidate=candidate, status=S.STAGING) | Q(pk__in=undone.values("change"))
    return in_order(Change.objects.filter(waits))


def approved_here(candidate: Candidate | None) -> list[Change]:
    """What was approved and may still be returned: it is in this build."""
    if candidate is None:
        return []
    taken = candidate.rows.exclude(action=CandidateChange.Action.UNDO)
    return in_order(Change.objects.filter(pk__in=taken.values("change"), status=S.APPROVED))


def in_order(rows: Any) -> list[Change]:
    rows = rows.distinct().select_related("revision", "developer", "product", "release")
    return list(rows.order_by("waiting_since", "pk"))


def next_up(actor: Actor) -> list[Change]:
    """Marked ready, not on staging yet."""
    rows = Change.objects.filter(product=actor.product, status=S.READY)
    return list(rows.order_by("waiting_since", "pk")[:10])


def decided(actor: Actor) -> list[Decided]:
    """What testers said today, by the reader's midnight."""
    since = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    rows = Verdict.objects.filter(change__product=actor.product, at__gte=since, carried_from=None)
    return [Decided(row, clock(row.at)) for row in rows.select_related("change").order_by("-id")[:8]]


def choose(found: list[Change], wanted: str) -> Change | None:
    by_number = {str(change.number): change for change in found}
    return by_number.get(wanted) or (found[0] if found else None)


def case(change: Change, candidate: Candidate, actor: Actor, counts: dict[int, int]) -> Case:
    ideas = list(change.ideas.all())
    said = [Said(verdict, ago(verdict.at)) for verdict in verdicts_of(change)[:5]]
    word = verdicts.standing(candidate).get(change.pk)
    return Case(
        change=change,
        ideas=ideas,
        steps=steps_of(change, candidate, actor, ideas),
        before=said,
        tries=change.verdicts.filter(carried_from=None).count() + (change.status == Change.Status.STAGING),
        returns=returned(counts.get(change.pk, 0)),
        news=builds.news(change, candidate, actor.user),
        approved=word if word and word.is_yes else None,
    )


def steps_of(change: Change, candidate: Candidate, actor: Actor, ideas: list[Idea]) -> list[Step]:
    """What to try, with this person's ticks."""
    done = tries.tried(change, candidate, actor.user)
    found = [Step(text, tries.hash_of(text), False) for text in steps.of(change, ideas)]
    return [replace(step, is_tried=step.code in done) for step in found]


def say(found: list[Step]) -> str:
    """ "3 of 5 steps tried"; what still stands between the tester and the yes."""
    done = sum(step.is_tried for step in found)
    if done == len(found):
        return _("Every step was tried")
    return _("%(n)d of %(all)d steps tried") % {"n": done, "all": len(found)}


def untried(found: Iterable[Step]) -> list[str]:
    """The steps whose box was not ticked, for the message above the form."""
    return [step.text for step in found if not step.is_tried]


def headline(waiting: list[Change], staging: Staging, actor: Actor) -> str:
    """How much is to try, and whose staging is."""
    if staging.is_empty:
        return _("Nothing was deployed to staging yet")
    if not waiting:
        return _("Nothing to test")
    count = ngettext("One change to try", "%(n)d changes to try", len(waiting)) % {"n": len(waiting)}
    if staging.holder == actor.user and actor.user:
        return _("%(count)s; staging is yours until %(time)s") % {"count": count, "time": staging.until}
    if staging.holder:
        facts = {"who": staging.holder, "time": staging.until}
        return _("%(who)s holds staging until %(time)s") % facts
    return count
