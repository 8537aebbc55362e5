"""What an environment is called, where it stands in the order, how releases reach it, and what it may do for real."""

from collections.abc import Sequence
from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import promotion_times
from environments.models import Environment
from environments.queries import of_kind
from environments.variables import configuration_changed
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Product

Rule = Environment.Promotion


@transaction.atomic
def describe(
    environment: Environment,
    *,
    name: str,
    url: str,
    promotion: str,
    test_data: str,
    promotion_days: Sequence[int] = (),
    promotion_time: time | None = None,
    by: By,
    at: datetime | None = None,
) -> None:
    """Name, address, promotion rule (its days and time count for SCHEDULED) and the name of the test data set.

    ValidationError for a rule that it cannot have, set times without a day or a time, and test data on production.
    """
    require_rule(environment, promotion)
    if promotion == Rule.SCHEDULED:
        promotion_times.require_complete(promotion_days, promotion_time)
    if test_data and environment.is_production:
        raise ValidationError({"test_data": _("Production never holds test data.")})
    environment.name, environment.url, environment.test_data = name, url, test_data
    environment.save(update_fields=["name", "url", "test_data"])
    events.record("environment.described", environment, by=by, at=at, promotion=promotion)
    _set_rule(environment, promotion, promotion_days, promotion_time, by=by, at=at)


def _set_rule(
    environment: Environment,
    promotion: str,
    days: Sequence[int],
    time_of_day: time | None,
    *,
    by: By,
    at: datetime | None,
) -> None:
    """Nothing when it is the rule already, so that a time that is due is not lost."""
    to_the_minute = time_of_day and time_of_day.replace(second=0, microsecond=0)
    in_order = sorted(set(days))
    rule = {"promotion": promotion, "promotion_days": in_order, "promotion_time": to_the_minute}
    if rule == {name: getattr(environment, name) for name in rule}:
        return
    for name, value in rule.items():
        setattr(environment, name, value)
    environment.promotion_again_at = None
    promotion_times.plan(environment, after=at or timezone.now(), also=[*rule, "promotion_again_at"])
    begins = f"{to_the_minute:%H:%M}" if to_the_minute else ""
    events.record("environment.rule_set", environment, by=by, at=at, promotion=promotion, days=in_order, time=begins)


def require_rule(environment: Environment, promotion: str) -> None:
    """ValidationError for a rule that is not among `rules`, saying why and what to choose."""
    if promotion in rules(environment):
        return
    why = why_by_hand(environment)
    if why:
        raise ValidationError({"promotion": _("%(why)s Choose “By hand”.") % {"why": why}})
    text = _("%(name)s takes compositions of changes: choose “By hand” or “At set times”.")
    raise ValidationError({"promotion": text % {"name": environment}})


def rules(environment: Environment) -> list[Rule]:
    """The promotion rules that it may have: the first staging is composed, by Promote or at set times."""
    if why_by_hand(environment):
        return [Rule.BY_HAND]
    return [Rule.BY_HAND, Rule.SCHEDULED] if takes_compositions(environment) else list(Rule)


def why_by_hand(environment: Environment) -> str:
    """Why nothing comes to it by a rule; "" where it can."""
    if environment.is_production:
        return _("Production takes a release when management has approved it.")
    if takes_compositions(environment):
        is_dev = environment.kind == Environment.Kind.DEV
        return _("%(name)s is composed anew at each push.") % {"name": environment} if is_dev else ""
    return "" if before(environment) else _("There is no environment before it.")


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
    locked = Environment.objects.filter(product=product).in_use().select_for_update(no_key=True).order_by("pk")
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
