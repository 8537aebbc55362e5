"""A change as a card on the board."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from deployments.models import Deployment
from environments import holds
from environments.models import Environment
from environments.queries import of_kind
from lifecycle import dates
from lifecycle.chips import Chip
from lifecycle.models import User
from lifecycle.roles import Actor
from releases import candidates, changes, chips
from releases.models import Candidate, CandidateChange, Change, Check


@dataclass(frozen=True)
class Card:
    """`may_decide`: this person may approve or return it here and now, on this `candidate`."""

    number: int
    key: str
    extra: str
    title: str
    url: str
    chip: Chip
    developer: User | None
    is_ready: bool
    may_decide: bool
    candidate: int | None = None


def decides(actor: Actor, runs: Deployment | None) -> bool:
    """Whether this person may say yes or no to what an environment `runs`: to what staging runs, unless another
    tester holds it.
    """
    if runs is None or not actor.may("give_verdict"):
        return False
    tried = candidates.on_staging(actor.product)
    if tried is None or tried.digest != runs.candidate.digest:
        return False
    staging = of_kind(actor.product, Environment.Kind.STAGING)
    return staging is None or holds.holder(staging) in (None, actor.user)


def cards(rows: QuerySet[Change], *, runs: Deployment | None = None, decides: bool = False) -> list[Card]:
    """The cards of these changes; `runs` is what their environment runs, on staging and production."""
    found = list(rows.order_by("waiting_since", "id"))
    checks = newest_checks([change.revision_id for change in found if change.revision_id])
    inside = taken_in(runs.candidate) if runs else set()
    return [card(row, checks.get(row.revision_id), runs if row.pk in inside else None, decides) for row in found]


def taken_in(candidate: Candidate) -> set[int]:
    rows = candidate.rows.filter(action=CandidateChange.Action.APPLY)
    return set(rows.values_list("change", flat=True))


def newest_checks(revisions: list[int]) -> dict[int | None, Check]:
    rows = Check.objects.filter(revision__in=revisions).order_by("revision_id", "-id").distinct("revision_id")
    return {check.revision_id: check for check in rows}


def card(change: Change, check: Check | None, runs: Deployment | None, decides: bool) -> Card:
    on_test = change.status == Change.Status.STAGING and runs is not None
    return Card(
        number=change.number,
        key=change.key,
        extra=runs.candidate.label if runs else change.branch,
        title=change.title,
        url=changes.page_of(change),
        chip=live_chip(runs) if runs and is_live(change) else chip(change, check),
        developer=change.developer,
        is_ready=change.status == Change.Status.READY,
        may_decide=on_test and decides,
        candidate=runs.candidate_id if runs else None,
    )


def is_live(change: Change) -> bool:
    return change.status == Change.Status.LIVE


def live_chip(live: Deployment) -> Chip:
    when = dates.ago(live.verified_at or live.requested_at)
    return Chip("production", "circle-check", _("Live, %(when)s") % {"when": when})


def chip(change: Change, check: Check | None) -> Chip:
    """While a change is being built, what stops it says more than that it is being built."""
    if change.status != Change.Status.DEVELOPMENT:
        return chips.CHANGE[change.status]
    if change.return_reason:
        return chips.RETURNED
    if change.conflict:
        return Chip("bad", "git-merge", _("Conflict"))
    if check is not None and check.status != Check.Status.PASSED:
        return chips.CHECK[check.status]
    return chips.CHANGE[change.status]
