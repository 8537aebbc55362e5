"""Intake, votes, merging and the review board."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ideas.chips import chip_of
from ideas.queries import IdeaQuerySet
from ideas.stops import Stop
from lifecycle.chips import Chip
from lifecycle.models import Product, Role


class Area(models.Model):
    """A part of the product that ideas are sorted into."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="areas")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "name"], name="one_area_per_name")]

    def __str__(self) -> str:
        return self.name


class Idea(models.Model):
    """A request in a person's own words.

    A merge only sets pointers and moves nothing: `merged_into` is the idea that this one was merged into (the truth),
    `canonical` the primary at the end of that chain (kept beside it, so that a group is one indexed condition).
    `votes`, `comments` and `merged_count` of a primary count its whole group, each person once.
    """

    class Kind(models.TextChoices):
        FEATURE = "feature", _("Feature")
        BUG = "bug", _("Bug")
        QUESTION = "question", _("Question")

    class Source(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        DEVELOPER = "developer", _("Developer")
        MANAGEMENT = "management", _("Management")
        MONITORING = "monitoring", _("Monitoring")

    class Status(models.TextChoices):
        NEW = "new", _("New")
        TRIAGED = "triaged", _("Waits for review")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        SNOOZED = "snoozed", _("Snoozed")
        ANSWERED = "answered", _("Answered")

    MOVES = {
        Status.NEW: (Status.TRIAGED, Status.ACCEPTED, Status.DECLINED, Status.SNOOZED, Status.ANSWERED),
        Status.TRIAGED: (Status.ACCEPTED, Status.DECLINED, Status.SNOOZED, Status.NEW),
        Status.ACCEPTED: (Status.TRIAGED, Status.DECLINED),
        Status.DECLINED: (Status.NEW, Status.TRIAGED),
        Status.SNOOZED: (
            Status.NEW,
            Status.TRIAGED,
            Status.ACCEPTED,
            Status.DECLINED,
            Status.SNOOZED,
            Status.ANSWERED,
        ),
        Status.ANSWERED: (Status.NEW,),
    }

    product = models.ForeignKey(Product, models.PROTECT, related_name="ideas")
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("why it matters"), blank=True)
    language = models.CharField(max_length=5, default="en")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.FEATURE)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices, default=Source.CUSTOMER)
    channel = models.CharField(max_length=20, default="portal")
    area = models.ForeignKey(Area, models.SET_NULL, null=True, blank=True, related_name="ideas")
    urgency = models.PositiveSmallIntegerField(_("urgency"), null=True, blank=True)
    importance = models.PositiveSmallIntegerField(_("importance"), null=True, blank=True)
    complexity = models.PositiveSmallIntegerField(_("complexity"), null=True, blank=True)
    severity = models.PositiveSmallIntegerField(_("severity"), null=True, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="ideas")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    team_only = models.BooleanField(_("only the team sees this"), default=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_here")
    canonical = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    stop = models.PositiveSmallIntegerField(choices=Stop.choices, default=Stop.IDEA)
    stop_note = models.CharField(max_length=200, blank=True)
    points = models.PositiveSmallIntegerField(_("points"), null=True, blank=True)
    queue_rank = models.IntegerField(null=True, blank=True)
    votes = models.PositiveIntegerField(default=0)
    comments = models.PositiveIntegerField(default=0)
    merged_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    snoozed_until = models.DateTimeField(null=True, blank=True)

    objects = IdeaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="idea_number"),
            models.CheckConstraint(
                condition=Q(status__in=["new", "triaged", "accepted", "declined", "snoozed", "answered"]),
                name="idea_status",
            ),
            models.CheckConstraint(condition=Q(stop__gte=1, stop__lte=8), name="idea_stop"),
            models.CheckConstraint(
                condition=~Q(canonical=F("id")) & ~Q(merged_into=F("id")),
                name="idea_not_its_own_duplicate",
            ),
            models.CheckConstraint(
                condition=Q(canonical__isnull=True, merged_into__isnull=True)
                | Q(canonical__isnull=False, merged_into__isnull=False),
                name="idea_merged_with_both_pointers",
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{scale}__isnull": True}) | Q(**{f"{scale}__gte": 1, f"{scale}__lte": 5}),
                    name=f"idea_{scale}_1_to_5",
                )
                for scale in ("urgency", "importance", "complexity", "severity")
            ),
        ]
        indexes = [
            models.Index(fields=["product", "-votes", "-id"], condition=Q(canonical=None), name="idea_popular"),
            models.Index(fields=["product", "-id"], condition=Q(canonical=None), name="idea_newest"),
            models.Index(fields=["product", "status", "id"], name="idea_by_status"),
            models.Index(fields=["product", "-moved_at", "-id"], condition=Q(canonical=None), name="idea_moved"),
            models.Index(fields=["product", "queue_rank"], condition=Q(queue_rank__gt=0), name="idea_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_merged(self) -> bool:
        return self.canonical_id is not None

    @property
    def is_bug(self) -> bool:
        return self.kind == self.Kind.BUG

    @property
    def chip(self) -> Chip:
        return chip_of(self)


class Vote(models.Model):
    """One person's vote, kept where it was cast, also after a merge."""

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="vote_rows")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="votes")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["idea", "user"], name="one_vote_per_person")]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.idea_id}"


class Subscription(models.Model):
    """Who hears about an idea, and why."""

    class Reason(models.TextChoices):
        AUTHOR = "author", _("You shared it")
        VOTE = "vote", _("You voted for it")
        COMMENT = "comment", _("You commented on it")
        FOLLOW = "follow", _("You follow it")

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["idea", "user"], name="one_subscription")]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.idea_id}"


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
