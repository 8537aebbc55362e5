"""Locks that ask, locks that refuse, holds and freezes: said wherever somebody is about to deploy."""

from datetime import timedelta

import pytest
from django.utils import timezone

from environments import freezes, holds, locks
from releases.models import Change, Release
from tests.deployments.paper import Paper
from tests.deployments.watched import deployment

BOARD, COCKPIT = "/environments/", "/releases/24.11/cockpit/"


@pytest.fixture
def paper(cast) -> Paper:
    return Paper(cast)


def text(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def dialog(page: str, name: str) -> str:
    return page.split(f'<dialog id="{name}"', 1)[1].split("</dialog>", 1)[0]


def lock(paper: Paper, place: str, kind: str, reason: str) -> None:
    locks.lock(paper.environments[place], kind=kind, reason=reason, hours=1, by=paper.cast.ops)


def test_a_lock_that_asks_is_read_before_a_promotion(paper: Paper, sign_in):
    Release.objects.update(status="planned")
    Change.objects.update(status=Change.Status.READY)
    lock(paper, "staging", "warning", "The load test runs")
    client = sign_in(paper.cast.dev)
    for page in (dialog(text(client, BOARD), "promote"), text(client, "/environments/promote/")):
        assert "Ops asks not to deploy here until" in page and "The load test runs" in page
    assert client.post("/environments/promote/").status_code == 302, "it only asks"


@pytest.mark.parametrize(("kind", "words"), [("warning", "Ops asks not to deploy here"), ("hard", "Locked by Ops")])
def test_board_place_cockpit_and_rollback_say_it(paper: Paper, sign_in, kind: str, words: str):
    deployment(paper.production, paper.adopted)
    deployment(paper.production, paper.release)
    client = sign_in(paper.cast.lena)
    pages = (BOARD, "/environments/production/", COCKPIT, "/environments/production/roll-back/")
    assert not any(words in text(client, page) for page in pages)
    lock(paper, "production", kind, "We move the servers")
    for page in pages:
        assert words in text(client, page) and "We move the servers" in text(client, page), page
    assert "We move the servers" in dialog(text(client, BOARD), "rollback-production")


def test_who_tries_staging_and_until_when_is_said(paper: Paper, sign_in):
    holds.hold(paper.environments["staging"], by=paper.cast.tess, minutes=30)
    client = sign_in(paper.cast.dev)
    assert "Tess holds it until" in text(client, BOARD)
    assert "Tess holds it until" in text(client, "/environments/staging/")
    assert "Tess holds it until" not in text(client, "/environments/production/")
    assert "Staging: Tess holds it until" in text(client, COCKPIT)


def test_a_freeze_is_said_of_production_alone(paper: Paper, sign_in):
    now = timezone.now()
    window = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    freezes.freeze(paper.cast.product, reason="Black Friday", by=paper.cast.ops, **window)
    client = sign_in(paper.cast.dev)
    assert text(client, BOARD).count("Frozen until") == 1
    assert "Frozen until" in text(client, "/environments/production/")
    assert "Frozen until" not in text(client, "/environments/staging/")


def test_what_has_ended_is_not_said_any_more(paper: Paper, sign_in):
    lock(paper, "staging", "warning", "The load test runs")
    locks.unlock(paper.environments["staging"].locks.get(), by=paper.cast.ops)
    assert "The load test runs" not in text(sign_in(paper.cast.dev), BOARD)
