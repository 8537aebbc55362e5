"""Find: a number, words, a branch, a commit, a release, a person, a page; by permission."""

import pytest

from ideas import services as ideas
from ideas.models import Idea
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def wish(cast: Cast) -> Idea:
    return ideas.submit(product=cast.product, author=cast.cleo, title="Wrap it as a present", body="With a ribbon.")


@pytest.fixture
def secret(cast: Cast) -> Idea:
    return ideas.submit(product=cast.product, author=cast.dev, title="Ribbon cutter is unsafe", team_only=True)


def titles(sign_in: SignIn, user: object, words: str) -> list[str]:
    return [hit.title for hit in sign_in(user).get("/find/", {"q": words}).context["results"]]


@pytest.mark.parametrize("words", ["present", "Wrap", "1", "#1"])
def test_it_finds_an_idea_by_number_or_words(cast: Cast, sign_in: SignIn, wish: Idea, words: str) -> None:
    assert any("Wrap it as a present" in title for title in titles(sign_in, cast.carl, words))


def test_what_only_the_team_sees_is_found_only_by_the_team(cast: Cast, sign_in: SignIn, secret: Idea) -> None:
    assert titles(sign_in, cast.carl, "unsafe") == []
    assert any("Ribbon cutter" in title for title in titles(sign_in, cast.tess, "unsafe"))


def test_only_the_team_finds_people(cast: Cast, sign_in: SignIn) -> None:
    assert "Lena" in titles(sign_in, cast.tess, "lena")
    assert titles(sign_in, cast.cleo, "lena") == []


def test_pages_are_found_only_by_who_may_open_them(cast: Cast, sign_in: SignIn) -> None:
    assert titles(sign_in, cast.petra, "triage") == ["Triage"]
    assert titles(sign_in, cast.tess, "triage") == []


def test_without_words_it_offers_the_pages(cast: Cast, sign_in: SignIn) -> None:
    assert "Environments" in titles(sign_in, cast.ops, "")


def test_the_palette_gets_the_results_alone(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ops).get("/find/?q=watch", headers={"hx-request": "true"}).content.decode()
    assert "<html" not in answer
    assert "/watch/" in answer


def test_nothing_found_says_what_to_try(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.cleo).get("/find/?q=zzzz%3Cb%3E").content.decode()
    assert "Nothing found for “zzzz&lt;b&gt;”" in page


@pytest.mark.parametrize("words", ["%", "_", "'", "\\", "9" * 30, "а" * 300])
def test_odd_words_do_no_harm(cast: Cast, sign_in: SignIn, wish: Idea, words: str) -> None:
    assert sign_in(cast.petra).get("/find/", {"q": words}).status_code == 200


def test_a_nul_is_a_bad_request_everywhere(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.petra)
    assert client.get("/find/", {"q": "a\x00b"}).status_code == 400
    assert client.get("/ideas/", {"q": "\x00"}).status_code == 400
    assert client.get("/api/v1/products/shop/ideas/", {"q": "\x00"}).status_code == 400
