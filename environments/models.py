"""The repository, the environments code is deployed to, and what differs between them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Product


class Repository(models.Model):
    """A product's git repository: `upstream` is polled, `mirror` is the bare copy that all git work uses."""

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

    class Meta:
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.upstream


class Branch(models.Model):
    """An upstream branch as last seen by the poll, so that no page needs git."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="branches")
    name = models.CharField(max_length=200)
    sha = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=200, blank=True)
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="one_row_per_branch")]
        verbose_name_plural = "branches"

    def __str__(self) -> str:
        return self.name


class Environment(models.Model):
    """A place the product runs: dev, staging, production, or further ones of the same kinds.

    `fence` grows with every claim of a deployment; `config_version` grows when a setting or variable changes.
    """

    class Kind(models.TextChoices):
        DEV = "dev", _("Development")
        STAGING = "staging", _("Staging")
        PRODUCTION = "production", _("Production")

    class State(models.TextChoices):
        EMPTY = "empty", _("Nothing deployed yet")
        OK = "ok", _("Healthy")
        UNSURE = "unsure", _("Not sure what runs")

    product = models.ForeignKey(Product, models.PROTECT, related_name="environments")
    slug = models.SlugField(_("short name"))
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    position = models.PositiveSmallIntegerField(_("order"))
    driver = models.CharField(_("driver"), max_length=20, default="process")
    driver_settings = models.JSONField(default=dict)
    url = models.CharField(_("address"), max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.EMPTY)
    fence = models.BigIntegerField(default=0)
    config_version = models.PositiveIntegerField(default=1)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["product", "slug"], name="one_environment_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def branch(self) -> str:
        """The linear log of what was deployed here, e.g. "env/staging"."""
        return f"env/{self.slug}"


class Variable(models.Model):
    """A setting an application is started with; secrets are encrypted at rest and masked everywhere."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="variables")
    name = models.CharField(_("name"), max_length=100)
    value = models.TextField(_("value"), help_text=_("MultiFernet token when secret"))
    is_secret = models.BooleanField(_("secret"), default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "name"], name="one_variable_per_name")]

    def __str__(self) -> str:
        return self.name


class Lock(models.Model):
    """Somebody asks others not to deploy here (warning) or prevents it (hard); it ends by itself."""

    class Kind(models.TextChoices):
        WARNING = "warning", _("Ask before deploying")
        HARD = "hard", _("Nothing may be deployed")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="locks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("ends"))

    def __str__(self) -> str:
        return self.reason


class Freeze(models.Model):
    """A window in which nothing new goes to production; a rollback always may."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="freezes")
    reason = models.CharField(_("reason"), max_length=300)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="freeze_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.reason


class Delta(models.Model):
    """What differs between two commits, worked out once by a worker: commits, files, migrations."""

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
