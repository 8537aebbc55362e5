"""The frame of every page: the right items for each role, the place one is at, theme and keys."""

import pytest

from lifecycle.models import Membership, Role
from lifecycle.navigation import BY_NEED, TABLE, groups
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db
PHONE_ITEMS = 5


def labels(cast: Cast, name: str) -> set[str]:
    return {item.label for group in groups(cast.actor(getattr(cast, name)), "/") for item in group.items}


def test_it_shows_only_what_one_may_open(cast: Cast) -> None:
    assert {"Inbox", "Triage", "Review", "Who did what"} <= labels(cast, "petra")
    assert "Triage" not in labels(cast, "tess")
    assert "Environments" not in labels(cast, "cleo")


@pytest.mark.parametrize("name", ["dev", "lena", "petra", "tess", "max", "ops"])
def test_every_item_leads_to_a_page_that_opens(cast: Cast, sign_in: SignIn, name: str) -> None:
    client = sign_in(getattr(cast, name))
    for group in groups(cast.actor(getattr(cast, name)), "/"):
        for item in group.items:
            assert client.get(item.url, follow=True).status_code == 200, item.url


@pytest.mark.parametrize("name", ["dev", "lena", "petra", "tess", "max", "ops"])
def test_the_phones_bar_has_at_most_five(cast: Cast, name: str) -> None:
    items = [item for group in groups(cast.actor(getattr(cast, name)), "/") for item in group.items if item.phone]
    assert 0 < len(items) <= PHONE_ITEMS


def test_who_is_everything_still_has_five_and_what_is_done_daily_first(cast: Cast) -> None:
    Membership.objects.filter(user=cast.dev).update(roles=[role.value for role in Role])
    items = [item for group in groups(cast.actor(cast.dev), "/") for item in group.items if item.phone]
    assert [item.label for item in items] == ["Inbox", "My changes", "Testing", "Review", "Environments"]


def test_every_item_of_the_phones_bar_has_its_place_in_the_order() -> None:
    assert {entry.route for _title, group in TABLE for entry in group if entry.phone_roles} == set(BY_NEED)


def test_letters_after_g_are_unique(cast: Cast) -> None:
    cast.ops.is_admin = True
    keys = [item.key for group in groups(cast.actor(cast.ops), "/") for item in group.items if item.key]
    assert len(keys) == len(set(keys))


def test_the_place_one_is_at_is_marked(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.ops).get("/system/").content.decode()
    assert page.count('aria-current="page"') >= 1
    current = [item.url for group in groups(cast.actor(cast.ops), "/system/") for item in group.items if item.current]
    assert current == ["/system/"]


@pytest.mark.parametrize(
    ("choice", "mark"), [({"theme": "dark"}, 'data-theme="dark"'), ({"keys": "off"}, 'data-keys="off"')]
)
def test_theme_and_keys_are_right_from_the_first_byte(
    cast: Cast, sign_in: SignIn, choice: dict[str, str], mark: str
) -> None:
    client = sign_in(cast.ops)
    assert mark not in client.get("/system/").content.decode()
    client.post("/appearance/", {**choice, "next": "/system/"})
    assert mark in client.get("/system/").content.decode()


def test_a_theme_nobody_made_is_ignored(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ops)
    client.post("/appearance/", {"theme": '"><script>'})
    assert "theme" not in client.cookies


def test_times_are_shown_in_the_persons_zone(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    client.post("/account/", {"name": "Cleo", "language": "en", "time_zone": "Pacific/Kiritimati"})
    answer = client.get("/inbox/")
    assert answer.status_code == 200
    cast.cleo.refresh_from_db()
    assert cast.cleo.time_zone == "Pacific/Kiritimati"
