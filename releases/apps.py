from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReleasesConfig(AppConfig):
    name = "releases"
    verbose_name = _("Releases")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from releases import (  # noqa: F401, PLC0415  (they register their work)
            checks,
            expansion,
            intake,
            overlaps,
            readiness,
            suspects,
            undoing,
        )
