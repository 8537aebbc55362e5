"""One deployment: the verdict in words, who serves, steps, log, and why it stopped if it did."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments import chips, running, times
from deployments.models import Deployment, Step, Watch
from deployments.names import name
from deployments.pages import log, steps
from deployments.pages.rollback import confirmation
from environments.models import Environment
from lifecycle import dates
from lifecycle.models import LogLine
from lifecycle.roles import Actor
from releases.models import Change

S, Kind = Deployment.Status, Deployment.Kind
OUTPUT_LINES = 12
HEADLINES = {
    S.REQUESTED: gettext_lazy("%(candidate)s waits for %(environment)s"),
    S.QUEUED: gettext_lazy("%(candidate)s waits for %(environment)s"),
    S.CLAIMED: gettext_lazy("%(candidate)s is on its way to %(environment)s"),
    S.RUNNING: gettext_lazy("%(candidate)s is on its way to %(environment)s"),
    S.VERIFYING: gettext_lazy("%(candidate)s has started on %(environment)s and is being checked"),
    S.RETURNING: gettext_lazy("It went wrong; %(environment)s goes back to %(previous)s"),
    S.ABORTING: gettext_lazy("It is being stopped; %(environment)s stays on %(previous)s"),
    S.LOST: gettext_lazy("Its worker went silent; another one takes over in a moment"),
    S.SUCCEEDED: gettext_lazy("%(candidate)s runs on %(environment)s since %(time)s"),
    S.FAILED: gettext_lazy("%(step)s failed; %(environment)s still runs %(previous)s"),
    S.ERRORED: gettext_lazy("It broke off; look at what %(environment)s runs"),
    S.ABORTED: gettext_lazy("Stopped; %(environment)s runs %(previous)s"),
    S.CANCELLED: gettext_lazy("Cancelled before it began"),
    S.SUPERSEDED: gettext_lazy("A newer deployment took its place"),
    S.EXPIRED: gettext_lazy("It waited too long and expired"),
}
WHY = {
    "prepare": gettext_lazy("What was to be deployed could not be built or laid out. Nothing was touched."),
    "backup": gettext_lazy("Without a backup nothing is migrated on production. Nothing was touched."),
    "migrate": gettext_lazy("The database could not be migrated. Nothing was switched: users stayed where they were."),
    "switch": gettext_lazy("The new version could not be started; the one before was put back."),
    "health": gettext_lazy("The new version started, but did not say that it is well; the one before was put back."),
    "verify": gettext_lazy("Something answers, but not the version that was wanted; the one before was put back."),
    "snapshot": gettext_lazy("It runs, but could not be written into the history."),
    "return": gettext_lazy("The way back failed, too. Roll back or deploy again: nothing has to be unlocked."),
}


def detail(deployment: Deployment, actor: Actor) -> dict[str, Any]:
    """Everything on the page."""
    return {
        **live(deployment, actor),
        **log.news(deployment, 0),
        "changes": brings(deployment),
        "delta_url": delta_url(deployment),
        "raw_url": reverse("deployments:raw_log", args=[deployment.pk]),
        "stop": stop_question(deployment),
    }


def live(deployment: Deployment, actor: Actor) -> dict[str, Any]:
    """What moves while it runs: headline, steps, who serves, what one may do."""
    rows = steps.rows(deployment)
    going = not deployment.is_final
    may_stop = going and deployment.status not in (S.RETURNING, S.ABORTING) and not deployment.abort_requested_at
    return {
        "deployment": deployment,
        "headline": headline(deployment, rows),
        "crumb": crumb(deployment),
        "chip": chips.DEPLOYMENT[deployment.status],
        "steps": rows,
        "backup": backup(deployment),
        "clock": clock(deployment),
        "starts": times.sentence(deployment),
        "serves": serves(deployment),
        "why": why(deployment, rows),
        "output": output(deployment),
        "may_stop": may_stop and actor.may("abort_deployment"),
        "may_retry": is_worth_another_try(deployment) and actor.may("deploy"),
        "rollback": way_back(deployment, actor),
        "watch": Watch.objects.filter(deployment=deployment).first() if deployment.is_final else None,
    }


def is_worth_another_try(deployment: Deployment) -> bool:
    """Half of a rehearsal is tried again with the other half, from its release."""
    is_half = deployment.kind == Deployment.Kind.REHEARSAL
    return deployment.status in (S.FAILED, S.ERRORED, S.ABORTED) and not is_half


def backup(deployment: Deployment) -> str:
    """Where the copy is that was made before the migration, in its command's words; "" if there is none."""
    made = deployment.steps.filter(key="backup", status=Step.Status.DONE).first()
    return made.detail if made else ""


