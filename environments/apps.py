from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnvironmentsConfig(AppConfig):
    name = "environments"
    verbose_name = _("Environments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from environments import deltas  # noqa: F401, PLC0415  (it registers its work)
