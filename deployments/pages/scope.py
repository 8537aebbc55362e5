"""What can be changed of a frozen release, and what is lost when its plan is opened again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from deployments import running
from deployments.forms import ReasonForm
from deployments.models import Deployment, ShippingTime
from releases import freezing, pins, rescoping, signoffs
from releases.models import Approval, Candidate, Change, Release

Fact = tuple[str, str, str]
"""Icon, tone, words."""
AT_MOST = 30


@dataclass(frozen=True)
class Inside:
    """A change of the frozen release: what is built on it goes with it; `is_newer`: something was pushed since."""

    change: Change
    above: list[Change]
    is_newer: bool

    @property
    def leaving(self) -> str:
        return ", ".join(one.key for one in (self.change, *self.above))


def page(release: Release, form: ReasonForm | None = None) -> dict[str, Any]:
    """Everything scope.html shows."""
    changes = list(release.changes.select_related("developer", "revision").order_by("number"))
    return {
        "release": release,
        "form": form or ReasonForm(),
        "inside": [inside(release, change) for change in changes],
        "outside": outside(release),
        "blocked": blocked(release),
    }


def inside(release: Release, change: Change) -> Inside:
    candidate = release.candidate
    is_newer = candidate is not None and rescoping.is_pushed_over(candidate, change)
    return Inside(change, rescoping.built_on(release, change), is_newer)


def outside(release: Release) -> list[Change]:
    """What is offered for staging and in no frozen release."""
    free = Q(release=None) | Q(release__kind=Release.Kind.PLANNED, release__status__in=["draft", "planned"])
    rows = Change.objects.filter(free, product=release.product_id, status__in=freezing.OFFERED)
    return list(rows.select_related("developer", "release").order_by("number")[:AT_MOST])


def blocked(release: Release) -> str:
    """Why nothing of it can be changed now; "" if it can."""
    if not release.is_frozen:
        return _("Release %(release)s is not frozen.") % {"release": release}
    if release.is_parked:
        return _("%(release)s made way; it is put together again when it comes back.") % {"release": release}
    return ""


def opening(release: Release, form: ReasonForm | None = None) -> dict[str, Any]:
    """Everything unfreeze.html shows."""
    lost = list(what_is_lost(release)) if release.is_frozen else []
    return {"release": release, "form": form or ReasonForm(), "lost": lost}


def what_is_lost(release: Release) -> Iterator[Fact]:
    """What nobody has any more once the plan is open."""
    yield "flask-conical", "", _("Staging is free for what is ready next.")
    yield from waiting(release)
    if release.candidate is not None:
        yield from words_about(release, release.candidate)
    for change in pins.pushed_over(release.candidate):
        text = _("%(change)s is in development again: something newer was pushed that nobody tested.")
        yield "git-branch", "warn", text % {"change": change.key}


def waiting(release: Release) -> Iterator[Fact]:
    production = running.production(release.product)
    line = running.line(production) if production else Deployment.objects.none()
    if line.filter(release=release, kind=Deployment.Kind.DEPLOY).exists():
        yield "clock", "bad", _("What waits for production is cancelled.")
    if ShippingTime.objects.filter(release=release).exists():
        yield "clock", "warn", _("The time that was chosen counts for whatever is frozen next.")


def words_about(release: Release, candidate: Candidate) -> Iterator[Fact]:
    """What was said about this digest; it counts again only for exactly the same."""
    digest = candidate.digest[:12]
    if digest:
        yield "package", "", _("Candidate %(digest)s is not what goes to production.") % {"digest": digest}
    for audience, said in signoffs.standing(release).items():
        if said.is_yes:
            text = _("The yes of %(who)s after the demo (%(audience)s) counts only for exactly the same.")
            yield "presentation", "bad", text % {"who": said.by, "audience": said.Audience(audience).label}
    given = release.approvals.filter(digest=candidate.digest, outcome=Approval.Outcome.YES, withdrawn_at=None)
    for approval in given.select_related("by"):
        yield "stamp", "bad", _("The approval of %(who)s counts only for exactly the same.") % {"who": approval.by}
