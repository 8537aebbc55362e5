"""The `fake` driver: a target that is one file. For tests that are about something else than deploying.

`settings` choose what goes wrong: {"fail": "switch" | "switch-retry" | "health" | "probe", "seconds": 0.5}.
"""

import time

from deployments import keeper_state
from deployments.keeper_state import Current

from .base import Driver, DriverError, Log, Release, Stop, Stopped, asked
from .settings import one_of, port, seconds


class FakeDriver(Driver):
    name = "fake"
    settings = {"fail": one_of("switch", "switch-retry", "health", "probe"), "seconds": seconds, "port": port}

    def hold(self, fence: int) -> None:
        keeper_state.hold(self.target.folder, fence)

    def probe(self) -> str | None:
        if self._fails("probe"):
            return None
        current = keeper_state.read_current(self.target.folder)
        return current.release if current else ""

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        log("system", f"switching to {release.label}\n")
        deadline = time.monotonic() + float(self.target.settings.get("seconds", 0))
        while time.monotonic() < deadline:
            if asked(stop):
                raise Stopped("stopped while switching")
            time.sleep(0.02)
        if self._fails("switch") or self._fails("switch-retry"):
            raise DriverError("the target said no", retry=self._fails("switch-retry"))
        keeper_state.switch(self.target.folder, Current(release.label, fence, [], "", {}))

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        return not self._fails("health") and self.probe() == release.label

    def _fails(self, step: str) -> bool:
        return self.target.settings.get("fail") == step
