"""A scripted visitor of the shop: looks around, searches, fills a basket and orders in half of the visits."""

import http.client
import random
import re
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar

WORDS = ("wool", "brass", "oak", "coffee", "kettle", "warm", "leather", "linen", "cup")
SHARE_OF_BUYERS = 0.5
FAULT = 500


def visit(base_url: str, *, rng: random.Random, timeout_seconds: float) -> dict[str, int]:
    """One visit. Returns how many requests, errors (5xx or no answer), checkouts and orders it made.

    `timeout_seconds` is the limit of one request. A shop that fails or is away is counted, never raised.
    """
    visitor = _Visitor(base_url, timeout_seconds)
    visitor.browse(rng)
    return {name: visitor.counts[name] for name in ("requests", "errors", "checkouts", "orders")}


class _Visitor:
    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self.counts: Counter[str] = Counter()
        # No proxy: the shop is on this machine or beside it.
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def browse(self, rng: random.Random) -> None:
        home = self.get("/")
        self.get("/search/?q=" + rng.choice(WORDS))
        products = sorted(set(re.findall(r'href="(/p/[\w-]+/)"', home)))
        if not products:
            return
        product = rng.choice(products)
        page = self.get(product)
        if 'action="/cart/add' in page and "Sold out" not in page:
            self.post(product.replace("/p/", "/cart/add/"), page)
            if rng.random() < SHARE_OF_BUYERS:
                self.order()

    def order(self) -> None:
        form = self.get("/checkout/")
        self.counts["checkouts"] += 1
        customer = {"name": "Visitor", "email": "visitor@northwind.test", "address": "3 Market Square"}
        if "Thank you" in self.post("/checkout/", form, customer):
            self.counts["orders"] += 1

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(self.base_url + path))

    def post(self, path: str, page: str, answers: dict[str, str] | None = None) -> str:
        """Send a form found on `page`, with its hidden fields."""
        fields = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page))
        body = urllib.parse.urlencode(fields | (answers or {})).encode()
        return self._open(urllib.request.Request(self.base_url + path, data=body))

    def _open(self, request: urllib.request.Request) -> str:
        """The page's text; an empty one if the shop failed or did not answer."""
        self.counts["requests"] += 1
        try:
            with self.opener.open(request, timeout=self.timeout_seconds) as answer:
                return answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refused:
            with refused:
                self.counts["errors"] += refused.code >= FAULT
        except (OSError, http.client.HTTPException):
            self.counts["errors"] += 1
        return ""
