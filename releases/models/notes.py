"""Release notes: what customers read about a release once its watch has closed well."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.chips import Chip
from releases import chips
from releases.models.plans import Change, Release


class Notes(models.Model):
    """The notes of one release: drafted when it is frozen, published when it is proven, withdrawn with it."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    MOVES = {
        Status.DRAFT: (Status.PUBLISHED,),
        Status.PUBLISHED: (Status.WITHDRAWN,),
        Status.WITHDRAWN: (Status.PUBLISHED,),
    }

    release = models.OneToOneField(Release, models.CASCADE, related_name="notes")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    intro = models.TextField(_("introduction"), blank=True)
    drafted_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "notes"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["draft", "published", "withdrawn"]), name="notes_status")
        ]

    def __str__(self) -> str:
        return str(self.release)

    @property
    def product_id(self) -> int:
        return self.release.product_id

    @property
    def chip(self) -> Chip:
        return chips.NOTES[self.status]

    @property
    def is_published(self) -> bool:
        return self.status == self.Status.PUBLISHED


class NoteLine(models.Model):
    """What the notes say of one change; `title` and `text` are empty where the plan's words will do.

    It stays when its change leaves the release, so that what was written is there if the change comes back.
    """

    notes = models.ForeignKey(Notes, models.CASCADE, related_name="lines")
    change = models.ForeignKey(Change, models.CASCADE, related_name="note_lines")
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("title"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    is_hidden = models.BooleanField(_("left out"), default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["notes", "change"], name="one_line_per_change")]

    def __str__(self) -> str:
        return self.title or str(self.change)
