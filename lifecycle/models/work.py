"""Leased rows: the truth about everything a worker does that takes time (see lifecycle/jobs.py), and their logs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Logged(models.Model):
    """Whatever has a log. `log_removed_after`: its lines went after so many days; null while they stay."""

    log_removed_after = models.PositiveSmallIntegerField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def log_key(self) -> str:
        """The key of this row's log lines, e.g. "deployment:412"."""
        return f"{self._meta.model_name}:{self.pk}"


class Leased(Logged):
    """The columns a leased row has, whatever its own states are.

    `fence` grows with each claim and every later write carries it; `lease_until` is on the database's clock.
    """

    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    owner = models.CharField(max_length=80, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    rung_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        abstract = True


class Work(Leased):
    """A piece of background work: fetch, compose, check, build, push, delta. `kind` names its handler."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        CLAIMED = "claimed", _("Running")
        LOST = "lost", _("Lost its worker")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        ERRORED = "errored", _("Broke off")

    MOVES = {
        Status.QUEUED: (Status.CLAIMED,),
        Status.CLAIMED: (Status.SUCCEEDED, Status.FAILED, Status.ERRORED, Status.LOST),
        Status.LOST: (Status.CLAIMED, Status.ERRORED),
        Status.SUCCEEDED: (),
        Status.FAILED: (),
        Status.ERRORED: (),
    }
    ACTIVE = (Status.CLAIMED, Status.LOST)

    kind = models.CharField(max_length=30)
    queue = models.CharField(max_length=10, default="default")
    subject_id = models.BigIntegerField()
    key = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    product = models.ForeignKey("lifecycle.Product", models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(status__in=["queued"]), name="one_queued_work_per_key"
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(status__in=["claimed", "lost"]),
                name="one_active_work_per_key",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["queued", "claimed", "lost", "succeeded", "failed", "errored"]),
                name="work_status",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(status="queued"), name="work_due"),
            models.Index(fields=["kind", "subject_id"], name="work_subject"),
            models.Index(
                fields=["product", "finished_at"],
                condition=models.Q(log_removed_after=None),
                name="work_whose_log_stays",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class LogLine(models.Model):
    """One line of a log. `log` is the `log_key` of what wrote it; `seq` grows by one within it."""

    class Stream(models.TextChoices):
        OUT = "out", _("Output")
        ERR = "err", _("Error")
        INFO = "info", _("Lifecycle")
        OK = "ok", _("Good")
        WARN = "warn", _("Warning")

    log = models.CharField(max_length=60)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    stream = models.CharField(max_length=4, choices=Stream.choices, default=Stream.OUT)
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["log", "seq"], name="log_line_once")]

    def __str__(self) -> str:
        return self.text[:80]


class Heartbeat(models.Model):
    """When a worker, beat or the keeper was last seen; readiness and the system page read it."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
