"""The plan, the changes and their candidates; verdicts, sign-offs, approvals and what customers answered."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from environments.models import Repository
from ideas.models import Idea
from lifecycle.models import Product, Role

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

    product = models.ForeignKey(Product, models.PROTECT, related_name="releases")
    version = models.CharField(_("version"), max_length=20)
    goal = models.CharField(_("goal"), max_length=200, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    target_date = models.DateField(_("target date"))
    first_target_date = models.DateField(null=True, blank=True)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    candidate = models.ForeignKey("Candidate", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    live_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "version"], name="one_release_per_version"),
            models.UniqueConstraint(fields=["product"], condition=Q(status="frozen"), name="one_frozen_release"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "planned", "frozen", "live", "done", "rolled_back", "dropped"]),
                name="release_status",
            ),
        ]

    def __str__(self) -> str:
        return self.version


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
        Status.DEVELOPMENT: (Status.READY, Status.PLANNED, Status.DROPPED),
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
    migrations = models.CharField(max_length=12, choices=Migrations.choices, blank=True, default="")
    requires = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="required_by")
    revision = models.ForeignKey("Revision", models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PLANNED)
    return_reason = models.TextField(blank=True)
    conflict = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    waiting_since = models.DateTimeField()

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


class Revision(models.Model):
    """One push to a change's branch: the commits fork..tip, kept by refs/lifecycle/changes/<id>/<number>."""

    change = models.ForeignKey(Change, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    fork = models.CharField(max_length=40)
    tip = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=200, blank=True)
    commits = models.PositiveIntegerField(default=0)
    files = models.JSONField(default=list)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "number"], name="revision_number")]

    def __str__(self) -> str:
        return self.tip[:8]


class Candidate(models.Model):
    """An exact tree with a known set of changes. What was tested is what is approved is what is deployed: `digest`.

    `base` is the candidate it stands on; `sha` its commit in the mirror, kept by refs/lifecycle/candidates/<id>.
    """

    class Purpose(models.TextChoices):
        ADOPTED = "adopted", _("What ran before Lifecycle")
        DEV = "dev", _("Composition for dev")
        STAGING = "staging", _("Composition for staging")
        RELEASE = "release", _("Frozen release")

    class Status(models.TextChoices):
        COMPOSING = "composing", _("Being composed")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be composed")

    MOVES = {
        Status.COMPOSING: (Status.READY, Status.FAILED),
        Status.READY: (),
        Status.FAILED: (Status.COMPOSING,),
    }

    product = models.ForeignKey(Product, models.PROTECT, related_name="candidates")
    repository = models.ForeignKey(Repository, models.PROTECT, related_name="+")
    release = models.ForeignKey(Release, models.SET_NULL, null=True, blank=True, related_name="candidates")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.COMPOSING)
    base = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    label = models.CharField(max_length=60)
    sha = models.CharField(max_length=40, blank=True)
    tree = models.CharField(max_length=40, blank=True)
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    manifest = models.TextField(blank=True, help_text=_("lifecycle.toml as it is in the tree"))
    conflicts = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    staged_at = models.DateTimeField(null=True, blank=True, help_text=_("when it last came to staging"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["composing", "ready", "failed"]), name="candidate_status")
        ]

    def __str__(self) -> str:
        return self.label


class CandidateChange(models.Model):
    """A change that a candidate applies on (or undoes from) its base, at one revision."""

    class Action(models.TextChoices):
        APPLY = "apply", _("Taken in")
        UNDO = "undo", _("Taken out")

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="rows")
    change = models.ForeignKey(Change, models.PROTECT, related_name="candidate_rows")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    action = models.CharField(max_length=5, choices=Action.choices, default=Action.APPLY)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["candidate", "change"], name="change_once_in_a_candidate")]

    def __str__(self) -> str:
        return f"{self.action} {self.change}"


class Check(models.Model):
    """Tests run by a worker in a clean checkout of a revision's tip or of a candidate."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")
        ERRORED = "errored", _("Could not be run")

    MOVES = {
        Status.QUEUED: (Status.RUNNING, Status.ERRORED),
        Status.RUNNING: (Status.PASSED, Status.FAILED, Status.ERRORED, Status.QUEUED),
        Status.PASSED: (),
        Status.FAILED: (),
        Status.ERRORED: (Status.QUEUED,),
    }

    product = models.ForeignKey(Product, models.PROTECT, related_name="checks")
    revision = models.ForeignKey(Revision, models.CASCADE, null=True, blank=True, related_name="checks")
    candidate = models.ForeignKey(Candidate, models.CASCADE, null=True, blank=True, related_name="checks")
    sha = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    exit_code = models.IntegerField(null=True, blank=True)
    summary = models.CharField(max_length=300, blank=True)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revision__isnull=False, candidate__isnull=True)
                | Q(revision__isnull=True, candidate__isnull=False),
                name="check_of_a_revision_or_a_candidate",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "passed", "failed", "errored"]),
                name="check_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.sha[:8]}"

    @property
    def log_key(self) -> str:
        return f"check:{self.pk}"


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


class SignOff(models.Model):
    """What managers or customers said after the demo of a candidate."""

    class Audience(models.TextChoices):
        MANAGERS = "managers", _("Managers")
        CUSTOMERS = "customers", _("Customers")

    class Outcome(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("Not yet")

    release = models.ForeignKey(Release, models.CASCADE, related_name="signoffs")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="signoffs")
    digest = models.CharField(max_length=64)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    outcome = models.CharField(max_length=5, choices=Outcome.choices)
    words = models.TextField(_("what they said"), blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_audience_display()}: {self.get_outcome_display()}"


class Approval(models.Model):
    """A yes or a no to one digest on one environment configuration; never to "the release" at large."""

    class Outcome(models.TextChoices):
        YES = "yes", _("Approved")
        NO = "no", _("Not yet")

    release = models.ForeignKey(Release, models.CASCADE, related_name="approvals")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="approvals")
    digest = models.CharField(max_length=64)
    config_version = models.PositiveIntegerField()
    role = models.CharField(max_length=20, choices=Role.choices)
    outcome = models.CharField(max_length=5, choices=Outcome.choices)
    is_own_work = models.BooleanField(default=False)
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
