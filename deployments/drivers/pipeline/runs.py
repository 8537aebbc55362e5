"""What every pipeline service can do for the driver."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from deployments.drivers import egress
from deployments.drivers.base import DriverError
from deployments.drivers.http import Answer
from deployments.drivers.settings import Check

Status = Literal["running", "succeeded", "failed"]


class Silent(DriverError):
    """The service did not answer, or not with sense: what was asked for may have happened all the same."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)


class Refused(DriverError):
    """A definite no, with the service's status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Run:
    """One run of a pipeline; `name` is what the service calls its state."""

    id: str
    status: Status
    url: str = ""
    name: str = ""


class Service(ABC):
    """A place where pipelines run. `find` before `start`: the key is in the run, so nothing is started twice."""

    name: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, Check]] = {}
    required: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Mapping[str, Any], token: str) -> None:
        self.settings_given, self.token = settings, token

    @abstractmethod
    def find(self, key: str) -> Run | None:
        """The run that carries the key, however it went; None when there is none (yet)."""

    @abstractmethod
    def start(self, facts: Mapping[str, str]) -> Run | None:
        """Start a run that carries `facts["key"]`. None: it was accepted and will be found under its key.

        Silent when nobody knows whether it was started; DriverError when it certainly was not.
        """

    @abstractmethod
    def look(self, run: Run) -> Run:
        """How the run is now."""

    @abstractmethod
    def cancel(self, run: Run) -> None:
        """Ask the service to end the run."""

    def headers(self) -> dict[str, str]:
        return {}

    def read(self, method: str, url: str, content: Any = None, **headers: str) -> Any:
        """The JSON that `ask` is answered with; Silent when it is none."""
        try:
            return json.loads(self.ask(method, url, content, **headers).text)
        except ValueError as error:
            raise Silent("the pipeline service answered with something else than JSON") from error

    def ask(self, method: str, url: str, content: Any = None, **headers: str) -> Answer:
        """Silent without a clear answer (also for 429 and 5xx), Refused for any other than a yes."""
        answer = egress.request(method, url, headers=self.headers() | headers, content=content)
        if answer.status == 0 or answer.status == 429 or answer.status >= 500:
            raise Silent(f"the pipeline service did not answer: {answer.status or answer.text}")
        if answer.status in (401, 403):
            raise Refused(answer.status, f"the pipeline service refuses PIPELINE_TOKEN ({answer.status})")
        if answer.status >= 400:
            raise Refused(answer.status, f"the pipeline service says {answer.status}: {answer.text[:300]}")
        return answer


def require(found: Any, kind: type[list[Any]] | type[dict[str, Any]], *names: str) -> Any:
    """`found` if it is a list, or an object with these fields; Silent if the service answered with anything else."""
    if not isinstance(found, kind) or any(name not in found for name in names):
        raise Silent("the pipeline service answered with something that is no run")
    return found


def part(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
