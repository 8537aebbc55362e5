"""Somebody who is signed in at the real web server."""

import http.client
from urllib.parse import urlencode, urlsplit

from django.test import Client

TOKEN = "c" * 32


class Visitor:
    """Reads and posts as a browser would; `client` has signed in on the same database."""

    def __init__(self, address: str, client: Client) -> None:
        self.host = urlsplit(address).netloc
        session = client.cookies["sessionid"].value
        self.headers = {"Cookie": f"sessionid={session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}

    def get(self, path: str, **headers: str) -> str:
        """The page's text; AssertionError unless it is a 200."""
        status, text = self._ask("GET", path, "", headers)
        assert status == 200, f"{path}: {status} {text[:500]}"
        return text

    def post(self, path: str, form: dict[str, str]) -> int:
        """Send a form; the status of the answer, which is not followed."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(form), kind)[0]

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, body, self.headers | headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
