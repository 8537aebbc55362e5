"""The journey's stops."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stop(models.IntegerChoices):
    """The eight stops of an idea's journey, the same everywhere."""

    IDEA = 1, _("Idea")
    REVIEW = 2, _("Review")
    PLANNED = 3, _("Planned")
    DEVELOPMENT = 4, _("Development")
    STAGING = 5, _("Staging")
    DEMO = 6, _("Demo")
    PRODUCTION = 7, _("Production")
    FEEDBACK = 8, _("Feedback")
