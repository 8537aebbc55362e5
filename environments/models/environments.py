"""A place the product runs, and what it is started with."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Product

PROBES_TO_BELIEVE = 2


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    """The questions asked of many environments."""

    def in_use(self) -> "EnvironmentQuerySet":
        """All that are there, also while they are being created or destroyed."""
        return self.exclude(status=Environment.Status.GONE)

    def ready(self) -> "EnvironmentQuerySet":
        """Those that can be deployed to."""
        return self.filter(status=Environment.Status.READY)


class Environment(models.Model):
    """A place the product runs: dev, staging, production, or further ones of the same kinds.

    `fence` grows with every claim of a deployment; `config_version` grows when a setting or variable changes.
    `state` is about what runs there, `status` about the place itself. `promotion_days` (1 is Monday) and
    `promotion_time` are those of the rule SCHEDULED, in the product's time zone; the times that follow from them are
    written by environments/promotion_times.py.
    """

    class Kind(models.TextChoices):
        DEV = "dev", _("Development")
        STAGING = "staging", _("Staging")
        PRODUCTION = "production", _("Production")

    class State(models.TextChoices):
        EMPTY = "empty", _("Nothing deployed yet")
        OK = "ok", _("Healthy")
        UNSURE = "unsure", _("Not sure what runs")

    class Promotion(models.TextChoices):
        BY_HAND = "by_hand", _("By hand")
        AUTOMATIC = "automatic", _("As soon as the environment before it has verified it")
        SCHEDULED = "scheduled", _("At set times")

    class Access(models.TextChoices):
        OPEN = "open", _("Whoever knows the address")
        TOKEN = "token", _("Only by a link from here")

    class Status(models.TextChoices):
        READY = "ready", _("In use")
        CREATING = "creating", _("Being created")
        BROKEN = "broken", _("Could not be created")
        DESTROYING = "destroying", _("Being destroyed")
        GONE = "gone", _("Destroyed")

    MOVES = {
        Status.READY: (Status.DESTROYING,),
        Status.CREATING: (Status.READY, Status.BROKEN),
        Status.BROKEN: (Status.CREATING, Status.DESTROYING, Status.READY),
        Status.DESTROYING: (Status.GONE, Status.BROKEN),
        Status.GONE: (),
    }

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
    promotion = models.CharField(_("promotion"), max_length=10, choices=Promotion.choices, default=Promotion.BY_HAND)
    promotion_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)]),
        default=list,
        blank=True,
        help_text=_("weekdays, 1 is Monday"),
    )
    promotion_time = models.TimeField(null=True, blank=True, help_text=_("in the product's time zone, to the minute"))
    promotion_zone = models.CharField(max_length=60, blank=True, help_text=_("what the next time was computed for"))
    next_promotion_at = models.DateTimeField(null=True, blank=True)
    promotion_again_at = models.DateTimeField(
        null=True, blank=True, help_text=_("when it is asked again, while only what ends by itself is in the way")
    )
    last_promotion_at = models.DateTimeField(null=True, blank=True)
    last_promotion_note = models.TextField(blank=True, help_text=_("why the last set time changed nothing, or empty"))
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.READY)
    status_note = models.TextField(blank=True)
    cloned_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="clones")
    sends_mail = models.BooleanField(_("sends mail"), default=False)
    takes_payments = models.BooleanField(_("takes payments"), default=False)
    access = models.CharField(_("who gets in"), max_length=5, choices=Access.choices, default=Access.OPEN)
    access_key = models.TextField(blank=True, help_text=_("sealed; the application checks tokens with it"))
    test_data = models.CharField(_("test data set"), max_length=60, blank=True)
    test_data_at = models.DateTimeField(null=True, blank=True)
    test_data_scrubbed = models.BooleanField(_("a scrubbed copy"), default=False)
    test_data_note = models.TextField(blank=True)
    probed_release = models.CharField(max_length=120, blank=True, help_text=_("what answered the last probe"))
    probed_at = models.DateTimeField(null=True, blank=True)
    probe_misses = models.PositiveSmallIntegerField(default=0, help_text=_("probes in a row that say otherwise"))
    probe_note = models.TextField(blank=True, help_text=_("why the last probe gave no clear answer, or empty"))
    foreign_sha = models.CharField(max_length=40, blank=True, help_text=_("commit that others put on our branch"))
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    held_until = models.DateTimeField(null=True, blank=True)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "slug"], name="one_environment_per_name"),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(kind="production") & ~Q(status="gone"),
                name="one_production_per_product",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["ready", "creating", "broken", "destroying", "gone"]), name="environment_status"
            ),
            models.CheckConstraint(
                condition=Q(promotion="scheduled", next_promotion_at__isnull=False)
                | ~Q(promotion="scheduled") & Q(next_promotion_at=None),
                name="set_times_have_a_next_one",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def branch(self) -> str:
        """The linear log of what was deployed here, e.g. "env/staging"."""
        return f"env/{self.slug}"

    @property
    def is_production(self) -> bool:
        return self.kind == self.Kind.PRODUCTION

    @property
    def is_ready(self) -> bool:
        """Whether it can be deployed to."""
        return self.status == self.Status.READY

    @property
    def is_scheduled(self) -> bool:
        """Whether it changes at set times."""
        return self.promotion == self.Promotion.SCHEDULED

    @property
    def is_leaving(self) -> bool:
        """Whether it is being destroyed, or was: nothing can be changed there any more."""
        return self.status in (self.Status.DESTROYING, self.Status.GONE)

    @property
    def is_contradicted(self) -> bool:
        """Whether what answers is not what is recorded, by two probes in a row."""
        return self.probe_misses >= PROBES_TO_BELIEVE


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


class VariableVersion(models.Model):
    """What a variable was set to (or that it was removed) at one configuration version; secrets stay sealed."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="variable_versions")
    config_version = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    value = models.TextField(blank=True)
    is_secret = models.BooleanField(default=False)
    is_removed = models.BooleanField(default=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-config_version", "-id"]
        indexes = [models.Index(fields=["environment", "name", "-config_version"], name="variable_history")]

    def __str__(self) -> str:
        return f"{self.name} ({self.config_version})"
