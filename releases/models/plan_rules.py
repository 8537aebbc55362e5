"""What a product's plans show to customers."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Product


class PlanRules(models.Model):
    """One row per product; without one the defaults hold (see releases/rules.py)."""

    class Dates(models.TextChoices):
        NEVER = "never", _("Never")
        PUBLISHED = "published", _("As soon as the plan is published")
        FROZEN = "frozen", _("Once the release is frozen")

    product = models.OneToOneField(Product, models.CASCADE, related_name="plan_rules")
    dates_shown = models.CharField(
        _("customers see dates"), max_length=9, choices=Dates.choices, default=Dates.PUBLISHED
    )
    shows_states = models.BooleanField(_("customers see how far each improvement is"), default=True)
    update_words = models.TextField(_("what an update means for customers"), blank=True, help_text=_("one per line"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(dates_shown__in=["never", "published", "frozen"]), name="plan_dates_shown"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product}"
