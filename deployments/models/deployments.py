"""Deployments with their steps, and what external pipelines report."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from environments.models import Environment
from lifecycle.models import Leased, Product
from releases.models import Candidate, Release

Person = settings.AUTH_USER_MODEL


class Deployment(Leased):
    """One wish to make an environment run a candidate, and all that came of it."""

    class Kind(models.TextChoices):
        DEPLOY = "deploy", _("Deployment")
        ROLLBACK = "rollback", _("Rollback")
        REHEARSAL = "rehearsal", _("Rehearsal")

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        QUEUED = "queued", _("Waiting its turn")
        CLAIMED = "claimed", _("Starting")
        RUNNING = "running", _("Running")
        VERIFYING = "verifying", _("Being verified")
        RETURNING = "returning", _("Going back")
        ABORTING = "aborting", _("Being stopped")
        LOST = "lost", _("Lost its worker")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        ERRORED = "errored", _("Broke off")
        ABORTED = "aborted", _("Stopped")
        CANCELLED = "cancelled", _("Cancelled")
        SUPERSEDED = "superseded", _("Overtaken by a newer one")
        EXPIRED = "expired", _("Expired")

    ENDINGS = (Status.FAILED, Status.ERRORED)
    MOVES = {
        Status.REQUESTED: (Status.QUEUED, Status.CANCELLED, Status.SUPERSEDED, Status.EXPIRED),
        Status.QUEUED: (Status.CLAIMED, Status.CANCELLED, Status.SUPERSEDED, Status.EXPIRED, Status.FAILED),
        Status.CLAIMED: (Status.RUNNING, Status.RETURNING, Status.ABORTING, Status.LOST, *ENDINGS),
        Status.RUNNING: (Status.VERIFYING, Status.RETURNING, Status.ABORTING, Status.LOST, *ENDINGS),
        Status.VERIFYING: (Status.SUCCEEDED, Status.RETURNING, Status.ABORTING, Status.LOST, *ENDINGS),
        Status.RETURNING: (Status.LOST, *ENDINGS),
        Status.ABORTING: (Status.ABORTED, Status.LOST, *ENDINGS),
        Status.LOST: (Status.CLAIMED, Status.RETURNING, Status.ABORTING, Status.ERRORED),
        Status.SUCCEEDED: (),
        Status.FAILED: (),
        Status.ERRORED: (),
        Status.ABORTED: (),
        Status.CANCELLED: (),
        Status.SUPERSEDED: (),
        Status.EXPIRED: (),
    }
    ACTIVE = (
        Status.CLAIMED,
        Status.RUNNING,
        Status.VERIFYING,
        Status.RETURNING,
        Status.ABORTING,
        Status.LOST,
    )
    HELD = tuple(status for status in ACTIVE if status != "lost")
    WAITING = (Status.REQUESTED, Status.QUEUED)
    PENDING = (*ACTIVE, *WAITING)

    product = models.ForeignKey(Product, models.PROTECT, related_name="deployments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="deployments")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="deployments")
    previous = models.ForeignKey(Candidate, models.PROTECT, null=True, blank=True, related_name="+")
    release = models.ForeignKey(Release, models.SET_NULL, null=True, blank=True, related_name="deployments")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.DEPLOY)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.REQUESTED)
    digest = models.CharField(max_length=64)
    config_version = models.PositiveIntegerField(default=1)
    requested_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    abort_requested_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    snapshot = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=Q(status__in=["claimed", "running", "verifying", "returning", "aborting", "lost"]),
                name="one_active_deployment",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "requested",
                        "queued",
                        "claimed",
                        "running",
                        "verifying",
                        "returning",
                        "aborting",
                        "lost",
                        "succeeded",
                        "failed",
                        "errored",
                        "aborted",
                        "cancelled",
                        "superseded",
                        "expired",
                    ]
                ),
                name="deployment_status",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "-id"], name="deployment_environment"),
            models.Index(fields=["due_at"], condition=Q(status="queued"), name="deployment_due"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_final(self) -> bool:
        return not self.MOVES[self.status]

    @property
    def goes_back(self) -> bool:
        """Whether it is a rollback, or the first half of a rehearsal, which does just what a rollback would."""
        rehearsed = self.kind == self.Kind.REHEARSAL and self.previous_id is not None
        return self.kind == self.Kind.ROLLBACK or (rehearsed and self.candidate_id < self.previous_id)

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def is_stopping(self) -> bool:
        """Whether it does not go on any more: somebody asked it to stop, or it goes back by itself."""
        return self.is_active and (self.abort_requested_at is not None or self.status == self.Status.RETURNING)


class Step(models.Model):
    """One step of a deployment: probe → act → verify, idempotent by (deployment, key)."""

    class Status(models.TextChoices):
        PENDING = "pending", _("To come")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Not needed")
        FAILED = "failed", _("Failed")

    MOVES = {
        Status.PENDING: (Status.RUNNING, Status.SKIPPED),
        Status.RUNNING: (Status.DONE, Status.FAILED, Status.RUNNING, Status.SKIPPED),
        Status.FAILED: (Status.RUNNING,),
        Status.DONE: (),
        Status.SKIPPED: (),
    }

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="steps")
    key = models.CharField(max_length=30)
    position = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0)
    exit_code = models.IntegerField(null=True, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    pid = models.IntegerField(null=True, blank=True)
    pid_started = models.CharField(max_length=30, blank=True)
    pid_host = models.CharField(max_length=255, blank=True)
    pid_until = models.DateTimeField(null=True, blank=True)
    uninterruptible = models.BooleanField(default=False)
    irreversible = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "key"], name="one_step_per_key"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running", "done", "skipped", "failed"]),
                name="step_status",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class PipelineReport(models.Model):
    """What an external pipeline said of the run it was started for, by its signed call back; the last word counts."""

    key = models.CharField(max_length=120, unique=True, help_text=_("the idempotency key it was started with"))
    status = models.CharField(max_length=10)
    url = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
