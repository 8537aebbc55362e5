"""How a release gets onto an environment: one file per way, found by name in `DRIVERS`."""

from typing import Any

from django.core.exceptions import ValidationError

from .base import CREDENTIALS, Driver, DriverError, Release, Report, Stopped, Target
from .command import CommandDriver
from .fake import FakeDriver
from .pipeline import PipelineDriver
from .process import ProcessDriver
from .ssh import SshDriver

__all__ = [
    "CREDENTIALS",
    "DRIVERS",
    "Driver",
    "DriverError",
    "Release",
    "Report",
    "Stopped",
    "Target",
    "check_settings",
    "choices",
    "get",
]

_ALL: tuple[type[Driver], ...] = (ProcessDriver, CommandDriver, SshDriver, PipelineDriver, FakeDriver)
DRIVERS = {driver.name: driver for driver in _ALL}


def get(name: str) -> type[Driver]:
    """The driver class called `name`; DriverError (no retry) for a name nobody knows."""
    try:
        return DRIVERS[name]
    except KeyError:
        raise DriverError(f"there is no driver called {name!r}") from None


def choices() -> list[tuple[str, object]]:
    """Name and label of the drivers a person may choose."""
    return [(name, driver.label) for name, driver in DRIVERS.items() if driver.label]


def check_settings(name: str, settings: Any) -> None:
    """ValidationError on `driver` for a name nobody knows, on `driver_settings` with a sentence per wrong key."""
    try:
        driver = get(name)
    except DriverError as error:
        raise ValidationError({"driver": str(error)}) from error
    found = list(driver.complaints(settings))
    if found:
        raise ValidationError({"driver_settings": found})
