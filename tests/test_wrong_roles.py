"""Every address refuses everybody whose roles its verb does not name, whatever the method."""

import pytest
from django.urls import resolve

from lifecycle.roles import VERBS
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper
from tests.test_hostile_input import ROUTES, addresses

NAMES = ("cleo", "dev", "lena", "petra", "tess", "max", "ops")
PAGES = [addresses(route)[0] for route in ROUTES if addresses(route) and not route.startswith(("accounts", "api"))]


def verb_of(address: str) -> str:
    return resolve(address).func.verb


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_role_is_refused_by_every_page_and_form(cast: Cast, sign_in: SignIn, name: str) -> None:
    Paper(cast)
    actor, client = cast.actor(getattr(cast, name)), sign_in(getattr(cast, name))
    forbidden = [address for address in PAGES if not actor.may(verb_of(address))]
    assert forbidden
    answers = {
        (address, method): getattr(client, method)(address) for address in forbidden for method in ("get", "post")
    }
    assert {place: answer.status_code for place, answer in answers.items() if answer.status_code != 403} == {}


@pytest.mark.django_db
def test_a_visitor_is_sent_to_sign_in_by_every_page_and_form(cast: Cast, sign_in: SignIn) -> None:
    Paper(cast)
    client = sign_in(None)
    closed = [address for address in PAGES if not cast.actor(None).may(verb_of(address))]
    assert len(closed) > len(VERBS)
    for address in closed:
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == 302, address
            assert answer.url.startswith("/accounts/login/"), address
