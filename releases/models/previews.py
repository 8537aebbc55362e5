"""What undoing changes would do to what is live, worked out by a worker before anybody presses the button."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Product
from releases.models.candidates import Candidate


class UndoPreview(models.Model):
    """Taking `keys` (e.g. "C-3 C-7") out of one live candidate: the files that leave, and what is in the way.

    `conflicts` name the change that cannot be taken out, the later change that needs it and their common files.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Being worked out")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be worked out")

    MOVES = {Status.QUEUED: (Status.READY, Status.FAILED), Status.READY: (), Status.FAILED: (Status.QUEUED,)}

    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="undo_previews")
    keys = models.CharField(max_length=500)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    files = models.JSONField(default=list)
    conflicts = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "keys"], name="one_undo_preview"),
            models.CheckConstraint(condition=Q(status__in=["queued", "ready", "failed"]), name="undo_preview_status"),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} − {self.keys}"

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.READY

    @property
    def is_clean(self) -> bool:
        """Whether the changes can be taken out alone."""
        return self.is_ready and not self.conflicts
