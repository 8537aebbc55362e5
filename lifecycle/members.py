"""Who belongs to a product, and as what: each change is an event that says who answers for it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Membership, Product, Role, User

GIVEN, CREATED = "membership.roles_set", "membership.created"


@transaction.atomic
def give(product: Product, person: User, *, roles: Iterable[str], by: By, at: datetime | None = None) -> Membership:
    """Make `roles` the roles of this person; ValidationError for one that there is not."""
    wanted = sorted(set(roles))
    if unknown := [role for role in wanted if role not in Role.values]:
        raise ValidationError({"roles": _("There is no role “%(role)s”.") % {"role": unknown[0]}})
    member, is_new = Membership.objects.select_for_update(no_key=True).get_or_create(user=person, product=product)
    before, member.roles = member.roles, wanted
    member.save(update_fields=["roles"])
    facts: dict[str, Any] = {
        "person": person.pk,
        "added": sorted(set(wanted) - set(before)),
        "removed": sorted(set(before) - set(wanted)),
    }
    events.record(CREATED if is_new else GIVEN, member, by=by, at=at, product=product, **facts)
    return member
