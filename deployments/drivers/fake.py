"""The `fake` driver: a target that is one file. For tests that are about something else than deploying.

`settings` choose what goes wrong: {"fail": "switch" | "switch-retry" | "health" | "probe", "seconds": 0.5}, and with
"release" only for the releases whose label begins so.
"""

import time

from deployments import keeper_state
from deployments.keeper_state import Current

from .base import Driver, DriverError, Log, Release, Stop, Stopped, asked
from .settings import one_of, port, seconds, text


class FakeDriver(Driver):
    name = "fake"
    settings = {
        "fail": one_of("switch", "switch-retry", "health", "probe"),
        "release": text,
        "seconds": seconds,
        "port": port,
    }

    def hold(self, fence: int) -> None:
        keeper_state.hold(self.target.folder, fence)

    def probe(self) -> str | None:
        current = keeper_state.read_current(self.target.folder)
        label = current.release if current else ""
        return None if self._fails("probe", label) else label

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        log("system", f"switching to {release.label}\n")
        deadline = time.monotonic() + float(self.target.settings.get("seconds", 0))
        while time.monotonic() < deadline:
            if asked(stop):
                raise Stopped("stopped while switching")
            time.sleep(0.02)
        for fault in ("switch", "switch-retry"):
            if self._fails(fault, release.label):
                raise DriverError("the target said no", retry=fault == "switch-retry")
        keeper_state.switch(self.target.folder, Current(release.label, fence, [], "", {}))

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        return not self._fails("health", release.label) and self.probe() == release.label

    def _fails(self, step: str, label: str) -> bool:
        chosen = self.target.settings
        return chosen.get("fail") == step and label.startswith(chosen.get("release", ""))
