"""The card of the next release beside the list of ideas."""

import pytest

from releases import plan
from releases.models import Release


@pytest.fixture
def release(plan_of) -> Release:
    return plan_of("Keep a wishlist")


def test_everybody_sees_the_next_release_beside_the_ideas(sign_in, release):
    visitor = sign_in(None)
    assert 'hx-get="/releases/next/"' in visitor.get("/ideas/").content.decode()
    card = visitor.get("/releases/next/", HTTP_HX_REQUEST="true").content.decode()
    assert "Release 24.11" in card
    assert "Keep a wishlist" in card
    assert "0 of 1 change tested" in card
    assert visitor.get("/releases/next/")["Location"] == "/releases/24.11/"


def test_without_a_published_plan_there_is_no_next_release(cast, sign_in, release):
    plan.drop(release, by=cast.petra, reason="Not this year")
    visitor = sign_in(None)
    assert visitor.get("/releases/next/", HTTP_HX_REQUEST="true").content == b""
    assert visitor.get("/releases/next/")["Location"] == "/roadmap/"
