"""What keeps deployments away for a while: locks, freeze windows, the emergency stop."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from environments.models.environments import Environment
from lifecycle.models import Product


class Lock(models.Model):
    """Somebody asks others not to deploy here (warning) or prevents it (hard); it ends by itself."""

    class Kind(models.TextChoices):
        WARNING = "warning", _("Ask before deploying")
        HARD = "hard", _("Nothing may be deployed")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="locks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("ends"))

    def __str__(self) -> str:
        return self.reason


class Freeze(models.Model):
    """A window in which nothing new goes to production; a rollback always may."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="freezes")
    reason = models.CharField(_("reason"), max_length=300)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="freeze_ends_after_start"),
            models.UniqueConstraint(fields=["product", "reason", "starts_at", "ends_at"], name="one_freeze_per_window"),
        ]

    def __str__(self) -> str:
        return self.reason


class EmergencyStop(models.Model):
    """Everything of a product stands still until somebody lifts it; a rollback always may."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="emergency_stops")
    reason = models.CharField(_("reason"), max_length=300)
    pulled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    pulled_at = models.DateTimeField()
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(lifted_at__isnull=True), name="one_emergency_stop_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.reason
