"""The emergency stop: everything of a product stands still until somebody lifts it. A rollback always may.

`deployments.stopping` also ends what runs; here is only the fact.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.models import EmergencyStop
from lifecycle import events, jobs
from lifecycle.models import Product, User


@transaction.atomic
def pull(product: Product, *, by: User, reason: str, at: datetime | None = None) -> EmergencyStop:
    """Let nothing but rollbacks start from now on; while one is in force, pulling again is the same stop.

    Raises ValidationError without a reason: everybody reads it.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: everybody on the team reads this.")})
    found = in_force(product)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            made = EmergencyStop.objects.create(
                product=product, reason=reason.strip(), pulled_by=by, pulled_at=at or timezone.now()
            )
    except IntegrityError:  # somebody pulled in the same moment
        return EmergencyStop.objects.get(product=product, lifted_at=None)
    events.record("emergencystop.pulled", made, by=by, at=at, note=made.reason)
    return made


@transaction.atomic
def lift(stop: EmergencyStop, *, by: User, reason: str = "", at: datetime | None = None) -> None:
    """Let things go on, what stood still first; one that is lifted already stays as it is."""
    now = at or timezone.now()
    if EmergencyStop.objects.filter(pk=stop.pk, lifted_at=None).update(lifted_at=now, lifted_by=by):
        stop.lifted_at, stop.lifted_by = now, by
        events.record("emergencystop.lifted", stop, by=by, at=at, note=reason.strip())
        jobs.take_up(stop.product)


def in_force(product: Product) -> EmergencyStop | None:
    """The stop that holds everything up now, with whoever pulled it."""
    return product.emergency_stops.filter(lifted_at=None).select_related("pulled_by").first()


def why_it_waits(product: Product) -> str:
    """What is said of anything but a rollback that has not ended while everything is stopped; "" otherwise."""
    stop = in_force(product)
    if stop is None:
        return ""
    text = _("It waits: %(who)s stopped everything. It begins by itself when that is lifted.")
    return text % {"who": stop.pulled_by}
