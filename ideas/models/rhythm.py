"""When a product reviews its ideas, and by which rules of the house."""

from datetime import time

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Membership, Product, Role


class Rhythm(models.Model):
    """How often, when and by which rules a product's board meets; a product without a row has these defaults.

    Day and time are wall time in `Product.time_zone`. With `every_weeks` 2 the weeks are counted from `anchor_date`.
    """

    class Unit(models.TextChoices):
        POINTS = "points", _("Points")
        DAYS = "days", _("Days")

    class Every(models.IntegerChoices):
        WEEK = 1, _("Every week")
        TWO_WEEKS = 2, _("Every two weeks")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    product = models.OneToOneField(Product, models.CASCADE, related_name="rhythm")
    every_weeks = models.PositiveSmallIntegerField(_("how often"), choices=Every.choices, default=Every.WEEK)
    anchor_date = models.DateField(_("a day in a week with a review"), null=True, blank=True)
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices, default=Weekday.TUESDAY)
    time = models.TimeField(_("time"), default=time(10))
    minutes = models.PositiveSmallIntegerField(
        _("minutes for the meeting"), default=60, validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    minutes_per_idea = models.PositiveSmallIntegerField(
        _("minutes for each idea"), default=3, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    ballots_open_hours = models.PositiveSmallIntegerField(
        _("hours before the meeting in which ballots can be cast"), default=24, validators=[MaxValueValidator(168)]
    )
    unit = models.CharField(_("sizes are in"), max_length=6, choices=Unit.choices, default=Unit.POINTS)
    per_developer = models.PositiveSmallIntegerField(
        _("points or days per developer"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    developers = models.PositiveSmallIntegerField(
        _("developers"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    quorum = models.PositiveSmallIntegerField(
        _("people whose ballots are enough"), default=2, validators=[MinValueValidator(1), MaxValueValidator(3)]
    )
    reveals_by_itself = models.BooleanField(_("ballots open by themselves at 0:00"), default=False)
    minutes_public = models.BooleanField(_("customers may read the minutes"), default=False)
    decision_days = models.PositiveSmallIntegerField(
        _("days within which an idea is decided"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(every_weeks__in=[1, 2]), name="rhythm_one_or_two_weeks"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="rhythm_weekday"),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes_per_idea__gte=1), name="rhythm_minutes"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="rhythm_quorum"),
        ]

    def __str__(self) -> str:
        return f"{self.get_every_weeks_display()}, {self.get_weekday_display()} {self.time:%H:%M}"

    @classmethod
    def of(cls, product: Product) -> "Rhythm":
        """The product's own rules, else the defaults (a row that is not saved)."""
        return cls.objects.filter(product=product).first() or cls(product=product)

    @property
    def ideas_that_fit(self) -> int:
        """How many ideas the meeting's minutes are enough for; at least one."""
        return max(1, self.minutes // self.minutes_per_idea)

    @property
    def developer_count(self) -> int:
        """The stated number of developers, else the product's active ones."""
        if self.developers is not None:
            return self.developers
        members = Membership.objects.filter(product=self.product_id, user__is_active=True)
        return members.filter(roles__contains=[Role.DEVELOPER]).count()

    @property
    def capacity(self) -> int:
        """What fits into one review, in `unit`: so much per developer, else the product's points per review."""
        if self.per_developer is None:
            return self.product.review_capacity
        return self.per_developer * self.developer_count
