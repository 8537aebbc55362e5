"""The question before a rollback: what leaves, what stays, who is told, how long the rehearsal took."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import running, services
from deployments.models import Deployment
from deployments.names import destination, name
from deployments.previews import Measured, Preview, last_here, preview
from environments.models import Environment
from lifecycle import dates
from lifecycle.transitions import NotAllowed
from releases.models import Candidate
from releases.pages.losses import Fact, asked_for, told, what_stays


def button(environment: Environment, target: Candidate | None) -> dict[str, str]:
    """What leads to the question."""
    return {
        "id": f"rollback-{environment.slug}",
        "action": reverse("deployments:roll_back", args=[environment.slug]),
        "button": _("Roll back to %(target)s") % {"target": destination(target)},
    }


def offered(environment: Environment) -> dict[str, str] | None:
    """The button alone, without what the question says; None if there is no way back."""
    try:
        target, _leaves = services.require_way_back(environment)
    except NotAllowed:
        return None
    return button(environment, target)


def confirmation(environment: Environment, *, to: str | None = None) -> dict[str, Any]:
    """What confirm.html shows. `target` is None if there is no way back: `why_not` says why, `instead` what to do.

    `to` is the release of those `further` back that was chosen.
    """
    found = preview(environment, to=to)
    target = found.target
    title = _("Roll %(environment)s back to %(target)s?") % {"environment": environment, "target": destination(target)}
    return {
        **button(environment, target),
        "crumb": _("Environments"),
        "title": title,
        "text": _("Code and configuration go back exactly; data stays. Whatever is on its way is stopped first."),
        "facts": facts(found) if target else [],
        "reason": _("Reason, for the record"),
        "yes": _("Roll back now"),
        "no": _("Keep %(version)s") % {"version": name(found.newest)},
        "danger": True,
        "back": reverse("deployments:board"),
        "target": target,
        "to": running.release_id(target) if target else "",
        "runs": running.release_id(found.newest) if found.newest else "",
        "further": others(found),
        "why_not": found.why_not,
        "instead": found.instead,
    }


def others(found: Preview) -> list[dict[str, str]]:
    """The other releases that one may go back to at once, nearest first."""
    address = reverse("deployments:roll_back", args=[found.environment.slug])
    candidates = [one for one in (found.nearest, *found.further) if one is not None and one != found.target]
    return [
        {"name": destination(one), "to": f"{address}?{urlencode({'to': running.release_id(one)})}"}
        for one in candidates
    ]


def facts(found: Preview) -> list[Fact]:
    leads = [leads_to(found)] if found.newest != found.target else []
    return [*leads, what_leaves(found), *asked_for(found), what_stays(found), *told(found), *how_long(found.measured)]


def leads_to(found: Preview) -> Fact:
    """Where it leads, and since when that is known to work here."""
    rows = Deployment.objects.filter(environment=found.environment, candidate=found.target)
    last = rows.filter(status=Deployment.Status.SUCCEEDED).order_by("-verified_at").first()
    if last is None or last.verified_at is None:
        return "undo-2", "", _("It leads to %(target)s") % {"target": destination(found.target)}
    text = _("It leads to %(target)s, which was verified here %(when)s")
    return "undo-2", "", text % {"target": destination(found.target), "when": dates.ago(last.verified_at)}


def what_leaves(found: Preview) -> Fact:
    count = len(found.leaving)
    if not count:
        return "check", "good", _("No change leaves %(environment)s") % {"environment": found.environment}
    text = ngettext("%(n)d change leaves %(environment)s", "%(n)d changes leave %(environment)s", count)
    text %= {"n": count, "environment": found.environment}
    return "minus", "bad", f"{text}: {', '.join(change.title for change in found.leaving)}"


def how_long(measured: Measured | None) -> list[Fact]:
    """How long it took when it was rehearsed, or whatever comes nearest."""
    if measured is None:
        return []
    texts = {
        "rehearsal": _("The rehearsal on staging took %(time)s"),
        "rollback": _("The last rollback took %(time)s"),
        "deployment": _("The last deployment took %(time)s"),
    }
    text = texts[measured.of] % {"time": dates.took(measured.seconds)}
    if measured.of == "rehearsal" and measured.at:
        text += f" ({dates.day(measured.at)}, {dates.clock(measured.at)})"
    return [("clock", "", text)]


def how_long_here(environment: Environment) -> list[Fact]:
    return how_long(last_here(environment))
