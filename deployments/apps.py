from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = _("Deployments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register their work.
        from deployments import (  # noqa: F401, PLC0415
            adopting,
            advancing,
            chat,
            collecting,
            comparisons,
            creating,
            drills,
            forgetting,
            host_keys,
            intake,
            promotion,
            pushing,
            restoring,
            retention,
            served_branches,
            snapshots,
            test_data,
        )
