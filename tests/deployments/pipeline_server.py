"""A small server on which pipelines run: it speaks as GitHub, as GitLab or as neither, and remembers all it hears."""

import http.server
import json
import re
import threading
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "pipeline-token-1"
DONE = {"success": "completed", "failed": "completed"}


class PipelineServer:
    """`runs` are dicts with id, key, state (running, success, failed, canceled) and what they were started with.

    `faults` are answered instead, one after another: a status, or a function of the handler.
    """

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.faults: list[Any] = []
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.state_of_new = "success"
        self.release = ""
        handler = type("Handler", (_Handler,), {"server_of": self})
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def add(self, key: str, facts: dict[str, Any]) -> dict[str, Any]:
        run = {"id": len(self.runs) + 1, "key": key, "state": self.state_of_new, "facts": facts}
        self.runs.append(run)
        return run

    def starts(self) -> int:
        return len(self.runs)

    def cancel(self, run: dict[str, Any]) -> None:
        run["state"] = "canceled"

    def next_fault(self, _asked: Any) -> Any:
        """What is answered instead, if anything; `_asked` is the request's handler."""
        return self.faults.pop(0) if self.faults else None


def _github(run: dict[str, Any]) -> dict[str, Any]:
    ended = run["state"] != "running"
    return {
        "id": run["id"],
        "display_title": run["key"],
        "status": "completed" if ended else "in_progress",
        "conclusion": run["state"] if ended else None,
        "html_url": f"https://github.example.org/runs/{run['id']}",
    }


def _gitlab(run: dict[str, Any]) -> dict[str, Any]:
    return {"id": run["id"], "name": run["key"], "status": run["state"], "web_url": f"https://gl/{run['id']}"}


def _plain(run: dict[str, Any]) -> dict[str, Any]:
    return {"id": run["id"], "status": run["state"], "url": f"https://ci/{run['id']}"}


class _Handler(http.server.BaseHTTPRequestHandler):
    server_of: PipelineServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        return

    def _serve(self) -> None:
        server = self.server_of
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.body = json.loads(content or b"{}")
        server.asked.append((self.command, self.path))
        server.headers.append(dict(self.headers))
        fault = server.next_fault(self)
        if callable(fault):
            fault(self)
        elif fault:
            self.say(fault, {"message": "no"})
        else:
            self._route()

    def say(self, status: int, content: Any = None, **headers: str) -> None:
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _route(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        place = next(((kind, m) for kind, m in ((k, re.fullmatch(p, parts.path)) for k, p in ROUTES) if m), None)
        if place is None:
            self.say(404, {"message": "not found"})
            return
        getattr(self, f"_{place[0]}")(place[1].groupdict(), query)

    def _one(self, number: str) -> dict[str, Any]:
        return self.server_of.runs[int(number) - 1]

    def _release(self, _part: Any, _query: Any) -> None:
        self.say(200, {"release": self.server_of.release})

    def _health(self, _part: Any, _query: Any) -> None:
        self.say(200, {})

    def _github_runs(self, _part: Any, _query: Any) -> None:
        self.say(200, {"workflow_runs": [_github(run) for run in reversed(self.server_of.runs)]})

    def _github_start(self, _part: Any, _query: Any) -> None:
        self.server_of.add(self.body["inputs"]["key"], self.body["inputs"])
        self.say(204)

    def _github_run(self, part: Any, _query: Any) -> None:
        self.say(200, _github(self._one(part["id"])))

    def _cancel(self, part: Any, _query: Any) -> None:
        self.server_of.cancel(self._one(part["id"]))
        self.say(202, {})

    def _gitlab_runs(self, _part: Any, query: Any) -> None:
        self.say(200, [_gitlab(run) for run in self.server_of.runs if run["key"] == query["name"][0]])

    def _gitlab_start(self, _part: Any, _query: Any) -> None:
        facts = {pair["key"]: pair["value"] for pair in self.body["variables"]}
        self.say(201, _gitlab(self.server_of.add(facts["LIFECYCLE_KEY"], facts)))

    def _gitlab_run(self, part: Any, _query: Any) -> None:
        self.say(200, _gitlab(self._one(part["id"])))

    def _runs(self, _part: Any, query: Any) -> None:
        if self.command == "POST":
            self.say(201, _plain(self.server_of.add(unquote(self.headers["Idempotency-Key"]), self.body)))
        else:
            self.say(200, [_plain(run) for run in self.server_of.runs if run["key"] == query["key"][0]])

    def _run(self, part: Any, _query: Any) -> None:
        self.say(200, _plain(self._one(part["id"])))


_REPOSITORY, _PROJECT = "/repos/northwind/shop/actions", "/projects/northwind%2Fshop"
ROUTES = (
    ("release", "/release"),
    ("health", "/health"),
    ("github_runs", rf"{_REPOSITORY}/workflows/deploy.yml/runs"),
    ("github_start", rf"{_REPOSITORY}/workflows/deploy.yml/dispatches"),
    ("github_run", rf"{_REPOSITORY}/runs/(?P<id>\d+)"),
    ("cancel", rf"({_REPOSITORY}/runs|{_PROJECT}/pipelines|/runs)/(?P<id>\d+)/cancel"),
    ("gitlab_runs", rf"{_PROJECT}/pipelines"),
    ("gitlab_start", rf"{_PROJECT}/pipeline"),
    ("gitlab_run", rf"{_PROJECT}/pipelines/(?P<id>\d+)"),
    ("runs", "/runs"),
    ("run", r"/runs/(?P<id>\d+)"),
)
