"""Proofs taken before they are needed: a rollback rehearsed on staging, a backup restored."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deployments.models.deployments import Deployment
from environments.models import Environment
from lifecycle.models import Logged, Product
from releases.models import Candidate, Release

Person = settings.AUTH_USER_MODEL


class Rehearsal(models.Model):
    """Going back and forth again on staging with one candidate, before anybody has to do it on production.

    `target` is what production would go back to. Where it cannot be rehearsed, `reason` says why and the gate asks
    DevOps to accept that.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        BACK = "back", _("Going back")
        FORWARD = "forward", _("Going forward again")
        SUCCEEDED = "succeeded", _("Rehearsed")
        FAILED = "failed", _("Failed")
        IMPOSSIBLE = "impossible", _("Cannot be rehearsed")
        SUPERSEDED = "superseded", _("Overtaken")

    MOVES = {
        Status.QUEUED: (Status.BACK, Status.FAILED, Status.IMPOSSIBLE, Status.SUPERSEDED),
        Status.BACK: (Status.FORWARD, Status.FAILED, Status.SUPERSEDED),
        Status.FORWARD: (Status.SUCCEEDED, Status.FAILED, Status.SUPERSEDED),
        Status.SUCCEEDED: (),
        Status.FAILED: (),
        Status.IMPOSSIBLE: (),
        Status.SUPERSEDED: (),
    }
    GOING = (Status.QUEUED, Status.BACK, Status.FORWARD)

    product = models.ForeignKey(Product, models.PROTECT, related_name="rehearsals")
    release = models.ForeignKey(Release, models.CASCADE, related_name="rehearsals")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="rehearsals")
    target = models.ForeignKey(Candidate, models.PROTECT, null=True, blank=True, related_name="+")
    environment = models.ForeignKey(Environment, models.PROTECT, null=True, blank=True, related_name="rehearsals")
    digest = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    back = models.OneToOneField(Deployment, models.SET_NULL, null=True, blank=True, related_name="rehearsal_back")
    forward = models.OneToOneField(Deployment, models.SET_NULL, null=True, blank=True, related_name="rehearsal_forward")
    back_seconds = models.FloatField(null=True, blank=True)
    forward_seconds = models.FloatField(null=True, blank=True)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release"], condition=Q(status__in=["queued", "back", "forward"]), name="one_open_rehearsal"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["queued", "back", "forward", "succeeded", "failed", "impossible", "superseded"]
                ),
                name="rehearsal_status",
            ),
        ]

    def __str__(self) -> str:
        return str(self.release)


class BackupDrill(Logged):
    """One restore of the latest backup into a place of its own, by the product's declared command: does it work?"""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SUCCEEDED = "succeeded", _("Restored")
        FAILED = "failed", _("Could not be restored")

    MOVES = {Status.QUEUED: (Status.SUCCEEDED, Status.FAILED), Status.SUCCEEDED: (), Status.FAILED: ()}

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="backup_drills")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    seconds = models.FloatField(null=True, blank=True)
    note = models.TextField(blank=True)
    requested_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["queued", "succeeded", "failed"]), name="drill_status")
        ]

    def __str__(self) -> str:
        return str(self.environment)

    @property
    def log_key(self) -> str:
        return f"drill:{self.pk}"
