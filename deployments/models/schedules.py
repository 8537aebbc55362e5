"""The time chosen for a release to go to production."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from releases.models import Release


class ShippingTime(models.Model):
    """When a release ships once its approvals are complete, and until when at the latest."""

    release = models.OneToOneField(Release, models.CASCADE, related_name="shipping_time")
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("due_at")), name="shipping_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return f"{self.release} {self.due_at:%Y-%m-%d %H:%M}"
