"""Light load on the real web server while something else is broken: what people see, and how long they wait for it."""

import http.client
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.test import Client

from deployments import stopping
from ideas import services as ideas
from lifecycle.models import User
from tests.chaos.product import ChaosProduct
from tests.chaos.stack import Stack

TOKEN = "c" * 32
PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Visit:
    """One request; `at` is the clock of the journal, `status` 0 means no answer within ten seconds."""

    at: float
    what: str
    status: int
    seconds: float


class Visitors:
    """A customer who looks and votes, an engineer who looks at a deployment and clicks on deploy, again and again."""

    def __init__(self, stack: Stack, product: ChaosProduct, name: str) -> None:
        stack.web or stack.start_web()
        self.host = urlsplit(stack.url).netloc
        self.visits: list[Visit] = []
        cast = product.cast
        idea = ideas.submit(product=product.product, author=cast.carl, title=f"Gift wrapping ({name})")
        place = product.environment(f"clicked-{name}")
        product.deploy(place, 0)
        clicked = product.ask(place, 1)
        stopping.abort(clicked, by=cast.ops)
        self._stopping = threading.Event()
        tours = [
            (cast.cleo, [("list", "GET", "/ideas/"), ("vote", "POST", f"/ideas/{idea.number}/vote/")]),
            (
                cast.ops,
                [
                    ("deployment", "GET", f"/deployments/{clicked.pk}/"),
                    ("click on deploy", "POST", f"/deployments/{clicked.pk}/retry/"),
                ],
            ),
        ]
        self._threads = [threading.Thread(target=self._walk, args=(session(who), tour)) for who, tour in tours]

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(15)

    def _walk(self, cookie: str, tour: list[tuple[str, str, str]]) -> None:
        while not self._stopping.is_set():
            for what, method, path in tour:
                began = time.monotonic()
                status = self._request(method, path, cookie)
                self.visits.append(Visit(began, what, status, time.monotonic() - began))
                self._stopping.wait(PAUSE_SECONDS)

    def _request(self, method: str, path: str, cookie: str) -> int:
        body = urlencode({"csrfmiddlewaretoken": TOKEN}) if method == "POST" else None
        headers = {
            "Cookie": f"sessionid={cookie}; csrftoken={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        asked = http.client.HTTPConnection(self.host, timeout=10)
        try:
            asked.request(method, path, body, headers)
            answer = asked.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            asked.close()

    def during(self, spans: Iterable[tuple[float, float]]) -> list[Visit]:
        """The visits that began within one of the spans."""
        spans = list(spans)
        return [visit for visit in list(self.visits) if any(begin <= visit.at <= end for begin, end in spans)]


def session(user: User) -> str:
    """A signed-in session of this person, as the web server finds it in the database."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies["sessionid"].value


def p95_ms(visits: list[Visit]) -> float:
    return 1000 * statistics.quantiles([visit.seconds for visit in visits], n=20)[-1] if len(visits) > 1 else 0.0


def statuses(visits: list[Visit]) -> str:
    """ "200 × 61, 302 × 60"."""
    return ", ".join(f"{status} × {count}" for status, count in sorted(Counter(v.status for v in visits).items()))


def broken(visits: list[Visit]) -> list[Visit]:
    """Visits that got a server error or no answer at all."""
    return [visit for visit in visits if visit.status == 0 or visit.status >= 500]
