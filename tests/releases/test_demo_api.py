"""Demos and sign-offs through the API: the same use-cases, the same refusals."""

import pytest
from django.utils import timezone

from releases.models import Demo, SignOff
from tests.releases.showing import says

API = "/api/v1/products/shop/releases/24.11"


@pytest.fixture
def release(frozen):
    return frozen("Keep a wishlist")


@pytest.fixture
def ask(sign_in):
    """`ask(cast.petra, "post", "demos/", {...})` is the status and the body of the answer."""

    def send(who, method, path, body=None):
        answer = getattr(sign_in(who), method)(f"{API}/{path}", body, content_type="application/json")
        return answer.status_code, answer.json() if answer.content else None

    return send


def word(release, audience, outcome="yes", words=""):
    return {"audience": audience, "outcome": outcome, "words": words, "digest": release.candidate.digest}


def test_a_session_goes_its_whole_way(cast, release, ask):
    wish = {"audience": "managers", "starts_at": timezone.now().isoformat(), "host": cast.lena.email}
    status, made = ask(cast.petra, "post", "demos/", wish)
    assert (status, made["host"], made["status"]) == (201, "Lena", "planned")
    one = f"demos/{made['id']}"
    assert [row["name"] for row in ask(cast.petra, "post", f"{one}/invitations/")[1]] == ["Max"]
    assert ask(cast.petra, "post", f"{one}/begin/")[1]["status"] == "open"
    says(Demo.objects.get(), cast.max, "note", "A bigger heart")
    tally = ask(cast.dev, "get", f"{one}/answers/")[1]
    assert tally == [
        {
            "change": "C-1",
            "accept": 0,
            "note": 1,
            "no": 0,
            "words": [{"outcome": "note", "words": "A bigger heart", "by": "Max"}],
        }
    ]
    guest = ask(cast.dev, "get", f"{one}/invitations/")[1][0]
    assert (guest["answers"], "nonce" in guest, "link" in guest) == (1, False, False)
    assert ask(cast.petra, "put", f"{one}/invitations/", {"came": [guest["id"]]})[1][0]["attended"] is True
    assert ask(cast.petra, "delete", f"{one}/invitations/{guest['id']}/")[0] == 204
    assert ask(cast.dev, "get", f"{one}/invitations/")[1][0]["revoked_at"]
    assert ask(cast.petra, "post", f"{one}/close/")[1]["status"] == "closed"
    assert ask(cast.petra, "post", f"{one}/cancel/")[0] == 409
    assert [row["status"] for row in ask(cast.dev, "get", "demos/")[1]] == ["closed"]


def test_sign_offs_are_given_by_who_speaks_for_the_audience(cast, release, ask):
    assert ask(cast.max, "post", "sign-offs/", word(release, "managers", "no"))[0] == 422
    assert ask(cast.petra, "post", "sign-offs/", word(release, "managers"))[0] == 403
    assert ask(cast.max, "post", "sign-offs/", word(release, "managers"))[0] == 201
    for who in (cast.cleo, cast.dev, cast.max):
        assert ask(who, "post", "sign-offs/", word(release, "customers"))[0] == 403
    assert ask(cast.petra, "post", "sign-offs/", word(release, "customers") | {"digest": "0" * 64})[0] == 409
    assert ask(cast.petra, "post", "sign-offs/", word(release, "customers"))[0] == 201
    assert SignOff.objects.count() == 2
    assert [row["audience"] for row in ask(cast.dev, "get", "sign-offs/")[1]] == ["customers", "managers"]


def test_customers_and_developers_plan_nothing_and_customers_read_nothing(cast, release, ask):
    wish = {"audience": "managers", "starts_at": timezone.now().isoformat()}
    for who in (cast.cleo, cast.dev):
        assert ask(who, "post", "demos/", wish)[0] == 403
    for path in ("demos/", "sign-offs/"):
        assert ask(cast.cleo, "get", path)[0] == 403


def test_what_makes_no_sense_is_refused(cast, release, ask):
    now = timezone.now().isoformat()
    for wrong in ({}, {"audience": "all", "starts_at": now}, {"audience": "managers", "starts_at": "soon"}):
        assert ask(cast.petra, "post", "demos/", wrong)[0] == 422
    hosted = {"audience": "managers", "starts_at": now, "host": cast.cleo.email}
    assert ask(cast.petra, "post", "demos/", hosted)[0] == 422
    assert ask(cast.petra, "post", "demos/77/begin/")[0] == 404
