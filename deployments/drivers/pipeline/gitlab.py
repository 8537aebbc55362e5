"""GitLab CI: a pipeline started by the API, found again by its name.

.gitlab-ci.yml must say `workflow: {name: "$LIFECYCLE_KEY"}`; the variables LIFECYCLE_KEY, _RELEASE, _DIGEST, _COMMIT,
_ENVIRONMENT and _FENCE come with the start. The token (a project access token) needs the scope "api".
"""

from collections.abc import Mapping
from typing import Any

from deployments.drivers import settings as checks
from deployments.drivers.pipeline.runs import Run, Service, Status, part, require

_ENDED: dict[str, Status] = {"success": "succeeded", "failed": "failed", "canceled": "failed", "skipped": "failed"}


class GitLab(Service):
    name = "gitlab"
    settings = {"url": checks.address, "project": checks.text, "ref": checks.text}
    required = ("project",)

    def headers(self) -> dict[str, str]:
        return {"PRIVATE-TOKEN": self.token}

    def find(self, key: str) -> Run | None:
        found = self.read("GET", f"{self._project}/pipelines?name={part(key)}&per_page=20")
        return next((_run(run) for run in require(found, list) if run.get("name") == key), None)

    def start(self, facts: Mapping[str, str]) -> Run | None:
        variables = [{"key": f"LIFECYCLE_{name.upper()}", "value": value} for name, value in facts.items()]
        wish = {"ref": self.settings_given.get("ref", "main"), "variables": variables}
        return _run(self.read("POST", f"{self._project}/pipeline", wish))

    def look(self, run: Run) -> Run:
        return _run(self.read("GET", f"{self._project}/pipelines/{part(run.id)}"))

    def cancel(self, run: Run) -> None:
        self.ask("POST", f"{self._project}/pipelines/{part(run.id)}/cancel")

    @property
    def _project(self) -> str:
        base = str(self.settings_given.get("url", "https://gitlab.com/api/v4")).rstrip("/")
        return f"{base}/projects/{part(str(self.settings_given['project']))}"


def _run(answer: Any) -> Run:
    found = require(answer, dict, "id")
    name = str(found.get("status", ""))
    return Run(str(found["id"]), _ENDED.get(name, "running"), str(found.get("web_url", "")), name)
