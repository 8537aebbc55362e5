"""The watch that follows a production deployment: samples, findings."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deployments.models.deployments import Deployment
from environments.models import Environment
from lifecycle.models import Product
from releases.models import Release


class Watch(models.Model):
    """The hours after a production deployment: samples in, findings and a verdict out."""

    class Status(models.TextChoices):
        OPEN = "open", _("Watching")
        WELL = "well", _("Closed well")
        BAD = "bad", _("Taken back")
        INCONCLUSIVE = "inconclusive", _("Too little traffic to tell")
        BLIND = "blind", _("No data")
        SUPERSEDED = "superseded", _("Passed on to the next release")

    MOVES = {
        Status.OPEN: (Status.WELL, Status.BAD, Status.INCONCLUSIVE, Status.BLIND, Status.SUPERSEDED),
        Status.INCONCLUSIVE: (Status.WELL, Status.BAD),
        Status.BLIND: (Status.WELL, Status.BAD),
        Status.WELL: (),
        Status.BAD: (),
        Status.SUPERSEDED: (),
    }

    product = models.ForeignKey(Product, models.PROTECT, related_name="watches")
    deployment = models.OneToOneField(Deployment, models.CASCADE, related_name="watch")
    release = models.ForeignKey(Release, models.SET_NULL, null=True, blank=True, related_name="watches")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    next_sample_at = models.DateTimeField()
    baseline = models.JSONField(default=dict)
    evidence = models.JSONField(default=dict)
    closed_note = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "well", "bad", "inconclusive", "blind", "superseded"]),
                name="watch_status",
            )
        ]

    def __str__(self) -> str:
        return f"{self.deployment_id}"


class Sample(models.Model):
    """What production answered at one moment. Counters are as scraped; `deltas` are since the sample before.

    Taken also between watches (watch is null), because they are the next watch's baseline.
    """

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="samples")
    watch = models.ForeignKey(Watch, models.SET_NULL, null=True, blank=True, related_name="samples")
    at = models.DateTimeField()
    ok = models.BooleanField()
    error = models.CharField(max_length=300, blank=True)
    probe_ms = models.FloatField(null=True, blank=True)
    counters = models.JSONField(default=dict)
    deltas = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["environment", "-at"], name="sample_environment")]

    def __str__(self) -> str:
        return f"{self.at}"


class Finding(models.Model):
    """Something the watch noticed: a fault, a slow endpoint, a failing probe; named, with its numbers."""

    class Kind(models.TextChoices):
        ERRORS = "errors", _("More errors")
        SLOW = "slow", _("Slower")
        DOWN = "down", _("Does not answer")
        BOTTLENECK = "bottleneck", _("Bottleneck")

    class Tier(models.TextChoices):
        WARN = "warn", _("Warning")
        ACT = "act", _("Act now")

    watch = models.ForeignKey(Watch, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    tier = models.CharField(max_length=5, choices=Tier.choices)
    endpoint = models.CharField(max_length=120, blank=True)
    numbers = models.JSONField(default=dict)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch", "kind", "endpoint"], name="one_finding_per_endpoint")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.endpoint}"
