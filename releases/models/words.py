"""What people said: testers, managers and customers at the demo, approvers, and voters afterwards."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from environments.models import Environment
from ideas.models import Idea
from lifecycle.models import Role
from releases.models.audiences import Audience
from releases.models.candidates import Candidate
from releases.models.demos import Demo
from releases.models.plans import Change, Release, Revision

Person = settings.AUTH_USER_MODEL


class Verdict(models.Model):
    """A tester's word on one change in one candidate."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned for rework")

    change = models.ForeignKey(Change, models.CASCADE, related_name="verdicts")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="verdicts")
    digest = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.TextField(_("reason"), blank=True)
    carried_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, related_name="verdicts")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.change}"

    @property
    def is_yes(self) -> bool:
        return self.outcome == self.Outcome.APPROVED


class SignOff(models.Model):
    """What managers or customers said after the demo of a candidate."""

    Audience = Audience

    class Outcome(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("Not yet")

    release = models.ForeignKey(Release, models.CASCADE, related_name="signoffs")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="signoffs")
    digest = models.CharField(max_length=64)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    outcome = models.CharField(max_length=5, choices=Outcome.choices)
    words = models.TextField(_("what they said"), blank=True)
    demo = models.ForeignKey(Demo, models.SET_NULL, null=True, blank=True, related_name="signoffs")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_audience_display()}: {self.get_outcome_display()}"

    @property
    def is_yes(self) -> bool:
        return self.outcome == self.Outcome.YES


class Approval(models.Model):
    """A yes or a no to one digest on one environment configuration; never to "the release" at large.

    `for_person` is whose deputy gave it, `via` where it was given.
    """

    class Outcome(models.TextChoices):
        YES = "yes", _("Approved")
        NO = "no", _("Not yet")

    class Via(models.TextChoices):
        SCREEN = "screen", _("On the screen")
        API = "api", _("Over the API")

    release = models.ForeignKey(Release, models.CASCADE, related_name="approvals")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="approvals")
    digest = models.CharField(max_length=64)
    environment = models.ForeignKey(Environment, models.PROTECT, null=True, blank=True, related_name="+")
    config_version = models.PositiveIntegerField()
    role = models.CharField(max_length=20, choices=Role.choices)
    outcome = models.CharField(max_length=5, choices=Outcome.choices)
    is_own_work = models.BooleanField(default=False)
    for_person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    via = models.CharField(max_length=10, choices=Via.choices, default=Via.SCREEN)
    words = models.TextField(_("words"), blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="approvals")
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "digest", "by"],
                condition=Q(withdrawn_at=None),
                name="one_approval_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} by {self.by}"


class Survey(models.Model):
    """After a release went live: did it help the people who asked?"""

    release = models.OneToOneField(Release, models.CASCADE, related_name="survey")
    opened_at = models.DateTimeField()
    asked = models.PositiveIntegerField(default=0, help_text=_("people who were asked"))

    def __str__(self) -> str:
        return f"{self.release}"


class Answer(models.Model):
    """One person's answer about one idea of a release."""

    class Outcome(models.TextChoices):
        YES = "yes", _("Yes, it helps")
        PARTLY = "partly", _("Partly")
        NO = "no", _("No")

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="answers")
    idea = models.ForeignKey(Idea, models.CASCADE, related_name="answers")
    user = models.ForeignKey(Person, models.CASCADE, related_name="answers")
    outcome = models.CharField(_("answer"), max_length=6, choices=Outcome.choices)
    words = models.TextField(_("in your words"), blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["survey", "idea", "user"], name="one_answer_per_person")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.idea}"
