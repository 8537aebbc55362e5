"""The combined test: what a tester goes through with everything together, and which change makes the tests fail."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.chips import Chip
from lifecycle.models import Product
from releases import chips
from releases.models.candidates import Candidate, Check
from releases.models.plans import Change, Release

Person = settings.AUTH_USER_MODEL


class ChecklistItem(models.Model):
    """A point to go through on the frozen candidate: a step of one change, or of the whole (no change)."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="checklist")
    change = models.ForeignKey(Change, models.CASCADE, null=True, blank=True, related_name="+")
    text = models.CharField(_("point"), max_length=300)
    position = models.PositiveSmallIntegerField()
    is_left_out = models.BooleanField(default=False, help_text=_("somebody took it off the list"))

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text


class ChecklistAnswer(models.Model):
    """What a tester found on one digest; `carried_from` is the answer to an earlier one that still holds."""

    item = models.ForeignKey(ChecklistItem, models.CASCADE, related_name="answers")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    ok = models.BooleanField()
    words = models.TextField(blank=True)
    carried_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["digest", "item"], name="answers_of_a_digest")]

    def __str__(self) -> str:
        return f"{self.item}: {'ok' if self.ok else 'not ok'}"


class Search(models.Model):
    """A worker looks for the change that makes the tests of a frozen candidate fail.

    It repeats the tests, tests the base alone, then leaves one change out at a time, until something is green.
    """

    class Status(models.TextChoices):
        LOOKING = "looking", _("Looking")
        FLAKY = "flaky", _("Passed when repeated")
        BASE = "base", _("Fails without any change, too")
        FOUND = "found", _("Found")
        TOGETHER = "together", _("Only together")
        STOPPED = "stopped", _("Not needed any more")
        ERRORED = "errored", _("Could not be found out")

    MOVES = {
        Status.LOOKING: (
            Status.FLAKY,
            Status.BASE,
            Status.FOUND,
            Status.TOGETHER,
            Status.STOPPED,
            Status.ERRORED,
        ),
        Status.FLAKY: (),
        Status.BASE: (),
        Status.FOUND: (),
        Status.TOGETHER: (),
        Status.STOPPED: (),
        Status.ERRORED: (),
    }

    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    release = models.ForeignKey(Release, models.CASCADE, related_name="searches")
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="searches")
    failed = models.ForeignKey(Check, models.CASCADE, related_name="+")
    repeat = models.ForeignKey(Check, models.SET_NULL, null=True, blank=True, related_name="+")
    base_trial = models.ForeignKey(Candidate, models.SET_NULL, null=True, blank=True, related_name="+")
    base_check = models.ForeignKey(Check, models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.LOOKING)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate"], name="one_search_per_candidate"),
            models.CheckConstraint(
                condition=Q(status__in=["looking", "flaky", "base", "found", "together", "stopped", "errored"]),
                name="search_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate}: {self.get_status_display()}"

    @property
    def is_looking(self) -> bool:
        return self.status == self.Status.LOOKING

    @property
    def is_found(self) -> bool:
        return self.status == self.Status.FOUND


class Suspicion(models.Model):
    """One change that is left out to see whether the rest is green; what is built on it is left out with it."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Not tried yet")
        CULPRIT = "culprit", _("Green without it")
        INNOCENT = "innocent", _("Fails without it, too")
        CONFLICT = "conflict", _("The others cannot be put together without it")
        ERRORED = "errored", _("Could not be tried")

    MOVES = {
        Status.QUEUED: (Status.CULPRIT, Status.INNOCENT, Status.CONFLICT, Status.ERRORED),
        Status.CULPRIT: (),
        Status.INNOCENT: (),
        Status.CONFLICT: (),
        Status.ERRORED: (),
    }

    search = models.ForeignKey(Search, models.CASCADE, related_name="suspicions")
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="suspicions")
    change = models.ForeignKey(Change, models.CASCADE, related_name="+")
    trial = models.ForeignKey(Candidate, models.SET_NULL, null=True, blank=True, related_name="+")
    check_run = models.ForeignKey(Check, models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["search", "change"], name="one_suspicion_per_change"),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "culprit", "innocent", "conflict", "errored"]),
                name="suspicion_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change}: {self.get_status_display()}"

    @property
    def chip(self) -> Chip:
        return chips.SUSPICION[self.status]
