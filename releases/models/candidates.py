"""Candidates, what they are made of, and the checks that ran on them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from environments.models import Repository
from lifecycle.chips import Chip
from lifecycle.models import Logged, Product
from releases import chips
from releases.models.plans import Change, Release, Revision


class Candidate(models.Model):
    """An exact tree with a known set of changes. What was tested is what is approved is what is deployed: `digest`.

    `base` is the candidate it stands on; `sha` its commit in the mirror, kept by refs/lifecycle/candidates/<id>.
    """

    class Purpose(models.TextChoices):
        ADOPTED = "adopted", _("What ran before Lifecycle")
        DEV = "dev", _("Composition for dev")
        STAGING = "staging", _("Composition for staging")
        RELEASE = "release", _("Frozen release")
        TRIAL = "trial", _("Only to be tested, never deployed")

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
    facts = models.JSONField(null=True, blank=True, help_text=_("what its digest is the hash of"))
    manifest = models.TextField(blank=True, help_text=_("lifecycle.toml as it is in the tree"))
    artefact_hash = models.CharField(max_length=64, blank=True, help_text=_("of what was built of it first"))
    artefact_is_gone = models.BooleanField(default=False, help_text=_("building it anew gives other files"))
    conflicts = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    staged_at = models.DateTimeField(null=True, blank=True, help_text=_("when it last came to staging"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["composing", "ready", "failed"]), name="candidate_status"),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(purpose="adopted", status="composing"),
                name="one_adoption_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class CandidateChange(models.Model):
    """A change that a candidate applies on (or undoes from) its base, at one revision: the step `fork` → its tip.

    `unchanged_since` and `stale` are worked out by a worker (releases/weighing.py): the build before this one in which
    everything of the change was the same, and what differs from the one a tester said yes to.
    """

    class Action(models.TextChoices):
        APPLY = "apply", _("Taken in")
        UNDO = "undo", _("Taken out")

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="rows")
    change = models.ForeignKey(Change, models.PROTECT, related_name="candidate_rows")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    fork = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=5, choices=Action.choices, default=Action.APPLY)
    position = models.PositiveSmallIntegerField(default=0)
    unchanged_since = models.ForeignKey(
        Candidate, models.SET_NULL, null=True, blank=True, related_name="+", help_text=_("none of its files differs")
    )
    stale = models.JSONField(default=list, help_text=_("why an earlier yes does not hold: changes with their files"))

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["candidate", "change"], name="change_once_in_a_candidate")]

    def __str__(self) -> str:
        return f"{self.action} {self.change}"


class Overlap(models.Model):
    """Whether two revisions can be taken in together: the files they conflict in, or none. Worked out by a worker."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="overlaps")
    one = models.ForeignKey(Revision, models.CASCADE, related_name="+")
    other = models.ForeignKey(Revision, models.CASCADE, related_name="+")
    base_sha = models.CharField(max_length=40)
    files = models.JSONField(default=list)
    migrations = models.JSONField(default=list, help_text=_("apps to which both add migrations"))
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other", "base_sha"], name="one_overlap_per_pair"),
            models.CheckConstraint(condition=Q(one__lt=models.F("other")), name="overlap_is_ordered"),
        ]

    def __str__(self) -> str:
        return f"{self.one} × {self.other}"


class Check(Logged):
    """Tests of a revision's tip or of a candidate: run by a worker in a clean checkout, or reported by an external CI.

    EXPAND runs the tests of `tests_sha` (what is live) on the schema of `sha`: proof that the old release still works.
    """

    class Kind(models.TextChoices):
        TESTS = "tests", _("Tests")
        EXPAND = "expand", _("Old release on the new schema")
        EXTERNAL = "external", _("Reported by an external CI")

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
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TESTS)
    name = models.CharField(max_length=100, blank=True, help_text=_("of the external check, e.g. build (3.12)"))
    url = models.CharField(max_length=500, blank=True, help_text=_("where the external CI shows it"))
    required = models.BooleanField(default=True, help_text=_("whether it must pass before the commit may go on"))
    sha = models.CharField(max_length=40)
    tests_sha = models.CharField(max_length=40, blank=True)
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
            models.UniqueConstraint(
                fields=["revision", "candidate", "name"],
                condition=Q(kind="external", status__in=["queued", "running"]),
                nulls_distinct=False,
                name="one_open_external_check_per_name",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "passed", "failed", "errored"]),
                name="check_status",
            ),
        ]

    def __str__(self) -> str:
        return self.sha[:8]

    @property
    def verdict(self) -> str:
        """ "Passed", or how it ended otherwise with what the tests said; in the reader's language."""
        status = self.get_status_display()
        is_plain = self.status == self.Status.PASSED or not self.summary
        return status if is_plain else f"{status}: {self.summary}"

    @property
    def chip(self) -> Chip:
        return chips.CHECK[self.status]

    @property
    def is_over(self) -> bool:
        """Whether the log is complete."""
        return self.status in (self.Status.PASSED, self.Status.FAILED, self.Status.ERRORED)
