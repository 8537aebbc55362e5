"""The manager's sheet: it says what is asked, takes a yes or a "not yet", and ships with the last yes."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Deployment
from ideas.models import Idea, Vote
from lifecycle.models import Product, User
from releases.models import Approval, Change, Release, SignOff
from tests.cast import Cast
from tests.deployments.frozen import frozen

SignIn = Callable[[User | None], Client]
SHEET = "/releases/24.11/approve/"


@pytest.fixture
def made(cast: Cast) -> Release:
    return frozen(cast)


def test_it_says_what_customers_get_and_who_has_said_yes(made: Release, cast: Cast, sign_in: SignIn) -> None:
    wishlist = wished(cast, 5, "A wishlist to share", by=[cast.cleo, cast.carl])
    Change.objects.get().ideas.add(wishlist)
    page = sign_in(cast.max).get(SHEET).content.decode()
    assert "Only your yes is missing" in page and "A wishlist to share" in page
    assert "2 people asked for these" in page and "Tess, 1 change" in page
    assert "watched for 2 minutes" in page


def test_somebody_who_asked_twice_is_one_person(made: Release, cast: Cast, sign_in: SignIn) -> None:
    wishlist = wished(cast, 5, "A wishlist to share", by=[cast.cleo])
    merged = wished(cast, 6, "Keep what I like", by=[cast.cleo, cast.petra])
    Idea.objects.filter(pk=merged.pk).update(merged_into=wishlist, canonical=wishlist)
    Change.objects.get().ideas.add(wishlist, wished(cast, 7, "Wrap gifts", by=[cast.cleo]))
    assert "2 people asked for these" in sign_in(cast.max).get(SHEET).content.decode()


def wished(cast: Cast, number: int, title: str, *, by: list[User]) -> Idea:
    """An idea that these people voted for."""
    now = timezone.now()
    facts = {"created_at": now, "moved_at": now, "author": by[0], "number": number, "votes": len(by)}
    idea = Idea.objects.create(product=cast.product, title=title, **facts)
    for person in by:
        Vote.objects.create(idea=idea, user=person, created_at=now)
    return idea


def test_opening_the_link_of_a_mail_answers_nothing(made: Release, cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.max).get(SHEET + "?outcome=yes")
    assert not Approval.objects.exists()


def test_the_last_yes_ships_it(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.max)
    assert client.post(SHEET, {"outcome": "yes"}).status_code == 302
    shipped = Deployment.objects.get(release=made)
    assert (shipped.candidate, shipped.requested_by) == (made.candidate, cast.max)
    page = client.get(SHEET).content.decode()
    assert "You said yes" in page and f"/deployments/{shipped.pk}/" in page


def test_not_yet_asks_for_a_sentence(made: Release, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.max).post(SHEET, {"outcome": "no", "words": " "})
    assert answer.status_code == 422 and "Say what should change first" in answer.content.decode()
    assert not Approval.objects.exists()


def test_not_yet_with_a_sentence_holds_it(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.max)
    client.post(SHEET, {"outcome": "no", "words": "After Friday, please"})
    assert Approval.objects.get().words == "After Friday, please"
    page = client.get(SHEET).content.decode()
    assert "You said: not yet" in page and "After Friday, please" in page
    assert not Deployment.objects.filter(release=made).exists()


def test_an_answer_can_be_taken_back(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.max)
    client.post(SHEET, {"outcome": "no", "words": "After Friday, please"})
    assert client.post("/releases/24.11/withdraw/").status_code == 302
    assert Approval.objects.get().withdrawn_at is not None
    assert "Only your yes is missing" in client.get(SHEET).content.decode()


def test_while_an_earlier_gate_is_shut_there_is_no_button_and_no_way_around(
    made: Release, cast: Cast, sign_in: SignIn
) -> None:
    SignOff.objects.filter(audience="customers").delete()
    client = sign_in(cast.max)
    page = client.get(SHEET).content.decode()
    assert "1 gate before yours is shut" in page and "Shown to customers" in page and 'value="yes"' not in page
    assert client.post(SHEET, {"outcome": "yes"}).status_code == 409


def test_in_strict_products_nobody_approves_their_own_work(made: Release, cast: Cast, sign_in: SignIn) -> None:
    Product.objects.update(preset=Product.Preset.STRICT)
    Release.objects.update(author=cast.max)
    client = sign_in(cast.max)
    assert "Somebody else has to approve it" in client.get(SHEET).content.decode()
    assert client.post(SHEET, {"outcome": "yes"}).status_code == 409


def test_only_managers_approve(made: Release, cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.dev, cast.petra, cast.ops, cast.cleo):
        assert sign_in(person).post(SHEET, {"outcome": "yes"}).status_code == 403
    assert sign_in(None).get(SHEET).status_code == 302


def test_an_unknown_answer_is_not_taken_for_a_yes(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.max).post(SHEET, {"outcome": "perhaps"}).status_code == 422
    assert not Approval.objects.exists()


def test_a_release_that_is_live_is_not_asked_about(made: Release, cast: Cast, sign_in: SignIn) -> None:
    Release.objects.update(status=Release.Status.LIVE)
    client = sign_in(cast.max)
    assert "24.11 is live" in client.get(SHEET).content.decode()
    assert client.post(SHEET, {"outcome": "yes"}).status_code == 409


def test_an_unknown_release_is_not_found(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.max).get("/releases/99.9/approve/").status_code == 404


def test_an_answer_to_what_was_on_an_old_sheet_is_refused(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.max)
    assert made.candidate.digest in client.get(SHEET).content.decode()
    answer = client.post(SHEET, {"outcome": "yes", "digest": "0" * 64})
    assert answer.status_code == 409 and "Look at it again" in answer.content.decode()
    assert not Approval.objects.exists()
    assert client.post(SHEET, {"outcome": "yes", "digest": made.candidate.digest}).status_code == 302


def test_pressed_twice_it_is_shipped_once(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.max)
    client.post(SHEET, {"outcome": "yes"})
    client.post(SHEET, {"outcome": "yes"})
    assert Approval.objects.filter(withdrawn_at=None).count() == 1
    assert Deployment.objects.filter(release=made).count() == 1
