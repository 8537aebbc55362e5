"""Visitors of the demo's production shop: without them a watch would have nothing to see."""

from random import Random

from environments.models import Environment
from sample_shop import visitor

TIMEOUT_SECONDS = 10.0


def visit_production() -> dict[str, int] | None:
    """One visitor browses the default product's production shop; what they met, or None without production."""
    production = Environment.objects.filter(product__is_default=True, kind=Environment.Kind.PRODUCTION).first()
    if production is None or production.state == Environment.State.EMPTY:
        return None
    return visitor.visit(production.url, rng=Random(), timeout_seconds=TIMEOUT_SECONDS)
