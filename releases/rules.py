"""What a product's plans show to customers, and changing that."""

from typing import Any

from django.db import transaction

from lifecycle import events
from lifecycle.models import Product, User
from releases.models import PlanRules

FIELDS = ("dates_shown", "shows_states", "update_words")


def of(product: Product) -> PlanRules:
    """The product's rules, or the defaults; one statement, none when they came with the product."""
    try:
        return product.plan_rules
    except PlanRules.DoesNotExist:
        return PlanRules(product=product)


@transaction.atomic
def change(product: Product, *, by: User, **said: Any) -> PlanRules:
    """Keep what customers see from now on; `said` names FIELDS, the rest stays."""
    rules, _created = PlanRules.objects.select_for_update(no_key=True).get_or_create(product=product)
    before = {name: getattr(rules, name) for name in FIELDS}
    for name, value in said.items():
        setattr(rules, name, value)
    rules.full_clean(validate_unique=False, validate_constraints=False)
    rules.save()
    changed = [name for name in FIELDS if before[name] != getattr(rules, name)]
    if changed:
        events.record("plan_rules.changed", product, by=by, fields=changed)
    return rules
