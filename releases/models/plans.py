"""The plan: releases and the changes that serve their ideas."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ideas.models import Idea
from lifecycle.chips import Chip
from lifecycle.models import Product
from releases import chips

Person = settings.AUTH_USER_MODEL


class Release(models.Model):
    """A plan that everyone can read; frozen it has one candidate, approved it ships, live it is watched."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Being planned")
        PLANNED = "planned", _("Planned")
        FROZEN = "frozen", _("In testing")
        LIVE = "live", _("Live")
        DONE = "done", _("Proven")
        ROLLED_BACK = "rolled_back", _("Taken back")
        DROPPED = "dropped", _("Dropped")

    MOVES = {
        Status.DRAFT: (Status.PLANNED, Status.DROPPED),
        Status.PLANNED: (Status.FROZEN, Status.DROPPED, Status.DRAFT),
        Status.FROZEN: (Status.LIVE, Status.PLANNED, Status.DROPPED),
        Status.LIVE: (Status.DONE, Status.ROLLED_BACK),
        Status.DONE: (Status.ROLLED_BACK,),
        Status.ROLLED_BACK: (Status.LIVE,),
        Status.DROPPED: (),
    }

    class Kind(models.TextChoices):
        PLANNED = "planned", _("Planned release")
        HOTFIX = "hotfix", _("Hotfix")
        UNDO = "undo", _("Undo")

    class Enough(models.TextChoices):
        MUST = "must", _("When every must-have is approved")
        COUNT = "count", _("When so many changes are approved")
        DATE = "date", _("On the day of the freeze, with what is approved by then")

    product = models.ForeignKey(Product, models.PROTECT, related_name="releases")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PLANNED)
    version = models.CharField(_("version"), max_length=20)
    goal = models.CharField(_("goal"), max_length=200, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    target_date = models.DateField(_("target date"))
    first_target_date = models.DateField(null=True, blank=True)
    slip_words = models.CharField(_("what customers read about it"), max_length=300, blank=True)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    enough = models.CharField(_("what is enough"), max_length=5, choices=Enough.choices, default=Enough.MUST)
    enough_count = models.PositiveSmallIntegerField(_("how many changes"), null=True, blank=True)
    freeze_on = models.DateField(_("freeze"), null=True, blank=True)
    demo_on = models.DateField(_("demo"), null=True, blank=True)
    risk = models.TextField(_("what could go wrong"), blank=True)
    rollback_plan = models.TextField(_("what to do then"), blank=True)
    plan_version = models.PositiveIntegerField(default=1, help_text=_("counts what was changed after publishing"))
    candidate = models.ForeignKey("Candidate", models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True, help_text=_("why it is undone, or cannot wait for a plan"))
    undoes = models.ManyToManyField("Change", related_name="undone_in", blank=True)
    parked_at = models.DateTimeField(null=True, blank=True, help_text=_("frozen, but a hotfix has staging"))
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    live_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "version"], name="one_release_per_version"),
            models.UniqueConstraint(
                fields=["product"], condition=Q(status="frozen", parked_at__isnull=True), name="one_frozen_release"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "planned", "frozen", "live", "done", "rolled_back", "dropped"]),
                name="release_status",
            ),
            models.CheckConstraint(
                condition=Q(enough="must")
                | Q(enough="count", enough_count__isnull=False, enough_count__gte=1)
                | Q(enough="date", freeze_on__isnull=False),
                name="release_says_what_is_enough",
            ),
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def chip(self) -> Chip:
        return chips.RELEASE[self.status]

    @property
    def is_open(self) -> bool:
        """Whether the plan can still be changed."""
        return self.status in (self.Status.DRAFT, self.Status.PLANNED)

    @property
    def is_frozen(self) -> bool:
        return self.status == self.Status.FROZEN

    @property
    def is_parked(self) -> bool:
        """Whether it is frozen but gave staging to a release that could not wait."""
        return self.is_frozen and self.parked_at is not None

    @property
    def is_planned(self) -> bool:
        """Whether it follows a plan; hotfixes and undos go the short way."""
        return self.kind == self.Kind.PLANNED

    @property
    def is_undo(self) -> bool:
        return self.kind == self.Kind.UNDO

    @property
    def is_out(self) -> bool:
        """Whether it went to production, even if it was taken back."""
        return self.live_at is not None


