"""How releases get to an environment: the driver and what it must know, checked before anything depends on it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from deployments import drivers, running
from environments.models import Environment
from environments.variables import configuration_changed
from lifecycle.events import By


@transaction.atomic
def set_driver(
    environment: Environment, *, driver: str, driver_settings: dict[str, Any], by: By, at: datetime | None = None
) -> None:
    """Change the way. ValidationError with a sentence per wrong key; approvals of the old configuration end."""
    drivers.check_settings(driver, driver_settings)
    environment = running.locked(environment)
    environment.driver, environment.driver_settings = driver, driver_settings
    environment.save(update_fields=["driver", "driver_settings"])
    configuration_changed(environment, "environment.driver_set", by=by, at=at, driver=driver)
