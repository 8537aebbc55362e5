"""What an environment is called, where it stands in the order, how releases reach it, and what it may do for real."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from environments.models import Environment
from environments.queries import of_kind
from environments.variables import configuration_changed
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Product


@transaction.atomic
def describe(
    environment: Environment, *, name: str, url: str, promotion: str, test_data: str, by: By, at: datetime | None = None
) -> None:
    """Name, address, promotion rule and the name of the test data set.

    ValidationError where releases cannot follow by themselves, or for test data on production.
    """
    if promotion == Environment.Promotion.AUTOMATIC:
        require_can_follow(environment)
    if test_data and environment.is_production:
        raise ValidationError({"test_data": _("Production never holds test data.")})
    environment.name, environment.url = name, url
    environment.promotion, environment.test_data = promotion, test_data
    environment.save(update_fields=["name", "url", "promotion", "test_data"])
    events.record("environment.described", environment, by=by, at=at, promotion=promotion)


def require_can_follow(environment: Environment) -> None:
    """ValidationError where what comes is decided by people, or by which changes are ready."""
    if environment.is_production:
        raise ValidationError({"promotion": _("Production takes a release when management has approved it.")})
    if takes_compositions(environment):
        raise ValidationError({"promotion": _("%(name)s takes compositions of changes.") % {"name": environment}})
    if before(environment) is None:
        raise ValidationError({"promotion": _("There is no environment before it.")})


def takes_compositions(environment: Environment) -> bool:
    """Whether it is the product's first of dev or staging: that one is given every new composition."""
    if environment.is_production:
        return False
    return of_kind(environment.product, environment.kind) == environment


def before(environment: Environment) -> Environment | None:
    """The environment in front of this one, in the product's order."""
    return _neighbour(environment, -1)


def after(environment: Environment) -> Environment | None:
    """The environment behind this one, in the product's order."""
    return _neighbour(environment, +1)


def _neighbour(environment: Environment, step: int) -> Environment | None:
    places = list(Environment.objects.filter(product=environment.product_id).in_use())
    found = places.index(environment) + step if environment in places else -1
    return places[found] if 0 <= found < len(places) else None


@transaction.atomic
def move(environment: Environment, *, earlier: bool, by: By, at: datetime | None = None) -> None:
    """Change places with the neighbour; nothing happens at the end of the row."""
    places = in_order(environment.product)
    old = places.index(environment)
    new = old - 1 if earlier else old + 1
    if not 0 <= new < len(places):
        return
    places[old], places[new] = places[new], places[old]
    renumber(places)
    events.record("environment.moved", environment, by=by, at=at, position=new)


def in_order(product: Product) -> list[Environment]:
    """The product's environments, their rows locked: by key, as whoever locks several does."""
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    locked = Environment.objects.filter(product=product).in_use().select_for_update().order_by("pk")
    return sorted(locked, key=lambda place: (place.position, place.pk))


def renumber(places: list[Environment]) -> None:
    """Make the order of the list the order of the environments."""
    for position, place in enumerate(places):
        Environment.objects.filter(pk=place.pk).update(position=position)


@transaction.atomic
def set_effects(
    environment: Environment,
    *,
    sends_mail: bool,
    takes_payments: bool,
    by: By,
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Whether the application may send mail and take money here (OUTGOING_MAIL and PAYMENTS, from the next deployment).

    Switching either on outside production needs a reason: people who are no customers would get mail or pay.
    """
    more = (sends_mail and not environment.sends_mail) or (takes_payments and not environment.takes_payments)
    if more and not environment.is_production and not reason.strip():
        raise ValidationError({"reason": _("Say why it must be real here: this is not production.")})
    if (sends_mail, takes_payments) == (environment.sends_mail, environment.takes_payments):
        return
    environment.sends_mail, environment.takes_payments = sends_mail, takes_payments
    environment.save(update_fields=["sends_mail", "takes_payments"])
    facts = {"sends_mail": sends_mail, "takes_payments": takes_payments}
    configuration_changed(environment, "environment.effects_set", by=by, at=at, note=reason.strip(), **facts)


def effects(environment: Environment) -> dict[str, str]:
    """What the application is told about it, beside its variables."""
    return {
        "OUTGOING_MAIL": "on" if environment.sends_mail else "off",
        "PAYMENTS": "on" if environment.takes_payments else "off",
    }
