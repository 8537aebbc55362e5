from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = _("Deployments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from deployments import intake, snapshots  # noqa: F401, PLC0415  (they register their work)
