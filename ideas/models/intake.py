"""Intake: areas, ideas, votes and subscriptions."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ideas.chips import chip_of
from ideas.queries import IdeaQuerySet
from ideas.stops import Stop
from lifecycle.chips import Chip
from lifecycle.models import Product


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
        ASKED = "asked", _("Waits for its author")

    MOVES = {
        Status.NEW: (Status.TRIAGED, Status.ACCEPTED, Status.DECLINED, Status.SNOOZED, Status.ANSWERED),
        Status.TRIAGED: (Status.ACCEPTED, Status.DECLINED, Status.SNOOZED, Status.NEW, Status.ASKED),
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
        Status.ASKED: (Status.TRIAGED, Status.DECLINED, Status.SNOOZED, Status.NEW),
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

    # What a queryset may add to a row (with_mine, rows, detail, standing).
    voted: bool
    start: str
    area_name: str | None
    wordings: list[dict[str, Any]]
    was_decided: bool
    standing: dict[str, Any]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="idea_number"),
            models.CheckConstraint(
                condition=Q(status__in=["new", "triaged", "accepted", "declined", "snoozed", "answered", "asked"]),
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
