"""One deployment: the verdict in words, who serves, steps, log, and why it stopped if it did."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from deployments import admission, break_glass, bridges, chips, gates, running, times
from deployments.models import Deployment, Step, Watch
from deployments.pages import log, steps, verdict
from deployments.pages.history import took
from deployments.pages.rollback import confirmation, offered
from environments import variables
from environments.models import Environment
from environments.variables import Configuration, Difference
from lifecycle.models import LogLine
from lifecycle.roles import Actor
from releases.models import Change

S, Kind = Deployment.Status, Deployment.Kind
OUTPUT_LINES = 12


def detail(deployment: Deployment, actor: Actor) -> dict[str, Any]:
    """Everything on the page."""
    moving, earlier = news(deployment, actor, 0), running.before(deployment)
    return {
        **moving,
        "roll_back": confirmation(deployment.environment) if moving["rollback"] else None,
        "changes": brings(deployment),
        "variables": variables_brought(deployment, earlier),
        "delta_url": delta_url(deployment, earlier),
        "raw_url": reverse("deployments:raw_log", args=[deployment.pk]),
        "stop": stop_question(deployment),
        "glass": (glass := break_glass.of_deployment(deployment)),
        "glass_by": gates.broken_by(glass) if glass else "",
    }


def news(deployment: Deployment, actor: Actor, after: int) -> dict[str, Any]:
    """What moves, and the lines behind `after`, as of one moment."""
    return {**live(deployment, actor), **log.news(deployment, after, name="news")}


def live(deployment: Deployment, actor: Actor) -> dict[str, Any]:
    """What moves while it runs: headline, steps, who serves, what one may do."""
    rows = steps.rows(deployment)
    going = not deployment.is_final
    may_stop = going and deployment.status not in (S.RETURNING, S.ABORTING) and not deployment.abort_requested_at
    return {
        "deployment": deployment,
        "headline": verdict.headline(deployment, rows),
        "crumb": crumb(deployment),
        "chip": chips.DEPLOYMENT[deployment.status],
        "steps": rows,
        "backup": backup(deployment),
        "clock": took(deployment),
        "starts": times.sentence(deployment),
        "serves": verdict.serves(deployment),
        "why": verdict.why(deployment, rows),
        "output": output(deployment),
        "may_stop": may_stop and actor.may("abort_deployment"),
        "may_retry": is_worth_another_try(deployment) and may_try_again(deployment, actor),
        "rollback": way_back(deployment, actor),
        "watch": Watch.objects.filter(deployment=deployment).first() if deployment.is_final else None,
    }


def is_worth_another_try(deployment: Deployment) -> bool:
    """Half of a rehearsal is tried again with the other half, from its release."""
    is_half = deployment.kind == Deployment.Kind.REHEARSAL
    return deployment.status in (S.FAILED, S.ERRORED, S.ABORTED) and not is_half


def may_try_again(deployment: Deployment, actor: Actor) -> bool:
    return actor.may("deploy") and actor.may(admission.verb_of(deployment.environment, deployment.kind))


def backup(deployment: Deployment) -> str:
    """Where the copy is that was made before the migration, in its command's words; "" if there is none."""
    made = deployment.steps.filter(key="backup", status=Step.Status.DONE).first()
    return made.detail if made else ""


def crumb(deployment: Deployment) -> str:
    words = {
        Kind.DEPLOY: _("Deployment %(id)s to %(environment)s"),
        Kind.ROLLBACK: _("Rollback %(id)s of %(environment)s"),
        Kind.REHEARSAL: _("Rehearsal %(id)s on %(environment)s"),
    }
    return words[Kind(deployment.kind)] % {"id": deployment.pk, "environment": deployment.environment}


def output(deployment: Deployment) -> list[str]:
    """The last lines of what went wrong, unless they only repeat the error."""
    if deployment.status not in (S.FAILED, S.ERRORED):
        return []
    errors = [LogLine.Stream.ERR, LogLine.Stream.WARN]
    rows = LogLine.objects.filter(log=deployment.log_key, stream__in=errors).order_by("-seq")
    lines = list(rows.values_list("text", flat=True)[:OUTPUT_LINES])[::-1]
    return [] if lines == [deployment.error] else lines


def brings(deployment: Deployment) -> list[Change]:
    """The changes that come with it, or with a rollback those that leave."""
    if deployment.previous is None:
        return []
    pair = (deployment.candidate, deployment.previous)
    newer, older = pair[::-1] if deployment.kind == Kind.ROLLBACK else pair
    return running.leaving(newer, older)


def variables_brought(deployment: Deployment, earlier: Deployment | None) -> list[Difference] | None:
    """What it is started with differently from what ran before; None if that is not known."""
    if earlier is None:
        return None
    place, version = deployment.environment, running.config_of(deployment)
    return variables.between(Configuration(place, earlier.config_version), Configuration(place, version))


def delta_url(deployment: Deployment, earlier: Deployment | None) -> str:
    """What differs; addressed by deployments, because environments move on and variables go with them."""
    if deployment.previous is None:
        return ""
    before = f"d{earlier.pk}" if earlier else f"c{deployment.previous.pk}"
    return reverse("deployments:delta", args=[before, f"d{deployment.pk}"])


def way_back(deployment: Deployment, actor: Actor) -> dict[str, str] | None:
    """The button, while this deployment is what production runs or is about to, or left nobody sure what it runs."""
    place = deployment.environment
    is_back = deployment.kind == Kind.ROLLBACK and deployment.status == S.SUCCEEDED
    if place.kind != Environment.Kind.PRODUCTION or not actor.may("roll_back") or is_back:
        return None
    current = running.current(place)
    if deployment.is_active or (current and current.pk == deployment.pk) or verdict.needs_a_way_out(deployment):
        return offered(place)
    return None


def stop_question(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": "stop",
        "title": _("Stop deployment %(id)s?") % {"id": deployment.pk},
        "text": _("It ends at the next safe moment; what ran before keeps running."),
        "action": reverse("deployments:abort", args=[deployment.pk]),
        "facts": stays(deployment),
        "reason": _("Reason, for the record"),
        "yes": _("Stop it"),
        "no": _("Let it go on"),
        "danger": True,
        "back": reverse("deployments:detail", args=[deployment.pk]),
    }


def stays(deployment: Deployment) -> list[tuple[str, str, str]]:
    """Said before it is stopped: once such a migration has begun, nothing brings the older code back by itself."""
    before = deployment.previous
    what = bridges.ahead(deployment.candidate, before) if before and not deployment.goes_back else ""
    text = _("Once %(changes)s has begun, a stop leaves everything as it is: a repair has to be deployed.")
    return [("lock", "bad", text % {"changes": what})] if what else []
