"""The repository, its branches and its main branch as last seen, and what differs between two commits."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Product


class Repository(models.Model):
    """A product's git repository: `upstream` is polled, `mirror` is the bare copy that all git work uses.

    In trunk mode the steps of the main branch after `trunk_from` become changes; `trunk_sha` was looked at last.
    """

    class Mode(models.TextChoices):
        BRANCHES = "branches", _("A branch per change")
        TRUNK = "trunk", _("Pull requests merged to main")

    product = models.OneToOneField(Product, models.CASCADE, related_name="repository")
    upstream = models.CharField(_("address"), max_length=500)
    mirror = models.CharField(max_length=500)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.BRANCHES)
    main_branch = models.CharField(_("main branch"), max_length=100, default="main")
    fetched_at = models.DateTimeField(null=True)
    fetch_error = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True, blank=True, help_text=_("not asked before, because it sent us away"))
    main_note = models.TextField(blank=True, help_text=_("why the main branch could not be moved forward, or empty"))
    tag_note = models.TextField(blank=True, help_text=_("version tags that mean another commit upstream, or empty"))
    collected_at = models.DateTimeField(null=True, blank=True, help_text=_("when git last tidied the mirror up"))
    trunk_from = models.CharField(max_length=40, blank=True)
    trunk_sha = models.CharField(max_length=40, blank=True)
    login = models.CharField(_("user name"), max_length=100, blank=True)
    credential = models.TextField(blank=True, help_text=_("MultiFernet token: a private ssh key, or a password"))
    public_key = models.CharField(
        max_length=200, blank=True, help_text=_("of a key that was made here, to be given to the server")
    )

    class Meta:
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.upstream


class Branch(models.Model):
    """An upstream branch as last seen by the poll, so that no page needs git.

    `nobodys`: so many commits of it are neither on main nor in a change; in branches mode a person says "ship
    as maintenance" or "leave out" (`is_left_out`).

    `retry_at`: what is on it was not taken in yet; `trouble` says why not. It is tried then, or when it moves.
    Of a branch that Lifecycle pushed itself `trouble` says why it cannot be deleted upstream.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="branches")
    name = models.CharField(max_length=200)
    sha = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=200, blank=True)
    moved_at = models.DateTimeField()
    trouble = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    nobodys = models.PositiveIntegerField(default=0)
    is_left_out = models.BooleanField(default=False)
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="one_row_per_branch")]
        verbose_name_plural = "branches"

    def __str__(self) -> str:
        return self.name


class TrunkCommit(models.Model):
    """A step of the main branch (a merge, a squash or a single commit): the change it became, or a word.

    In branches mode only what Lifecycle did not put there has a row. One that belongs to no change waits for "ship as
    maintenance" (a silent change) or "leave out" (it never ships).
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Belongs to no change")
        TAKEN = "taken", _("Part of a change")
        LEFT_OUT = "left_out", _("Left out")

    MOVES = {
        Status.WAITING: (Status.TAKEN, Status.LEFT_OUT),
        Status.LEFT_OUT: (Status.TAKEN,),
        Status.TAKEN: (),
    }

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="trunk_commits")
    sha = models.CharField(max_length=40)
    parent = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    change_id = models.BigIntegerField(null=True, blank=True, help_text=_("releases.Change, which this app cannot see"))
    subject = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    note = models.TextField(blank=True, help_text=_("why git could not take it into its change, or empty"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "sha"], name="one_row_per_trunk_commit"),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "taken", "left_out"]), name="trunk_commit_status"
            ),
        ]

    def __str__(self) -> str:
        return self.sha[:8]


class Delta(models.Model):
    """What differs between two commits, worked out once by a worker: commits, files, migrations.

    `commits` are the newest of them, `commit_count` says how many there are; `migrations` are paths among `files`.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Being compared")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be compared")

    MOVES = {Status.QUEUED: (Status.READY, Status.FAILED), Status.READY: (), Status.FAILED: (Status.QUEUED,)}

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="deltas")
    from_sha = models.CharField(max_length=40)
    to_sha = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    commits = models.JSONField(default=list)
    commit_count = models.PositiveIntegerField(default=0, db_default=0)
    files = models.JSONField(default=list)
    migrations = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "from_sha", "to_sha"], name="one_delta_per_pair"),
            models.CheckConstraint(condition=Q(status__in=["queued", "ready", "failed"]), name="delta_status"),
        ]

    def __str__(self) -> str:
        return f"{self.from_sha[:8]}..{self.to_sha[:8]}"

    @property
    def changed(self) -> set[str]:
        """The files that are on both sides."""
        return {path for status, path in self.files if status not in ("A", "D")}
