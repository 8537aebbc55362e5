"""The one way out for workers over HTTP: time limits, a size limit, no redirect to another host.

Loopback and private addresses are allowed, because that is where servers live; only DevOps can set an address.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import urlsplit

from deployments.drivers.http import Answer

SECONDS, ANSWER_BYTES, BLOCK = 20.0, 1_000_000, 65_536


class _SameHost(urllib.request.HTTPRedirectHandler):
    """A redirect may change the path, never whom the token goes to."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            raise urllib.error.URLError(f"it redirects to another host, {new.hostname}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: Any = None,
    seconds: float = SECONDS,
) -> Answer:
    """Ask a server; `content` is sent as JSON. Never raises: status 0 means that nobody answered, `text` says why."""
    if urlsplit(url).scheme not in ("http", "https"):
        return Answer(0, "only http and https addresses are asked")
    data = None if content is None else json.dumps(content).encode()
    own = {"User-Agent": "Lifecycle", "Accept": "application/json"} | (
        {"Content-Type": "application/json"} if data else {}
    )
    try:
        asked = urllib.request.Request(url, data=data, method=method, headers=own | dict(headers or {}))
        with _open(asked, seconds) as response:
            return Answer(response.status, _read(response, seconds))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Answer(0, str(getattr(error, "reason", "") or error) or type(error).__name__)


def _open(asked: urllib.request.Request, seconds: float) -> Any:
    """The answer, whatever its status."""
    try:
        return urllib.request.build_opener(_SameHost).open(asked, timeout=seconds)
    except urllib.error.HTTPError as refused:
        return refused


def _read(response: Any, seconds: float) -> str:
    """At most ANSWER_BYTES, all of a shorter answer, and not for ever from a server that drips."""
    deadline, whole = time.monotonic() + seconds, b""
    while len(whole) < ANSWER_BYTES and (block := response.read1(BLOCK)):
        whole += block
        if time.monotonic() > deadline:
            raise TimeoutError("the answer took too long")
    if response.length and len(whole) < ANSWER_BYTES:
        raise http.client.IncompleteRead(whole, response.length)
    return whole.decode("utf-8", "replace")
