"""Asking a locally served application over HTTP: how it is and which release it runs."""

import http.client
import json
from typing import NamedTuple

_ANSWER_BYTES = 1_000_000


class Answer(NamedTuple):
    """`status` is 0 when nobody answered; `text` then says why."""

    status: int
    text: str

    @property
    def ok(self) -> bool:
        return self.status == 200

    def field(self, name: str) -> str | None:
        """A text or number out of a JSON answer, as text; None if there is none."""
        try:
            value = json.loads(self.text)[name]
        except (ValueError, KeyError, TypeError):
            return None
        return str(value) if isinstance(value, str | int) else None


def get(port: int, path: str, *, timeout_seconds: float = 2.0) -> Answer:
    """GET `path` from 127.0.0.1:`port`. Follows no redirect, reads at most 1 MB, never raises."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Answer(response.status, whole(response, _ANSWER_BYTES).decode("utf-8", "replace"))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Answer(0, str(error) or type(error).__name__)
    finally:
        connection.close()


def whole(response: http.client.HTTPResponse, limit: int) -> bytes:
    """At most `limit` bytes of the answer. Raises IncompleteRead when its server went away before its end."""
    read = response.read(limit)
    if response.length and len(read) < limit:
        raise http.client.IncompleteRead(read, response.length)
    return read
