"""What a tester leaves behind: defects with their pictures, and the steps that were tried on a build."""

import uuid
from pathlib import PurePosixPath

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.chips import Chip
from lifecycle.models import Product
from releases import chips
from releases.models.plans import Change
from releases.models.words import Verdict

Person = settings.AUTH_USER_MODEL


class Defect(models.Model):
    """One thing a tester saw; a return has one or more of them, in their order."""

    class Severity(models.TextChoices):
        BLOCK = "block", _("Nobody may get this")
        FIX = "fix", _("Must be fixed first")
        MINOR = "minor", _("Small")

    verdict = models.ForeignKey(Verdict, models.CASCADE, related_name="defects")
    position = models.PositiveSmallIntegerField()
    severity = models.CharField(_("how bad"), max_length=5, choices=Severity.choices, default=Severity.FIX)
    seen = models.TextField(_("what was seen"))
    expected = models.TextField(_("what was expected"), blank=True)
    step = models.CharField(_("step"), max_length=300, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["verdict", "position"], name="one_defect_per_place"),
            models.CheckConstraint(condition=Q(severity__in=["block", "fix", "minor"]), name="defect_severity"),
        ]

    def __str__(self) -> str:
        return self.seen[:80]

    @property
    def chip(self) -> Chip:
        return chips.DEFECT[self.severity]


def place_for(attachment: "Attachment", name: str) -> str:
    """Where the file lies: nothing of what a person called it."""
    return f"attachments/{attachment.product_id}/{uuid.uuid4().hex}{PurePosixPath(attachment.name).suffix}"


class Attachment(models.Model):
    """A picture, a recording or a log of a defect. Without a defect it was sent with a form that is not complete yet.

    `content_type` is what the content says, `name` what the person called it, made harmless (releases/attachments.py).
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="attachments")
    defect = models.ForeignKey(Defect, models.CASCADE, null=True, blank=True, related_name="attachments")
    file = models.FileField(upload_to=place_for, max_length=200)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text=_("bytes"))
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Try(models.Model):
    """Somebody ticked a step of a change on one build. The step is known by its words: other words are to be tried."""

    digest = models.CharField(max_length=64)
    change = models.ForeignKey(Change, models.CASCADE, related_name="tries")
    step_hash = models.CharField(max_length=64)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "digest", "step_hash", "by"], name="one_try_per_step"),
        ]

    def __str__(self) -> str:
        return f"{self.change} {self.step_hash[:8]}"
