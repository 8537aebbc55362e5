"""Any pipeline with an HTTP interface: three addresses and the names of two fields.

    {"kind": "http", "find": "https://ci.example.org/runs?key={key}", "start": "https://ci.example.org/runs",
     "look": "https://ci.example.org/runs/{run}", "body": {"key": "{key}", "release": "{release}"}}

{key} {release} {digest} {commit} {environment} {fence} {run} are replaced. `find` answers with a list of runs, or with
404. The token goes as `Authorization: Bearer …`, the key also as `Idempotency-Key`.
"""

from collections.abc import Mapping
from typing import Any

from deployments.drivers import settings as checks
from deployments.drivers.base import DriverError
from deployments.drivers.pipeline.runs import Refused, Run, Service, Status, part, require

_SUCCEEDED, _FAILED = ["succeeded", "success", "passed"], ["failed", "failure", "error", "canceled", "cancelled"]


class Templated(Service):
    name = "http"
    settings = {
        "find": checks.address,
        "start": checks.address,
        "look": checks.address,
        "cancel": checks.address,
        "body": checks.template,
        "id_field": checks.text,
        "status_field": checks.text,
        "url_field": checks.text,
        "succeeded": checks.texts,
        "failed": checks.texts,
    }
    required = ("find", "start", "look")

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def find(self, key: str) -> Run | None:
        try:
            found = self.read("GET", _filled(self.settings_given["find"], {"key": key}, part))
        except Refused as error:
            if error.status == 404:
                return None
            raise
        runs = found if isinstance(found, list) else [found]
        return self._run(runs[0]) if runs else None

    def start(self, facts: Mapping[str, str]) -> Run | None:
        body = _filled_all(self.settings_given.get("body", {name: f"{{{name}}}" for name in facts}), facts)
        url = _filled(self.settings_given["start"], facts, part)
        return self._run(self.read("POST", url, body, **{"Idempotency-Key": facts["key"]}))

    def look(self, run: Run) -> Run:
        return self._run(self.read("GET", _filled(self.settings_given["look"], {"run": run.id}, part)))

    def cancel(self, run: Run) -> None:
        if "cancel" not in self.settings_given:
            raise DriverError("no address is set that would cancel a run")
        self.ask("POST", _filled(self.settings_given["cancel"], {"run": run.id}, part))

    @property
    def _id(self) -> str:
        return str(self.settings_given.get("id_field", "id"))

    def _run(self, answer: Any) -> Run:
        found, given = require(answer, dict, self._id), self.settings_given
        name = str(found.get(given.get("status_field", "status"), ""))
        failed: Status = "failed" if name in given.get("failed", _FAILED) else "running"
        status: Status = "succeeded" if name in given.get("succeeded", _SUCCEEDED) else failed
        return Run(str(found[self._id]), status, str(found.get(given.get("url_field", "url"), "")), name)


def _filled(text: str, facts: Mapping[str, str], quoted: Any = str) -> str:
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", quoted(value))
    return text


def _filled_all(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, facts)
    if isinstance(value, dict):
        return {name: _filled_all(inner, facts) for name, inner in value.items()}
    return [_filled_all(inner, facts) for inner in value] if isinstance(value, list) else value
