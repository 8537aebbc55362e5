"""Moments in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from lifecycle.dates import clock, day, zone
from lifecycle.models import Product


def moment(at: datetime) -> str:
    """ "27 November, 10:42" in the reader's zone."""
    return _("%(day)s, %(time)s") % {"day": day(at), "time": clock(at)}


def zone_of(product: Product) -> ZoneInfo:
    """The zone in which the product's windows are written and shown."""
    return zone(product.time_zone)


def moment_in(product: Product, at: datetime) -> str:
    """The same in the product's zone."""
    with timezone.override(zone_of(product)):
        return moment(at)
