"""How an environment on the board is: what is being done with it, else what was heard of it last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import reality, targets
from deployments.models import Deployment, Sample
from deployments.running import Place
from environments.models import Environment

LONG_AGO = timedelta(seconds=10 * reality.LOOK_SECONDS)
"""What was heard before that is not believed any more: it is asked ten times meanwhile."""


@dataclass(frozen=True)
class Health:
    """`state` is ok, busy, bad, or none where nobody can tell."""

    state: str
    icon: str
    label: str


def health(place: Place) -> Health:
    if place.active:
        verbs = {
            Deployment.Kind.DEPLOY: _("Deploying %(id)s"),
            Deployment.Kind.ROLLBACK: _("Rolling back, %(id)s"),
            Deployment.Kind.REHEARSAL: _("Rehearsing, %(id)s"),
        }
        text = verbs[Deployment.Kind(place.active.kind)]
        return Health("busy", "loader-circle", text % {"id": place.active.pk})
    if place.environment.state == Environment.State.UNSURE:
        return Health("bad", "circle-question-mark", _("Not sure what runs"))
    if place.current is None:
        return Health("none", "circle-dashed", _("Empty"))
    return heard(place.environment, place.current)


def heard(environment: Environment, current: Deployment) -> Health:
    """What the last probe and the last sample say. Silence counts at once."""
    if environment.is_contradicted:
        return Health("bad", "circle-alert", _("Something else answers"))
    sample = _fresh_sample(environment)
    if (sample and not sample.ok) or _is_silent(environment, current):
        return Health("bad", "heart-crack", _("Does not answer"))
    if sample or (current.verified_at and _is_fresh(current.verified_at)):
        return Health("ok", "heart-pulse", _("Healthy"))
    if not targets.can_verify(environment, current.candidate):
        return Health("none", "circle-question-mark", _("Cannot be asked"))
    if _is_fresh(environment.probed_at) and not environment.probe_note:
        return Health("ok", "heart-pulse", _("Healthy"))
    return Health("none", "circle-dashed", _("Not asked lately"))


def _fresh_sample(environment: Environment) -> Sample | None:
    """The last one, unless it is so old that sampling must have stopped."""
    last = Sample.objects.filter(environment=environment).order_by("-at").first()
    usual = timedelta(seconds=3 * environment.product.sample_seconds)
    return last if last and last.at > timezone.now() - max(LONG_AGO, usual) else None


def _is_silent(environment: Environment, current: Deployment) -> bool:
    """Whether the last probe since the deployment gave no clear answer, though one can be had."""
    since = current.verified_at or current.requested_at
    if environment.probe_note in ("", reality.AFTERWARDS) or not environment.probed_at or environment.probed_at < since:
        return False
    return targets.can_verify(environment, current.candidate)


def _is_fresh(at: datetime | None) -> bool:
    return at is not None and at > timezone.now() - LONG_AGO
