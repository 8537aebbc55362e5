"""Who looks after production, and when."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Product


class TsTzRange(Func):
    """From `starts_at` until just before `ends_at`: one shift may begin where another ends."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class WatchShift(models.Model):
    """Somebody is on duty from `starts_at` to `ends_at`; never two at once in a product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="watch_shifts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="watch_shifts")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_start"),
            ExclusionConstraint(
                name="one_watch_shift_at_a_time",
                expressions=[
                    ("product", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%Y-%m-%d %H:%M}"
