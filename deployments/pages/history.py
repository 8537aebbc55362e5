"""Deployments as rows: all of a product, or what ran in one environment."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import chips, running
from deployments.models import Deployment
from deployments.names import destination, name
from deployments.pages.log import number
from environments.models import Environment
from lifecycle import dates
from lifecycle.chips import Chip
from lifecycle.models import Product, User

PAGE = 25


@dataclass(frozen=True)
class Row:
    """One deployment in a list."""

    pk: int
    url: str
    title: str
    environment: str
    chip: Chip
    who: User | None
    when: str
    took: str
    reason: str


def deployments(product: Product, *, before: str = "") -> dict[str, Any]:
    """A page of all deployments, the newest first."""
    rows = Deployment.objects.filter(product=product)
    return {**page(rows, reverse("deployments:list"), before), "headline": on_the_way(rows)}


def on_the_way(rows: QuerySet[Deployment]) -> str:
    """The verdict above the list: how many have not ended, and how the newest ended when all have."""
    count = rows.filter(status__in=[*Deployment.ACTIVE, *Deployment.WAITING]).count()
    if count:
        return ngettext("%(n)d deployment is on its way", "%(n)d deployments are on their way", count) % {"n": count}
    newest = rows.order_by("-id").values_list("status", flat=True).first()
    if newest in Deployment.ENDINGS:
        return _("The last deployment did not arrive")
    return _("Nothing is on its way")


def of_environment(environment: Environment, *, before: str = "") -> dict[str, Any]:
    """A page of the deployments that went to this environment, and what it runs now."""
    found = page(
        Deployment.objects.filter(environment=environment),
        reverse("deployments:history", args=[environment.slug]),
        before,
    )
    current = running.current(environment)
    return {**found, "environment": environment, "current": current, "headline": runs(environment, current)}


def runs(environment: Environment, current: Deployment | None) -> str:
    if current is None:
        return _("%(environment)s runs nothing yet") % {"environment": environment}
    when = dates.ago(current.verified_at or current.requested_at)
    names = {"environment": environment, "candidate": name(current.candidate), "when": when}
    return _("%(environment)s runs %(candidate)s, deployed %(when)s") % names


def page(rows: QuerySet[Deployment], url: str, before: str) -> dict[str, Any]:
    """Keyset by id: `before` is the last id that was shown."""
    rows = rows.select_related("environment", "candidate", "requested_by").order_by("-id")
    last = number(before)
    found = list((rows.filter(pk__lt=last) if last else rows)[: PAGE + 1])
    more = f"{url}?before={found[PAGE - 1].pk}" if len(found) > PAGE else ""
    return {"rows": [row(one) for one in found[:PAGE]], "more": more}


def row(deployment: Deployment) -> Row:
    back = deployment.kind == Deployment.Kind.ROLLBACK
    done = deployment.status == Deployment.Status.SUCCEEDED
    words = _("Back to %(candidate)s") if back else "%(candidate)s"
    return Row(
        pk=deployment.pk,
        url=reverse("deployments:detail", args=[deployment.pk]),
        title=words % {"candidate": (destination if back else name)(deployment.candidate)},
        environment=deployment.environment.name,
        chip=chips.ROLLED_BACK if back and done else chips.DEPLOYMENT[deployment.status],
        who=deployment.requested_by,
        when=f"{dates.day(deployment.requested_at)}, {dates.clock(deployment.requested_at)}",
        took=took(deployment),
        reason=deployment.reason or (deployment.error if not done else ""),
    )


def took(deployment: Deployment) -> str:
    """How long it took, once it has ended."""
    if deployment.started_at is None or deployment.finished_at is None:
        return ""
    return dates.took((deployment.finished_at - deployment.started_at).total_seconds())
