"""What differs between an environment and production: what a test there cannot prove. No secret is shown."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from environments import variables
from environments.models import Environment
from environments.queries import of_kind


@dataclass(frozen=True)
class Contrast:
    """One thing that is otherwise here than in production; None: it is not there."""

    label: str
    here: str | None
    production: str | None
    is_secret: bool = False


def from_production(environment: Environment) -> list[Contrast]:
    """All differences, the environment's own facts first and then the variables by name; empty for production."""
    production = of_kind(environment.product, Environment.Kind.PRODUCTION)
    if production is None or production == environment:
        return []
    facts = zip(_facts(environment), _facts(production), strict=True)
    own = [Contrast(label, here, there) for (label, here), (_same, there) in facts if here != there]
    rows = variables.delta(production, environment)
    return own + [Contrast(row.name, row.now, row.was, row.is_secret) for row in rows]


def _facts(environment: Environment) -> list[tuple[str, str]]:
    return [
        (_("Driver"), environment.driver),
        (_("Outgoing mail"), _("on") if environment.sends_mail else _("off")),
        (_("Payments"), _("on") if environment.takes_payments else _("off")),
        (_("Who gets in"), str(environment.get_access_display())),
        (_("Test data"), environment.test_data or _("none")),
    ]
