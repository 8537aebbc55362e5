"""A new environment: a copy of another one's settings, made ready by a worker (deployments/creating.py)."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import access, database_urls, places, variables
from environments.models import Environment
from lifecycle import events
from lifecycle.events import By

RESERVED = frozenset({"new", "stop", "repository", "freezes", "promote", "production"})
LIMIT = 30
OWN = ("port", "hosts")
"""Driver settings that name where it goes: a copy that kept them would deploy over its source."""


@transaction.atomic
def clone(
    source: Environment,
    *,
    slug: str,
    name: str,
    kind: str,
    with_secrets: bool,
    by: By,
    url: str = "",
    at: datetime | None = None,
) -> Environment:
    """An environment that is CREATING, behind its source, with its driver, settings and variables.

    Secrets come along only `with_secrets`; production's never do, nor the addresses of its databases. It sends no mail
    and takes no payments unless it is production. Raises ValidationError for a name that is taken or reserved and for
    a second production.
    """
    in_order = places.in_order(source.product)
    _require_room(in_order, slug=slug, kind=kind)
    made = _create(source, slug=slug, name=name, kind=kind, url=url)
    in_order.insert(in_order.index(source) + 1, made)
    places.renumber(in_order)
    made.refresh_from_db(fields=["position"])
    events.record("environment.created", made, by=by, at=at, source=source.pk)
    allowed = with_secrets and not source.is_production
    variables.copy(source, made, with_secrets=allowed, without=_real_databases(source), by=by, at=at)
    return made


def _real_databases(source: Environment) -> set[str]:
    """The variables that say where production keeps its data."""
    if not source.is_production:
        return set()
    return {address.variable for address in database_urls.addresses(variables.legible(source))}


def _require_room(in_order: list[Environment], *, slug: str, kind: str) -> None:
    if slug in RESERVED or any(place.slug == slug for place in in_order):
        raise ValidationError({"slug": _("“%(name)s” is taken.") % {"name": slug}})
    if len(in_order) >= LIMIT:
        raise ValidationError({"slug": _("A product has at most %(n)d environments.") % {"n": LIMIT}})
    if kind == Environment.Kind.PRODUCTION and any(place.is_production for place in in_order):
        raise ValidationError({"kind": _("The product has a production environment; there is exactly one.")})


def _create(source: Environment, **facts: Any) -> Environment:
    """The row; a port and the servers it goes to are its own, not its source's."""
    settings = {key: value for key, value in source.driver_settings.items() if key not in OWN}
    is_production = facts["kind"] == Environment.Kind.PRODUCTION
    allowed = Environment.Access.OPEN if is_production else source.access
    return Environment.objects.create(
        product=source.product,
        position=source.position + 1,
        driver=source.driver,
        driver_settings=settings,
        status=Environment.Status.CREATING,
        cloned_from=source,
        sends_mail=is_production,
        takes_payments=is_production,
        access=allowed,
        access_key=access.new_key(allowed),
        test_data="" if is_production else source.test_data,
        **facts,
    )


def retire(environment: Environment) -> None:
    """Take the short name back from an environment that is gone, so that another may have it; its history stays."""
    environment.slug = f"{environment.slug[:40]}-{environment.pk}"
    environment.held_by = environment.held_until = None
    environment.save(update_fields=["slug", "held_by", "held_until"])
    environment.locks.filter(expires_at__gt=timezone.now()).update(expires_at=timezone.now())
