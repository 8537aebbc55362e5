"""What became of a deployment, in one sentence: what runs now and for whom, why it stopped, and the way out."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments import bridges
from deployments.models import Deployment, Step
from deployments.names import name
from deployments.pages import steps
from environments.models import Environment
from lifecycle import dates

S, Kind = Deployment.Status, Deployment.Kind
UNTOUCHED, BACK, UNSURE = "untouched", "back", "unsure"
"""How one that did not succeed left its environment."""
BADLY = (S.FAILED, S.ERRORED, S.ABORTED)
HEADLINES = {
    S.REQUESTED: gettext_lazy("%(candidate)s waits for %(environment)s"),
    S.QUEUED: gettext_lazy("%(candidate)s waits for %(environment)s"),
    S.CLAIMED: gettext_lazy("%(candidate)s is on its way to %(environment)s"),
    S.RUNNING: gettext_lazy("%(candidate)s is on its way to %(environment)s"),
    S.VERIFYING: gettext_lazy("%(candidate)s has started on %(environment)s and is being checked"),
    S.RETURNING: gettext_lazy("It went wrong; %(environment)s goes back to %(previous)s"),
    S.ABORTING: gettext_lazy("It is being stopped"),
    S.LOST: gettext_lazy("Its worker went silent; another one takes over in a moment"),
    S.SUCCEEDED: gettext_lazy("%(candidate)s runs on %(environment)s since %(time)s"),
    S.CANCELLED: gettext_lazy("Cancelled before it began"),
    S.SUPERSEDED: gettext_lazy("A newer deployment took its place"),
    S.EXPIRED: gettext_lazy("It waited too long and expired"),
}
ENDED = {
    (S.FAILED, UNTOUCHED): gettext_lazy("%(step)s failed; %(environment)s still runs %(previous)s"),
    (S.FAILED, BACK): gettext_lazy("%(step)s failed; %(environment)s is back on %(previous)s"),
    (S.FAILED, UNSURE): gettext_lazy("%(step)s failed; nobody is sure what %(environment)s runs"),
    (S.ERRORED, UNTOUCHED): gettext_lazy("It broke off; %(environment)s still runs %(previous)s"),
    (S.ERRORED, BACK): gettext_lazy("It broke off; %(environment)s is back on %(previous)s"),
    (S.ERRORED, UNSURE): gettext_lazy("It broke off; nobody is sure what %(environment)s runs"),
    (S.ABORTED, UNTOUCHED): gettext_lazy("Stopped; %(environment)s still runs %(previous)s"),
    (S.ABORTED, BACK): gettext_lazy("Stopped; %(environment)s is back on %(previous)s"),
    (S.ABORTED, UNSURE): gettext_lazy("Stopped; nobody is sure what %(environment)s runs"),
}
OVERTAKEN = {
    S.FAILED: gettext_lazy("%(step)s failed; nobody was sure what %(environment)s ran until the next one"),
    S.ERRORED: gettext_lazy("It broke off; nobody was sure what %(environment)s ran until the next one"),
    S.ABORTED: gettext_lazy("Stopped; nobody was sure what %(environment)s ran until the next one"),
}
WHY = {
    "prepare": gettext_lazy("What was to be deployed could not be built or laid out. Nothing was touched."),
    "backup": gettext_lazy("Without a backup nothing is migrated on production. Nothing was touched."),
    "migrate": gettext_lazy("The database could not be migrated. Nothing was switched: users stayed where they were."),
    "switch": gettext_lazy("The new version could not be started."),
    "health": gettext_lazy("The new version started, but did not say that it is well."),
    "verify": gettext_lazy("Something answers, but not the version that was wanted."),
    "snapshot": gettext_lazy("It ran, but could not be written into the history."),
    "return": gettext_lazy("The way back failed, too. Roll back or deploy again: nothing has to be unlocked."),
}


def outcome(deployment: Deployment) -> str:
    """What its steps left: BACK once the one before was put back, UNSURE where neither can be shown to run."""
    if deployment.steps.filter(key="return", status=Step.Status.DONE).exists():
        return BACK
    is_unsure = is_touched(deployment) or bridges.barrier(deployment) or _leaves_doubt(deployment)
    return UNSURE if is_unsure else UNTOUCHED


def is_touched(deployment: Deployment) -> bool:
    """Whether what serves users may have been changed."""
    begun = deployment.steps.filter(key__in=["switch", "return"])
    return begun.exclude(status__in=[Step.Status.PENDING, Step.Status.SKIPPED]).exists()


def _leaves_doubt(deployment: Deployment) -> bool:
    """Whether it is the last one here, and the environment says that nobody is sure what runs."""
    is_unsure = deployment.environment.state == Environment.State.UNSURE
    return is_unsure and deployment.is_final and not _is_overtaken(deployment)


def _is_overtaken(deployment: Deployment) -> bool:
    """Whether something was begun there since."""
    rows = Deployment.objects.filter(environment=deployment.environment_id)
    return rows.filter(started_at__gt=deployment.started_at or deployment.requested_at).exists()


def needs_a_way_out(deployment: Deployment) -> bool:
    """Whether it left its environment unsure and nothing was begun there since."""
    return deployment.status in BADLY and outcome(deployment) == UNSURE and not _is_overtaken(deployment)


def headline(deployment: Deployment, rows: list[steps.Row]) -> str:
    """The last fact in one sentence, with the way out where one is needed."""
    failed = next((row for row in rows if row.state == "fail"), None)
    text = _sentence(deployment) % {
        "candidate": name(deployment.candidate),
        "environment": deployment.environment,
        "previous": name(deployment.previous) if deployment.previous else _("nothing"),
        "time": dates.clock(deployment.verified_at) if deployment.verified_at else "",
        "step": failed.name if failed else _("The deployment"),
    }
    if needs_a_way_out(deployment):
        return f"{text}: {way_out(deployment)}"
    runs = steps_now(rows)
    return f"{text}: {runs}" if deployment.status == S.RUNNING and runs else text


def _sentence(deployment: Deployment) -> str:
    status = S(deployment.status)
    if status in BADLY:
        left = outcome(deployment)
        return str(OVERTAKEN[status] if left == UNSURE and _is_overtaken(deployment) else ENDED[status, left])
    if status == S.SUCCEEDED and deployment.kind == Kind.ROLLBACK:
        return _("%(environment)s is back on %(candidate)s")
    if status == S.RETURNING and deployment.previous is None:
        return _("It went wrong; nothing was verified on %(environment)s that it could go back to")
    return str(HEADLINES[status])


def way_out(deployment: Deployment) -> str:
    if bridges.barrier(deployment):
        return _("deploy a repair")
    return _("roll back or deploy again") if deployment.previous else _("deploy again")


def steps_now(rows: list[steps.Row]) -> str:
    running_now = next((row for row in rows if row.state == "run"), None)
    return running_now.name[:1].lower() + running_now.name[1:] if running_now else ""


def why(deployment: Deployment, rows: list[steps.Row]) -> str:
    """Plain words before the log; "" unless it went wrong."""
    if deployment.status not in BADLY:
        return ""
    failed = [row.key for row in rows if row.state == "fail"]
    found = [WHY.get(failed[-1], "") if failed else "", "" if "return" in failed else afterwards(deployment)]
    return " ".join(str(words) for words in found if words)


def afterwards(deployment: Deployment) -> str:
    """What was done about the one before; "" where nothing had to be."""
    left = outcome(deployment)
    if left == BACK:
        return _("The one before was put back.")
    if bridges.barrier(deployment):
        return _("Older code may not run on what was begun, so nothing goes back by itself: deploy a repair.")
    if left == UNTOUCHED or deployment.status == S.ABORTED:
        return ""
    return _("The one before was not put back.") if deployment.previous else _("There was nothing to go back to.")


def serves(deployment: Deployment) -> dict[str, Any]:
    """The old and the new version, and how far users have moved (0 or 100)."""
    moved = deployment.status in (S.SUCCEEDED, S.VERIFYING)
    old, new = _serve_words(deployment, moved)
    return {
        "old": name(deployment.previous),
        "new": name(deployment.candidate),
        "moved": 100 if moved else 0,
        "old_words": old if deployment.previous else _("nothing was verified here before"),
        "new_words": new,
    }


def _serve_words(deployment: Deployment, moved: bool) -> tuple[str, str]:
    if moved:
        return _("was here before"), _("serves everybody")
    went = (*BADLY, S.RETURNING, S.ABORTING, S.LOST)
    is_unsure = deployment.status in went and outcome(deployment) == UNSURE
    old = _("may be what runs") if is_unsure else _("serves everybody")
    if is_unsure and is_touched(deployment):
        return old, _("may be what runs")
    return old, _("does not serve anybody") if deployment.is_final else _("on its way")
