"""Whose word counts for a product, who stands in for whom, who was asked, and who opened gates by force."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from environments.models import Environment
from lifecycle.models import Product, Role
from releases.models import Release

Person = settings.AUTH_USER_MODEL


class ApprovalRule(models.Model):
    """So many people with this role must say yes. A product without rows has those of its preset."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="approval_rules")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    minimum = models.PositiveSmallIntegerField(_("how many"), default=1, validators=[MinValueValidator(1)])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "role"], name="one_rule_per_role"),
            models.CheckConstraint(condition=Q(minimum__gte=1), name="rule_asks_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.minimum} × {self.get_role_display()}"


class Deputy(models.Model):
    """`deputy` speaks for `person` in this role on these days, in the product's time zone; both ends included."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="deputies")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    deputy = models.ForeignKey(Person, models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="deputy_ends_after_the_start"),
            models.CheckConstraint(condition=~Q(person=F("deputy")), name="nobody_is_their_own_deputy"),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} for {self.person}"


class ApprovalRequest(models.Model):
    """Somebody was asked for their word on one digest and one configuration, once; reminded once, then their deputy."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="approval_requests")
    digest = models.CharField(max_length=64)
    config_version = models.PositiveIntegerField()
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    deputy_asked_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "digest", "config_version", "person"], name="asked_once")
        ]

    def __str__(self) -> str:
        return f"{self.release}: {self.person}"


class BreakGlass(models.Model):
    """The gates that people open were opened by force for one digest and one configuration; in strict by two people."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="break_glasses")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    config_version = models.PositiveIntegerField()
    reason = models.TextField(_("reason"))
    first_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    first_at = models.DateTimeField()
    second_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    second_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "digest", "config_version"], name="glass_broken_once"),
            models.CheckConstraint(condition=~Q(first_by=F("second_by")), name="glass_takes_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.release}"