def headline(deployment: Deployment, rows: list[steps.Row]) -> str:
    """The verdict: the last fact in one sentence."""
    failed = next((row for row in rows if row.state == "fail"), None)
    runs = steps_now(rows)
    text = HEADLINES[S(deployment.status)] % {
        "candidate": name(deployment.candidate),
        "environment": deployment.environment,
        "previous": name(deployment.previous) if deployment.previous else _("nothing"),
        "time": dates.clock(deployment.verified_at) if deployment.verified_at else "",
        "step": failed.name if failed else _("The deployment"),
    }
    if deployment.status == S.SUCCEEDED and deployment.kind == Kind.ROLLBACK:
        names = {"environment": deployment.environment, "candidate": name(deployment.candidate)}
        return _("%(environment)s is back on %(candidate)s") % names
    return f"{text}: {runs}" if deployment.status == S.RUNNING and runs else str(text)


def steps_now(rows: list[steps.Row]) -> str:
    running_now = next((row for row in rows if row.state == "run"), None)
    return running_now.name[:1].lower() + running_now.name[1:] if running_now else ""


def crumb(deployment: Deployment) -> str:
    words = {
        Kind.DEPLOY: _("Deployment %(id)s to %(environment)s"),
        Kind.ROLLBACK: _("Rollback %(id)s of %(environment)s"),
        Kind.REHEARSAL: _("Rehearsal %(id)s on %(environment)s"),
    }
    return words[Kind(deployment.kind)] % {"id": deployment.pk, "environment": deployment.environment}


def clock(deployment: Deployment) -> str:
    """How long it took, once it has ended."""
    if deployment.started_at is None or deployment.finished_at is None:
        return ""
    return steps.duration((deployment.finished_at - deployment.started_at).total_seconds())


def serves(deployment: Deployment) -> dict[str, Any]:
    """The old and the new version, and how far users have moved (0 or 100)."""
    moved = deployment.status in (S.SUCCEEDED, S.VERIFYING)
    return {
        "old": name(deployment.previous),
        "new": name(deployment.candidate),
        "moved": 100 if moved else 0,
        "old_words": _("was here before") if moved else _("serves everybody"),
        "new_words": _("serves everybody") if moved else arriving(deployment),
    }


def arriving(deployment: Deployment) -> str:
    return _("does not serve anybody") if deployment.is_final else _("on its way")


def why(deployment: Deployment, rows: list[steps.Row]) -> str:
    """Plain words before the log; "" unless it failed."""
    if deployment.status not in (S.FAILED, S.ERRORED):
        return ""
    failed = [row.key for row in rows if row.state == "fail"]
    return str(WHY.get(failed[-1], "")) if failed else ""


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


def delta_url(deployment: Deployment) -> str:
    """What differs; addressed by candidates, because environments move on."""
    if deployment.previous is None:
        return ""
    names = (f"c{deployment.previous.pk}", f"c{deployment.candidate.pk}")
    return reverse("deployments:delta", args=names)


def way_back(deployment: Deployment, actor: Actor) -> dict[str, Any] | None:
    """The rollback of production, while this deployment is what runs or is about to."""
    place = deployment.environment
    if place.kind != Environment.Kind.PRODUCTION or not actor.may("roll_back") or deployment.kind == Kind.ROLLBACK:
        return None
    current = running.current(place)
    if deployment.is_active or (current and current.pk == deployment.pk):
        asked = confirmation(place)
        return asked if asked["target"] else None
    return None


def stop_question(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": "stop",
        "title": _("Stop deployment %(id)s?") % {"id": deployment.pk},
        "text": _("It ends at the next safe moment; what ran before keeps running."),
        "action": reverse("deployments:abort", args=[deployment.pk]),
        "facts": [],
        "reason": _("Reason, for the record"),
        "yes": _("Stop it"),
        "no": _("Let it go on"),
        "danger": True,
        "back": reverse("deployments:detail", args=[deployment.pk]),
    }
