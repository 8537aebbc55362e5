"""Every route is given what no form ever sends: whatever it is, the answer is a refusal or a page, never a 500."""

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from deployments.models import Deployment, Watch
from ideas import services as ideas
from ideas.models import Idea
from lifecycle.models import User
from releases import notes
from releases.models import Survey
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper

HUGE, LONG = "9" * 30, "x" * 10_000
TEXTS = (
    "",
    "\0",
    LONG,
    "\u202eright to left",
    "ид\u0301ея 🛒",
    "%_\\'\" OR 1=1;--",
    "<script>alert(1)</script>",
    "((|&:*!",
    "../../etc",
)
NUMBERS = ("0", "-1", HUGE, str(2**31), str(2**63), "1e9", "²", "NaN")
PARTS = {"int": ("1", "0", HUGE, str(2**31)), "slug": ("shop", "production", "2026-W01", "nothing-" * 400)}
TEXT_PARTS = ("24.11", "nothing", *(text for text in TEXTS if text and "/" not in text))
DELTAS = ("24.10..24.11", "1..2", f"{HUGE}..{HUGE}", "....", "ид..я")
WORDS = re.compile(r"\w+").findall
QUERY = WORDS("q s status sort cursor after before title week key change candidate release environment a page next")
FIELDS = WORDS(
    "title text body reason words outcome version target_date ideas candidate change person with into do lead up must "
    "branch developer migrations minutes hours name value kind scope days starts_at ends_at due_at expires_at "
    "upstream choice points urgency importance complexity area until language theme email password next tried "
    "slug source typed driver driver_settings sends_mail takes_payments promotion test_data url with_secrets "
    "intro lines preset remind_after_hours chat_webhook minimum_manager gate deputy role digest starts_on ends_on"
    " ref main_branch login secret artefacts_kept logs_kept_days samples_kept_days"
) + ["position-1", "title-1", "text-1", "hidden-1"]
SIGNING_IN = ("demo/", "accounts/")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path
        else:
            yield from routes(pattern, path)


ROUTES = sorted(set(routes()))


def addresses(route: str) -> list[str]:
    """The route with ordinary values in place of its parameters, then with one hostile value at a time."""
    if "(?P" in route:
        return [f"/delta/{quote(name)}/" for name in DELTAS] if "delta" in route else []
    parts = re.split(r"(<\w+:\w+>)", route)
    choices = [PARTS.get(part[1:].split(":")[0], TEXT_PARTS) if part.startswith("<") else (part,) for part in parts]
    usual = [choice[0] for choice in choices]
    found = dict.fromkeys(["".join(usual)])
    for place, choice in enumerate(choices):
        hostile = [quote(value, safe="/") for value in choice]
        found |= dict.fromkeys("".join([*usual[:place], value, *usual[place + 1 :]]) for value in hostile)
    return [f"/{address}" for address in found]


@pytest.fixture
def world(cast: Cast) -> Paper:
    """One of everything, so that the first number of each kind is somebody's."""
    paper = Paper(cast)
    ideas.submit(product=cast.product, author=cast.cleo, title="Keep a wishlist")
    paper.change.release = paper.release
    paper.change.save()
    paper.change.ideas.set(Idea.objects.all())
    notes.draft(paper.release)
    deployment = Deployment.objects.create(
        product=cast.product,
        environment=paper.production,
        candidate=paper.release.candidate,
        release=paper.release,
        digest=paper.release.candidate.digest,
        requested_at=paper.now,
        due_at=paper.now,
    )
    Watch.objects.create(
        product=cast.product,
        deployment=deployment,
        release=paper.release,
        opened_at=paper.now,
        closes_at=paper.now + timedelta(minutes=2),
        next_sample_at=paper.now,
    )
    Survey.objects.create(release=paper.release, opened_at=paper.now)
    return paper


def people(cast: Cast, sign_in: SignIn) -> list[Client]:
    """A visitor, a customer, a developer, and somebody who may do everything."""
    return [sign_in(user) for user in (None, cast.cleo, cast.dev, administrator())]


def administrator() -> User:
    return User.objects.create_user("root@example.org", is_admin=True)


def breaks(client: Client, method: str, address: str, **sent: object) -> str:
    """What went wrong, "" if nothing; whatever the request wrote is taken back."""
    try:
        with transaction.atomic():
            status = getattr(client, method)(address, **sent).status_code
            transaction.set_rollback(True)
    except Exception as error:
        return f"{method} {address[:120]}: {type(error).__name__} {str(error)[:200]}"
    return f"{method} {address[:120]}: {status}" if status >= 500 and "readyz" not in address else ""


def test_no_address_breaks_a_page(world: Paper, cast: Cast, sign_in: SignIn) -> None:
    asked = [address for route in ROUTES for address in addresses(route)]
    found = {breaks(client, "get", address) for client in people(cast, sign_in) for address in asked}
    assert sorted(found - {""}) == []


def test_no_query_breaks_a_page(world: Paper, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(administrator())
    found = set()
    for route, value in itertools.product(ROUTES, (*TEXTS, *NUMBERS)):
        query = dict.fromkeys(QUERY, value)
        found |= {breaks(client, "get", address, data=query) for address in addresses(route)[:1]}
    assert sorted(found - {""}) == []


def garbage() -> Iterator[dict[str, object]]:
    yield {"data": {}}
    for value in (*TEXTS, *NUMBERS):
        yield {"data": dict.fromkeys(FIELDS, value)}
    for body in (b"", b"{", b"[]", b"null", b'"x"', b'{"title": {"a": []}, "ideas": [[1]], "reason": 7}', b"\xff\xfe"):
        yield {"data": body, "content_type": "application/json"}
    yield {"data": b"--x\r\nnothing", "content_type": "multipart/form-data; boundary=x"}


def test_no_body_breaks_a_form(world: Paper, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(administrator())
    asked = [addresses(route)[0] for route in ROUTES if not route.startswith(SIGNING_IN) and addresses(route)]
    found = {breaks(client, "post", address, **sent) for address in asked for sent in garbage()}
    assert sorted(found - {""}) == []


def test_an_empty_form_is_refused_and_not_just_shown_again(world: Paper, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(administrator())
    pages = [addresses(route)[0] for route in ROUTES if not route.startswith(("demo", "accounts", "api", "kit"))]
    assert [address for address in pages if client.post(address).status_code == 200] == []


def test_nobody_breaks_a_form_by_sending_nothing(world: Paper, cast: Cast, sign_in: SignIn) -> None:
    asked = [addresses(route)[0] for route in ROUTES if not route.startswith(SIGNING_IN) and addresses(route)]
    found = {breaks(client, "post", address) for client in people(cast, sign_in) for address in asked}
    assert sorted(found - {""}) == []


def test_no_json_breaks_the_api(world: Paper, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(administrator())
    asked = [addresses(route)[0].replace("//", "/") for route in ROUTES if route.startswith("api/v1")]
    found = set()
    for address, value in itertools.product(asked, (*TEXTS, *NUMBERS, -1, 2**31, 2**63, 10**30, None, [], {}, True)):
        body = dict.fromkeys(FIELDS, value) | {"ideas": [value], "environment": "production", "candidate_id": value}
        found.add(breaks(client, "post", address, data=body, content_type="application/json"))
    assert sorted(found - {""}) == []
