"""The steps of a deployment as a page shows them: name, state, time, and how long each took beside the others."""

from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments.models import Deployment, Step
from lifecycle import dates

NAMES = {
    "prepare": gettext_lazy("Prepare the artefact"),
    "backup": gettext_lazy("Back up the database"),
    "migrate": gettext_lazy("Migrate the database"),
    "switch": gettext_lazy("Switch over"),
    "health": gettext_lazy("Check its health"),
    "verify": gettext_lazy("Check what runs"),
    "snapshot": gettext_lazy("Write it into the history"),
    "return": gettext_lazy("Go back"),
}
STATES = {"pending": "next", "running": "run", "done": "done", "skipped": "done", "failed": "fail"}


class Row(NamedTuple):
    """`state`: done, run, next, fail or unreached; `share` 0 to 100 of the longest step."""

    key: str
    name: str
    state: str
    time: str
    share: int
    detail: str


def rows(deployment: Deployment, *, at: datetime | None = None) -> list[Row]:
    """The steps in their order; those that an ended deployment never came to say so."""
    now = at or timezone.now()
    found = list(deployment.steps.all())
    longest = max((seconds(step, now) for step in found), default=0.0) or 1.0
    return [row(step, deployment, now, longest) for step in found]


def row(step: Step, deployment: Deployment, now: datetime, longest: float) -> Row:
    unreached = deployment.is_final and step.status == Step.Status.PENDING
    return Row(
        key=step.key,
        name=name(step),
        state="unreached" if unreached else STATES[step.status],
        time=_("not reached") if unreached else took(step, now),
        share=round(100 * seconds(step, now) / longest),
        detail=step.detail,
    )


def name(step: Step) -> str:
    return str(NAMES.get(step.key, step.key.replace("_", " ").capitalize()))


def seconds(step: Step, now: datetime) -> float:
    if step.started_at is None:
        return 0.0
    return max(0.0, ((step.finished_at or now) - step.started_at).total_seconds())


def took(step: Step, now: datetime) -> str:
    if step.status == Step.Status.SKIPPED:
        return _("not needed")
    if step.started_at is None:
        return ""
    text = dates.took(seconds(step, now))
    return text if step.finished_at else _("%(time)s so far") % {"time": text}
