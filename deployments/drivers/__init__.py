"""How a release gets onto an environment: one file per way, found by name in `DRIVERS`."""

from .base import Driver, DriverError, Release, Stopped, Target
from .command import CommandDriver
from .fake import FakeDriver
from .process import ProcessDriver

__all__ = ["DRIVERS", "Driver", "DriverError", "Release", "Stopped", "Target", "choices", "get"]

DRIVERS: dict[str, type[Driver]] = {driver.name: driver for driver in (ProcessDriver, CommandDriver, FakeDriver)}


def get(name: str) -> type[Driver]:
    """The driver class called `name`; DriverError (no retry) for a name nobody knows."""
    try:
        return DRIVERS[name]
    except KeyError:
        raise DriverError(f"there is no driver called {name!r}") from None


def choices() -> list[tuple[str, object]]:
    """Name and label of the drivers a person may choose."""
    return [(name, driver.label) for name, driver in DRIVERS.items() if driver.label]
