from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LifecycleConfig(AppConfig):
    name = "lifecycle"
    verbose_name = _("Lifecycle")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lifecycle import celery, hearing, lookout  # noqa: F401, PLC0415  (the app, and what workers do beside tasks)
