"""The tester's bench: the queue, the change being tried, its steps and what was said before."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from environments.holds import holder
from environments.models import Environment
from environments.queries import of_kind
from ideas.models import Idea
from lifecycle.dates import ago, clock
from lifecycle.models import User
from lifecycle.roles import Actor
from releases import candidates, steps, verdicts
from releases.forms import HoldForm, ReturnForm
from releases.models import Candidate, CandidateChange, Change, Verdict
from releases.pages.change import Said, verdicts_of

S = Change.Status


@dataclass(frozen=True)
class Entry:
    """A change in the bench's queue."""

    change: Change
    since: str
    current: bool = False


@dataclass(frozen=True)
class Decided:
    """A verdict of the last day."""

    verdict: Verdict
    time: str


@dataclass(frozen=True)
class Case:
    """The change being tried."""

    change: Change
    ideas: list[Idea]
    steps: list[str]
    before: list[Said]
    tries: int

    @property
    def is_undo(self) -> bool:
        """Whether it is tried that the change is gone: it is live, and staging runs without it."""
        return self.change.status == S.LIVE


@dataclass(frozen=True)
class Staging:
    """What staging runs and who holds it."""

    environment: Environment | None
    candidate: Candidate | None
    holder: User | None
    until: str

    @property
    def is_empty(self) -> bool:
        return self.candidate is None


def page(actor: Actor, wanted: str) -> dict[str, Any]:
    """Everything testing.html shows; `wanted` is the number of the change to open, else the first one."""
    staging = staging_of(actor)
    waiting = on_staging(staging.candidate)
    chosen = choose(waiting, wanted)
    mine = staging.holder is None or staging.holder == actor.user
    return {
        "staging": staging,
        "is_mine": staging.holder is not None and mine,
        "may_decide": mine and actor.may("give_verdict"),
        "headline": headline(waiting, staging, actor),
        "queue": [Entry(change, ago(change.waiting_since), change == chosen) for change in waiting],
        "next": [Entry(change, ago(change.waiting_since)) for change in next_up(actor)],
        "decided": decided(actor),
        "case": case(chosen) if chosen else None,
        "hold_form": HoldForm(),
        "return_form": ReturnForm(initial={"candidate": staging.candidate.pk}) if staging.candidate else None,
    }


def staging_of(actor: Actor) -> Staging:
    environment = of_kind(actor.product, Environment.Kind.STAGING)
    person = holder(environment) if environment else None
    until = clock(environment.held_until) if person else ""
    return Staging(environment, candidates.on_staging(actor.product), person, until)


def on_staging(candidate: Candidate | None) -> list[Change]:
    """What of staging waits for a verdict, taken in or taken out, the longest waiting first."""
    if candidate is None:
        return []
    undone = candidate.rows.filter(action=CandidateChange.Action.UNDO).exclude(change__in=verdicts.standing(candidate))
    waits = Q(candidate_rows__candidate=candidate, status=S.STAGING) | Q(pk__in=undone.values("change"))
    rows = Change.objects.filter(waits).distinct()
    return list(rows.select_related("revision", "developer", "product").order_by("waiting_since", "pk"))


def next_up(actor: Actor) -> list[Change]:
    """Marked ready, not on staging yet."""
    rows = Change.objects.filter(product=actor.product, status=S.READY)
    return list(rows.order_by("waiting_since", "pk")[:10])


def decided(actor: Actor) -> list[Decided]:
    since = timezone.now() - timezone.timedelta(days=1)
    rows = Verdict.objects.filter(change__product=actor.product, at__gte=since, carried_from=None)
    return [Decided(row, clock(row.at)) for row in rows.select_related("change").order_by("-id")[:8]]


def choose(waiting: list[Change], wanted: str) -> Change | None:
    by_number = {str(change.number): change for change in waiting}
    return by_number.get(wanted) or (waiting[0] if waiting else None)


def case(change: Change) -> Case:
    ideas = list(change.ideas.all())
    said = [Said(verdict, ago(verdict.at)) for verdict in verdicts_of(change)[:5]]
    return Case(change, ideas, steps.of(change, ideas), said, change.verdicts.filter(carried_from=None).count() + 1)


def untried(change: Change, tried: list[str]) -> list[str]:
    """The steps whose box was not ticked, for the message above the form."""
    wanted = steps.of(change)
    return [step for number, step in enumerate(wanted, start=1) if str(number) not in tried]


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
