"""Whom a release is shown to before it ships."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    MANAGERS = "managers", _("Managers")
    CUSTOMERS = "customers", _("Customers")
