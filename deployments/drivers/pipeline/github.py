"""GitHub Actions: `workflow_dispatch`, found again by the key in the run's name.

The workflow must say `run-name: ${{ inputs.key }}` (or have the key in it) and take the inputs key, release, digest,
commit, environment and fence. The token needs "actions: write".
"""

from collections.abc import Mapping
from typing import Any

from deployments.drivers import settings as checks
from deployments.drivers.pipeline.runs import Run, Service, Status, part, require

_RECENT = 100


class GitHub(Service):
    name = "github"
    settings = {"url": checks.address, "repository": checks.repository, "workflow": checks.text, "ref": checks.text}
    required = ("repository", "workflow")

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "X-GitHub-Api-Version": "2022-11-28"}

    def find(self, key: str) -> Run | None:
        found = self.read("GET", f"{self._workflow}/runs?event=workflow_dispatch&per_page={_RECENT}")
        for run in require(found, dict, "workflow_runs")["workflow_runs"]:
            if key in str(run.get("display_title", "")).split():
                return _run(run)
        return None

    def start(self, facts: Mapping[str, str]) -> Run | None:
        wish = {"ref": self.settings_given.get("ref", "main"), "inputs": dict(facts)}
        self.ask("POST", f"{self._workflow}/dispatches", wish)
        return None

    def look(self, run: Run) -> Run:
        return _run(self.read("GET", f"{self._repository}/actions/runs/{part(run.id)}"))

    def cancel(self, run: Run) -> None:
        self.ask("POST", f"{self._repository}/actions/runs/{part(run.id)}/cancel")

    @property
    def _repository(self) -> str:
        base = str(self.settings_given.get("url", "https://api.github.com")).rstrip("/")
        return f"{base}/repos/{self.settings_given['repository']}"

    @property
    def _workflow(self) -> str:
        return f"{self._repository}/actions/workflows/{part(self.settings_given['workflow'])}"


def _run(answer: Any) -> Run:
    found = require(answer, dict, "id")
    conclusion = found.get("conclusion")
    ended: Status = "succeeded" if conclusion == "success" else "failed"
    status: Status = ended if found.get("status") == "completed" else "running"
    return Run(str(found["id"]), status, str(found.get("html_url", "")), str(conclusion or found.get("status", "")))
