"""A shop of thirty lines to deploy, and a keeper in a process of its own to run it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from deployments.keeper_state import Current, Status, app_folder, keeper_age_seconds, read_status, switch
from tests.asking import ask

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parents[2]

SERVER = """
import http.server, json, os
class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = int(os.environ.get("HEALTH", "200"))
        body = json.dumps({"release": os.environ["RELEASE"], "pid": os.getpid(), "shop": os.environ.get("SHOP")})
        self.send_response(status); self.end_headers(); self.wfile.write(body.encode())
    def log_message(self, *args): print("GET", self.path, flush=True)
class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True
Server(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def eventually(question: Callable[[], Found], seconds: float = 30.0) -> Found:
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def answer(port: int) -> dict[str, Any]:
    """What the shop says; empty while nobody answers, or only half an answer comes from one that is just killed."""
    try:
        return dict(json.loads(ask(f"http://127.0.0.1:{port}/health", seconds=2)))
    except ValueError:
        return {}


class Kept:
    """A keeper over a folder of its own and one application in it, `production`."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = free_port()
        self.folder = app_folder(var, "production")
        self.keeper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.keeper = self.launch()
        assert eventually(lambda: (keeper_age_seconds(self.var) or 99) < 1)

    def launch(self) -> subprocess.Popen[str]:
        env = {**os.environ, "LIFECYCLE_VAR": str(self.var)}
        command = [sys.executable, "-m", "deployments.keeper"]
        return subprocess.Popen(
            command, cwd=ROOT, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.keeper:
            self.keeper.send_signal(number)
            self.keeper.wait(10)
            assert self.keeper.stderr
            self.keeper.stderr.close()
            self.keeper = None

    def switch(self, release: str, fence: int, argv: list[str] | None = None, **env: str) -> None:
        full = {"PATH": os.environ["PATH"], "PORT": str(self.port), "RELEASE": release, **env}
        argv = argv or [sys.executable, "-c", SERVER]
        switch(self.folder, Current(release, fence, argv, str(self.var), full, self.port))

    def serves(self, release: str) -> bool:
        return answer(self.port).get("release") == release

    def status(self) -> Status:
        return read_status(self.folder) or Status(state="stopped")
