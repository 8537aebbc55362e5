"""What the tester's bench says of deployments: `{% load bench %}`."""

from dataclasses import dataclass

from django import template

from deployments import intake, running
from environments.models import Environment
from lifecycle.models import Product
from releases.models import CandidateChange
from releases.pages import builds

register = template.Library()


@dataclass(frozen=True)
class Waits:
    """What was promoted and could not come to staging yet."""

    build: str
    rows: list[CandidateChange]


@register.simple_tag
def kept_waiting(product: Product) -> Waits | None:
    """The build that was promoted last, while somebody tests or staging is locked."""
    staging = running.place(product, Environment.Kind.STAGING)
    candidate = intake.kept_waiting(staging) if staging else None
    if candidate is None or candidate.staged_at is not None:
        return None
    return Waits(builds.name_of(candidate), list(candidate.rows.select_related("change")))
