"""What acts on a host: it comes with the first request of a session and is never installed.

stdin holds requests, each with what it brings along (a tar stream, which ends the session, or a beat every few seconds
while a command runs). Answers: {"out": …} and {"err": …} while a command runs, {"need": …} before an upload, one of
done, failed, fenced at the end. It needs Python 3.7 and Linux.
"""

from __future__ import annotations

from typing import Any

from deployments.drivers.ssh.remote.host import Host
from deployments.drivers.ssh.remote.protocol import Failed, Fenced, Lost, read_request, say


def main() -> None:
    """Act on one request after another until the asker has no more, or is gone."""
    try:
        for request in iter(read_request, None):
            say(_act(request))
    except Lost as error:
        say({"failed": str(error), "lost": True})


def _act(request: dict[str, Any]) -> dict[str, Any]:
    try:
        host = Host(request)
        verbs = (host.hold, host.receive, host.switch, host.settle, host.look, host.run, host.ask, host.get)
        return {"done": {verb.__name__: verb for verb in verbs}[request["do"]]()}
    except Fenced as error:
        return {"fenced": error.args[0]}
    except (Failed, OSError) as error:
        return {"failed": str(error)}