class Change(models.Model):
    """What a developer builds for any number of ideas, on one branch. Its stop follows from facts."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DEVELOPMENT = "development", _("In development")
        READY = "ready", _("Ready for staging")
        STAGING = "staging", _("On staging")
        APPROVED = "approved", _("Approved by a tester")
        LIVE = "live", _("Live")
        DROPPED = "dropped", _("Dropped")

    MOVES = {
        Status.PLANNED: (Status.DEVELOPMENT, Status.DROPPED),
        Status.DEVELOPMENT: (Status.READY, Status.PLANNED, Status.DROPPED, Status.LIVE),
        Status.READY: (Status.STAGING, Status.DEVELOPMENT, Status.DROPPED),
        Status.STAGING: (Status.APPROVED, Status.DEVELOPMENT, Status.READY, Status.DROPPED),
        Status.APPROVED: (Status.LIVE, Status.STAGING, Status.DEVELOPMENT, Status.READY, Status.DROPPED),
        Status.LIVE: (Status.APPROVED, Status.DEVELOPMENT),
        Status.DROPPED: (Status.PLANNED,),
    }

    class Migrations(models.TextChoices):
        UNKNOWN = "", _("Not said yet")
        NONE = "none", _("None")
        EXPAND = "expand", _("Expand: the old release runs on it")
        CONTRACT = "contract", _("Contract: the old release does not run on it")
        IRREVERSIBLE = "irreversible", _("Irreversible: data is lost")

    product = models.ForeignKey(Product, models.PROTECT, related_name="changes")
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=200)
    ideas = models.ManyToManyField(Idea, related_name="changes", blank=True)
    release = models.ForeignKey(Release, models.SET_NULL, null=True, blank=True, related_name="changes")
    developer = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="changes")
    branch = models.CharField(_("branch"), max_length=200, blank=True)
    must = models.BooleanField(_("must be in the release"), default=True)
    estimate = models.PositiveSmallIntegerField(_("estimate in points"), null=True, blank=True)
    due_date = models.DateField(_("due"), null=True, blank=True)
    steps = models.TextField(_("what the tester should try"), blank=True, help_text=_("one step per line"))
    summary = models.TextField(_("what changes for you"), blank=True, help_text=_("for customers, in their words"))
    migrations = models.CharField(max_length=12, choices=Migrations.choices, blank=True, default="")
    requires = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="required_by")
    revision = models.ForeignKey("Revision", models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PLANNED)
    return_reason = models.TextField(blank=True)
    conflict = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    waiting_since = models.DateTimeField()

    seen: list[Idea]
    """What a queryset may add: the ideas of it that a reader may see (notes.py)."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="change_number"),
            models.UniqueConstraint(
                fields=["product", "branch"],
                condition=~Q(branch="") & ~Q(status__in=["dropped", "live"]),
                name="one_open_change_per_branch",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["planned", "development", "ready", "staging", "approved", "live", "dropped"]),
                name="change_status",
            ),
        ]

    def __str__(self) -> str:
        return f"C-{self.number} {self.title}"

    @property
    def key(self) -> str:
        """The change's short name in git trailers and on the page, e.g. "C-12"."""
        return f"C-{self.number}"

    @property
    def is_returned(self) -> bool:
        """Whether it came back, from a tester or from production, and nothing was pushed since."""
        return self.status == self.Status.DEVELOPMENT and bool(self.return_reason)

    @property
    def chip(self) -> Chip:
        return chips.RETURNED if self.is_returned else chips.CHANGE[self.status]

    @property
    def environments(self) -> int:
        """How many of dev, staging and production have it, for `{% envline %}`."""
        return {"development": 1, "ready": 1, "staging": 2, "approved": 2, "live": 3}.get(self.status, 0)


class Revision(models.Model):
    """One push to a change's branch: the commits fork..tip, kept by refs/lifecycle/changes/<id>/<number>.

    `stands_on` is the newest commit in it that belongs to the change below (`Change.requires`): the rest is its own.
    """

    change = models.ForeignKey(Change, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    fork = models.CharField(max_length=40)
    tip = models.CharField(max_length=40)
    stands_on = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=200, blank=True)
    commits = models.PositiveIntegerField(default=0)
    files = models.JSONField(default=list)
    migration_globs = models.JSONField(default=list, help_text=_("of its lifecycle.toml: which files are migrations"))
    log = models.JSONField(default=list, help_text=_("its commits, the newest first: sha and subject"))
    says_ready = models.BooleanField(default=False, help_text=_("the developer said so with the commit or the request"))
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "number"], name="revision_number")]

    def __str__(self) -> str:
        return self.tip[:8]


class RevisionPerson(models.Model):
    """Somebody whose commits are in a revision, as git names them; `user` is who had this address when it was taken in.

    It stays theirs when they take another address later.
    """

    class Part(models.TextChoices):
        AUTHOR = "author", _("wrote it")
        COMMITTER = "committer", _("committed it")
        CO_AUTHOR = "co_author", _("wrote it together with others")

    revision = models.ForeignKey(Revision, models.CASCADE, related_name="people")
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=10, choices=Part.choices)
    user = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["revision", "email", "role"], name="revision_person_once")]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"
