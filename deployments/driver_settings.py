"""How releases get to an environment: the driver and what it must know, checked before anything depends on it."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from deployments import drivers, running
from environments.models import Environment
from environments.variables import configuration_changed
from lifecycle.events import By


@transaction.atomic
def set_driver(
    environment: Environment, *, driver: str, driver_settings: dict[str, Any], by: By, at: datetime | None = None
) -> None:
    """Change the way. ValidationError with a sentence per wrong key, and for servers and a folder that another
    environment goes to; approvals of the old configuration end.
    """
    drivers.check_settings(driver, driver_settings)
    environment = running.locked(environment)
    _require_own_place(environment, driver, driver_settings)
    environment.driver, environment.driver_settings = driver, driver_settings
    environment.save(update_fields=["driver", "driver_settings"])
    configuration_changed(environment, "environment.driver_set", by=by, at=at, driver=driver)


def _require_own_place(environment: Environment, driver: str, settings: dict[str, Any]) -> None:
    """Two environments in one folder of one server would deploy over each other."""
    servers, folder = set(map(str, settings.get("hosts") or ())), settings.get("folder")
    others = Environment.objects.in_use().filter(driver=driver).exclude(pk=environment.pk)
    for other in others if servers else ():
        theirs = other.driver_settings
        shared = servers & set(map(str, theirs.get("hosts") or ()))
        if shared and theirs.get("folder") == folder:
            facts = {"place": other, "server": sorted(shared)[0], "folder": folder}
            text = _("%(place)s is in %(folder)s of %(server)s already: choose another folder or server.") % facts
            raise ValidationError({"driver_settings": text})
