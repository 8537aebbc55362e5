"""The review: sessions, agendas, seats, ballots and decisions."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ideas.models.intake import Idea
from lifecycle.models import Product, Role


class ReviewSession(models.Model):
    """One meeting of the board: an agenda of ideas, ballots by seat, decisions with reasons.

    FROZEN: the agenda stands and ballots can be cast before the meeting. DROPPED: skipped, its ideas went on to the
    next one. `on_stage` is the idea that is talked about. `version` grows with everything that a screen shows.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        FROZEN = "frozen", _("Agenda stands")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")
        DROPPED = "dropped", _("Skipped")

    MOVES = {
        Status.PLANNED: (Status.FROZEN, Status.DROPPED),
        Status.FROZEN: (Status.OPEN, Status.PLANNED, Status.DROPPED),
        Status.OPEN: (Status.CLOSED,),
        Status.CLOSED: (),
        Status.DROPPED: (),
    }

    product = models.ForeignKey(Product, models.PROTECT, related_name="reviews")
    week = models.CharField(_("week"), max_length=8, help_text=_("ISO week, e.g. 2026-W48"))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    starts_at = models.DateTimeField(_("starts"))
    capacity = models.PositiveSmallIntegerField(_("points that fit"), default=20)
    frozen_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    on_stage = models.ForeignKey("AgendaItem", models.SET_NULL, null=True, blank=True, related_name="+")
    timer_ends_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "week"], name="one_review_per_week"),
            models.UniqueConstraint(fields=["product"], condition=Q(status="open"), name="one_open_review"),
            models.CheckConstraint(
                condition=Q(status__in=["planned", "frozen", "open", "closed", "dropped"]), name="review_status"
            ),
        ]

    def __str__(self) -> str:
        return self.week

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_frozen(self) -> bool:
        return self.status == self.Status.FROZEN

    @property
    def takes_ballots(self) -> bool:
        return self.is_frozen or self.is_open

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.CLOSED, self.Status.DROPPED)

    def changed(self) -> None:
        """Tell every screen that shows this review, by its version."""
        ReviewSession.objects.filter(pk=self.pk).update(version=F("version") + 1)


class AgendaItem(models.Model):
    """One idea on a review's agenda; `words` quotes why it is (back) here, e.g. a customer's "no".

    `is_extra` stands below the cut: the meeting's minutes are not enough for it. `round` counts the votes on it.
    """

    class Reason(models.TextChoices):
        TRIAGED = "triaged", _("Triaged")
        WOKEN = "woken", _("Its time has come")
        FEEDBACK = "feedback", _("A customer says it does not help yet")
        HOTFIX = "hotfix", _("Shipped as a hotfix")
        RETURNED = "returned", _("Taken back from production")
        ANSWERED = "answered", _("Its author has answered")

    class Status(models.TextChoices):
        WAITING = "waiting", _("To come")
        VOTING = "voting", _("Voting")
        REVEALED = "revealed", _("Deciding")
        DECIDED = "decided", _("Decided")

    MOVES = {
        Status.WAITING: (Status.VOTING, Status.REVEALED),
        Status.VOTING: (Status.REVEALED, Status.WAITING),
        Status.REVEALED: (Status.DECIDED, Status.VOTING, Status.WAITING),
        Status.DECIDED: (Status.REVEALED,),
    }

    session = models.ForeignKey(ReviewSession, models.CASCADE, related_name="items")
    idea = models.ForeignKey(Idea, models.CASCADE, related_name="agenda_items")
    reason = models.CharField(max_length=10, choices=Reason.choices, default=Reason.TRIAGED)
    carried_from = models.ForeignKey(ReviewSession, models.SET_NULL, null=True, blank=True, related_name="carried_over")
    words = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    position = models.PositiveSmallIntegerField(default=0)
    score = models.IntegerField(default=0)
    is_extra = models.BooleanField(default=False)
    round = models.PositiveSmallIntegerField(default=1)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["session", "idea"], name="idea_once_on_an_agenda"),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "voting", "revealed", "decided"]),
                name="agenda_item_status",
            ),
            models.UniqueConstraint(fields=["session"], condition=Q(status="voting"), name="one_item_voting"),
        ]

    def __str__(self) -> str:
        return str(self.idea)

    @property
    def product_id(self) -> int:
        return self.session.product_id

    @property
    def decision(self) -> "Decision | None":
        """The decision that stands; free of a statement where `decisions` were prefetched."""
        standing = (one for one in self.decisions.all() if one.undone_at is None)
        return next(standing, None)

    @property
    def takes_ballots(self) -> bool:
        return self.status in (self.Status.WAITING, self.Status.VOTING)

    @property
    def is_revealed(self) -> bool:
        return self.status == self.Status.REVEALED

    @property
    def is_decided(self) -> bool:
        return self.status == self.Status.DECIDED

    @property
    def current(self) -> "list[Ballot]":
        """The ballots of the present round."""
        return [ballot for ballot in self.ballots.all() if ballot.round == self.round]

    @property
    def earlier(self) -> "list[Ballot]":
        """The ballots of the round before, which are kept to compare."""
        return [ballot for ballot in self.ballots.all() if ballot.round == self.round - 1]


class Seat(models.Model):
    """Who holds a role at one review's table. One person may hold several; the ballot is theirs, and one."""

    session = models.ForeignKey(ReviewSession, models.CASCADE, related_name="seats")
    role = models.CharField(max_length=20, choices=Role.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "role"], name="one_seat_per_role")]

    def __str__(self) -> str:
        return f"{self.role}: {self.user_id}"


class Attendance(models.Model):
    """Who was at a review, from when to when."""

    session = models.ForeignKey(ReviewSession, models.CASCADE, related_name="attendances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "user"], name="one_attendance")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.session_id}"


class Ballot(models.Model):
    """One person's secret vote on an agenda item in one round, for every seat they hold; opened with all others.

    `complexity` is asked of the team lead only and may stay unknown.
    """

    class Choice(models.TextChoices):
        YES = "yes", _("Take it")
        LATER = "later", _("Later")
        NO = "no", _("No")

    item = models.ForeignKey(AgendaItem, models.CASCADE, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="ballots")
    round = models.PositiveSmallIntegerField(default=1)
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices))
    choice = models.CharField(max_length=5, choices=Choice.choices)
    urgency = models.PositiveSmallIntegerField()
    importance = models.PositiveSmallIntegerField()
    complexity = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(_("why"), max_length=300, blank=True)
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "round", "voter"], name="one_ballot_per_person_and_round"),
            models.CheckConstraint(condition=Q(choice__in=["yes", "later", "no"]), name="ballot_choice"),
        ]

    def __str__(self) -> str:
        return f"{self.voter_id} on {self.item_id}, round {self.round}"


class Decision(models.Model):
    """What the board decided about an idea, with the reason that its voters read once the review is closed.

    LATER comes back on `until`, or with `votes_needed` votes; without a condition it is on the next agenda.
    """

    class Outcome(models.TextChoices):
        QUEUE = "queue", _("Into the queue")
        LATER = "later", _("Later")
        DECLINE = "decline", _("Declined")
        ASK = "ask", _("Needs information")

    item = models.ForeignKey(AgendaItem, models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    points = models.PositiveSmallIntegerField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    votes_needed = models.PositiveIntegerField(null=True, blank=True)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    woken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(undone_at__isnull=True), name="one_standing_decision"),
            models.CheckConstraint(
                condition=Q(outcome__in=["queue", "later", "decline", "ask"]), name="decision_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.item}"

    @property
    def has_condition(self) -> bool:
        return self.until is not None or self.votes_needed is not None
