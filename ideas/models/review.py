"""The weekly review: sessions, agendas, ballots and decisions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ideas.models.intake import Idea
from lifecycle.models import Product, Role


class ReviewSession(models.Model):
    """The weekly review: an agenda of ideas, ballots by role, decisions with reasons."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    MOVES = {Status.PLANNED: (Status.OPEN,), Status.OPEN: (Status.CLOSED,), Status.CLOSED: ()}

    product = models.ForeignKey(Product, models.PROTECT, related_name="reviews")
    week = models.CharField(_("week"), max_length=8, help_text=_("ISO week, e.g. 2026-W48"))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    starts_at = models.DateTimeField(_("starts"))
    capacity = models.PositiveSmallIntegerField(_("points that fit"), default=20)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "week"], name="one_review_per_week"),
            models.UniqueConstraint(fields=["product"], condition=Q(status="open"), name="one_open_review"),
            models.CheckConstraint(condition=Q(status__in=["planned", "open", "closed"]), name="review_status"),
        ]

    def __str__(self) -> str:
        return self.week


class AgendaItem(models.Model):
    """One idea on a review's agenda; `words` quotes why it is (back) here, e.g. a customer's "no"."""

    class Reason(models.TextChoices):
        TRIAGED = "triaged", _("Triaged")
        FEEDBACK = "feedback", _("A customer says it does not help yet")
        HOTFIX = "hotfix", _("Shipped as a hotfix")
        RETURNED = "returned", _("Taken back from production")

    class Status(models.TextChoices):
        WAITING = "waiting", _("To come")
        VOTING = "voting", _("Voting")
        REVEALED = "revealed", _("Deciding")
        DECIDED = "decided", _("Decided")

    MOVES = {
        Status.WAITING: (Status.VOTING,),
        Status.VOTING: (Status.REVEALED, Status.WAITING),
        Status.REVEALED: (Status.DECIDED, Status.VOTING),
        Status.DECIDED: (),
    }

    session = models.ForeignKey(ReviewSession, models.CASCADE, related_name="items")
    idea = models.ForeignKey(Idea, models.CASCADE, related_name="agenda_items")
    reason = models.CharField(max_length=10, choices=Reason.choices, default=Reason.TRIAGED)
    words = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    position = models.PositiveSmallIntegerField(default=0)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["session", "idea"], name="idea_once_on_an_agenda"),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "voting", "revealed", "decided"]),
                name="agenda_item_status",
            ),
            models.UniqueConstraint(
                fields=["session"], condition=Q(status__in=["voting", "revealed"]), name="one_item_on_stage"
            ),
        ]

    def __str__(self) -> str:
        return str(self.idea)

    @property
    def product_id(self) -> int:
        return self.session.product_id


class Ballot(models.Model):
    """One role's secret vote on an agenda item; shown when all are in or the lead opens them."""

    class Choice(models.TextChoices):
        YES = "yes", _("Take it")
        NO = "no", _("Not now")

    item = models.ForeignKey(AgendaItem, models.CASCADE, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="ballots")
    role = models.CharField(max_length=20, choices=Role.choices)
    choice = models.CharField(max_length=5, choices=Choice.choices)
    urgency = models.PositiveSmallIntegerField()
    importance = models.PositiveSmallIntegerField()
    complexity = models.PositiveSmallIntegerField()
    note = models.CharField(_("why"), max_length=300, blank=True)
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "role"], name="one_ballot_per_role"),
            models.UniqueConstraint(fields=["item", "voter"], name="one_ballot_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.role} on {self.item_id}"


class Decision(models.Model):
    """What the review decided about an idea, with the reason that its voters read."""

    class Outcome(models.TextChoices):
        ACCEPT = "accept", _("Accepted")
        BELOW = "below", _("Below the line")
        DECLINE = "decline", _("Declined")

    item = models.OneToOneField(AgendaItem, models.CASCADE, related_name="decision")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    points = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.item}"
