"""Who takes part: users, companies, products and the roles people have in them."""

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may be in a product; several at once."""

    CUSTOMER = "customer", _("Customer")
    DEVELOPER = "developer", _("Developer")
    TEAM_LEAD = "team_lead", _("Team lead")
    PRODUCT_OWNER = "product_owner", _("Product owner")
    TESTER = "tester", _("Tester")
    MANAGER = "manager", _("Manager")
    DEVOPS = "devops", _("DevOps")


class Company(models.Model):
    """A customer's company; its people may see each other's ideas where a product says so."""

    name = models.CharField(_("name"), max_length=120, unique=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail; there is no user name."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_admin=True, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person, known by e-mail. Roles live in `Membership`, one row per product."""

    username = None
    first_name = None
    last_name = None
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="users")
    language = models.CharField(_("language"), max_length=5, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    is_admin = models.BooleanField(_("administrator"), default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_ignoring_case")]

    def __str__(self) -> str:
        return self.name or self.email.split("@")[0]

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self).split(" ")[0]


class Product(models.Model):
    """The thing that is released. Every idea, release and environment belongs to one."""

    class Preset(models.TextChoices):
        SOLO = "solo", _("Solo: one person may do everything, labelled")
        SMALL = "small", _("Small: self-approval is allowed and shown")
        STRICT = "strict", _("Strict: never the author, committer or requester")

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), unique=True)
    host = models.CharField(_("own host name"), max_length=200, blank=True)
    is_default = models.BooleanField(default=False)
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    preset = models.CharField(_("approval rule"), max_length=10, choices=Preset.choices, default=Preset.SMALL)
    customers_demo_required = models.BooleanField(_("customers see the demo before release"), default=True)
    remind_after_hours = models.PositiveSmallIntegerField(
        _("hours until somebody who was asked is reminded"), default=4
    )
    chat_webhook = models.URLField(_("chat webhook"), max_length=500, blank=True)
    watch_minutes = models.PositiveIntegerField(_("minutes of watch after a release"), default=24 * 60)
    sample_seconds = models.PositiveIntegerField(_("seconds between samples"), default=30)
    artefacts_kept = models.PositiveSmallIntegerField(_("built releases kept per environment"), default=5)
    logs_kept_days = models.PositiveSmallIntegerField(_("days that logs are kept"), default=90)
    samples_kept_days = models.PositiveSmallIntegerField(_("days that samples are kept"), default=35)
    review_capacity = models.PositiveIntegerField(_("points per review"), default=20)
    last_idea_number = models.PositiveIntegerField(default=0)
    last_change_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_product"
            ),
            models.CheckConstraint(
                condition=models.Q(artefacts_kept__range=(2, 50)), name="what_runs_and_one_to_go_back_to_are_kept"
            ),
            models.CheckConstraint(
                condition=models.Q(logs_kept_days__range=(7, 3650)), name="logs_are_kept_for_a_week"
            ),
            models.CheckConstraint(
                condition=models.Q(samples_kept_days__range=(2, 366)), name="samples_are_kept_for_the_next_watch"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def next_number(self, kind: str) -> int:
        """The next idea or change number, taken under the row's lock in one statement."""
        column = {"idea": "last_idea_number", "change": "last_change_number"}[kind]
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE lifecycle_product SET {column} = {column} + 1 WHERE id = %s RETURNING {column}",
                [self.pk],
            )
            return int(cursor.fetchone()[0])


class Membership(models.Model):
    """What a person is in one product."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    product = models.ForeignKey(Product, models.CASCADE, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "product"], name="one_membership_per_product")]

    def __str__(self) -> str:
        return f"{self.user}: {', '.join(self.roles)}"


class Token(models.Model):
    """An API token: only its SHA-256 is kept; it has a scope and an end."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")
        CHECKS = "checks", _("Only report checks of an external CI")
        CALENDAR = "calendar", _("Only read my calendar")

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
