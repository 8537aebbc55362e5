"""Showing a release before it ships: sessions, who is invited by a link of their own, and what they said."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Comment
from releases.models.audiences import Audience
from releases.models.plans import Change, Release

Person = settings.AUTH_USER_MODEL
GRACE = timedelta(days=3)


class Demo(models.Model):
    """One session: a release is shown to managers, or to customers. Only while it is open do links take answers."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES = {
        Status.PLANNED: (Status.OPEN, Status.CANCELLED),
        Status.OPEN: (Status.CLOSED, Status.CANCELLED),
        Status.CLOSED: (Status.OPEN,),
        Status.CANCELLED: (),
    }

    release = models.ForeignKey(Release, models.CASCADE, related_name="demos")
    audience = models.CharField(_("shown to"), max_length=10, choices=Audience.choices)
    starts_at = models.DateTimeField(_("begins"))
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=30)
    place = models.CharField(_("where"), max_length=300, blank=True)
    host = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("host"))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "audience"],
                condition=Q(status__in=["planned", "open"]),
                name="one_coming_demo_per_audience",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["planned", "open", "closed", "cancelled"]), name="demo_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release}: {self.get_audience_display()}"

    @property
    def product_id(self) -> int:
        """The product that its events belong to."""
        return self.release.product_id

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_planned(self) -> bool:
        return self.status == self.Status.PLANNED

    @property
    def is_cancelled(self) -> bool:
        return self.status == self.Status.CANCELLED

    @property
    def is_over(self) -> bool:
        """Whether nobody can answer any more."""
        return self.status in (self.Status.CLOSED, self.Status.CANCELLED)

    @property
    def ends_at(self) -> datetime:
        """When it was closed, else when it should end."""
        return self.closed_at or self.starts_at + timedelta(minutes=self.minutes)

    @property
    def links_end_at(self) -> datetime:
        """Until when the invitations' links open."""
        return self.ends_at + GRACE


class Invitation(models.Model):
    """One person's own link to a demo; `nonce` is in the link, so that it can be made worthless.

    `attended`: the host said so, or the link was opened while the demo was open; None: nobody knows.
    """

    class Reason(models.TextChoices):
        AUTHOR = "author", _("asked for it")
        VOTE = "vote", _("voted for it")
        STAFF = "staff", _("speaks for the managers")

    demo = models.ForeignKey(Demo, models.CASCADE, related_name="invitations")
    user = models.ForeignKey(Person, models.CASCADE, related_name="demo_invitations")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    nonce = models.CharField(max_length=32)
    sent_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    attended = models.BooleanField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["demo", "user"], name="one_invitation_per_person")]

    def __str__(self) -> str:
        return f"{self.demo}, {self.user}"

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None


class DemoAnswer(models.Model):
    """What one invited person said about one change of one digest; changed until the demo closes."""

    class Outcome(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        NOTE = "note", _("Accept, with a note")
        NO = "no", _("Not like this")

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="answers")
    change = models.ForeignKey(Change, models.CASCADE, related_name="demo_answers")
    digest = models.CharField(max_length=64)
    outcome = models.CharField(_("answer"), max_length=6, choices=Outcome.choices)
    words = models.TextField(_("in your words"), blank=True)
    comment = models.ForeignKey(Comment, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invitation", "change", "digest"], name="one_demo_answer_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.change}"
