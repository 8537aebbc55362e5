"""The demo's first half: forty wishes at the stages that triage and an earlier review brought them to."""

from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from deployments.models import Deployment
from environments.models import Environment
from ideas.models import Decision, Idea, ReviewSession
from lifecycle.models import Product, User
from lifecycle.story.moving import follow_ports
from lifecycle.story.seed import seed, upstream
from lifecycle.story.wishes import WISHES
from releases.models import Candidate
from tests.deployments.watched import candidate, deployment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places(settings, tmp_path: Path) -> None:  # noqa: ANN001
    settings.SHOP_PORTS = {"dev": 9101, "staging": 9102, "production": 9103}
    settings.VAR = tmp_path


def test_every_wish_is_as_far_as_its_fate_says() -> None:
    product = seed()
    ideas = {idea.title: idea for idea in Idea.objects.filter(product=product)}
    assert len(ideas) == len(WISHES) >= 40
    for wish in WISHES:
        idea = ideas[wish.title]
        expected = "new" if wish.fate == "merged" else wish.fate
        assert idea.status == expected, wish.title
        assert idea.is_merged == (wish.fate == "merged"), wish.title
        assert idea.language == wish.language
    assert {idea.language for idea in ideas.values()} == {"en", "ru"}


@pytest.mark.parametrize("day", ["2026-11-23T12:00Z", "2026-11-24T10:30Z", "2026-11-26T17:00Z", "2026-11-29T09:00Z"])
def test_the_last_review_is_over_and_the_next_has_an_agenda(day: str) -> None:
    started = datetime.fromisoformat(day)
    seed(at=started)
    last = ReviewSession.objects.get(status=ReviewSession.Status.CLOSED)
    following = ReviewSession.objects.get(status=ReviewSession.Status.PLANNED)
    assert last.starts_at < started < following.starts_at
    assert sum(Decision.objects.values_list("points", flat=True)) <= last.capacity
    assert Decision.objects.count() == sum(wish.fate == "accepted" for wish in WISHES)
    assert following.items.count() == sum(wish.fate == "triaged" and wish.kind != "bug" for wish in WISHES) + 1


def test_it_leaves_a_repository_to_clone() -> None:
    seed()
    assert (upstream() / "HEAD").exists()


def test_a_second_time_nothing_is_seeded_twice() -> None:
    call_command("seed")
    call_command("seed", "--if-empty")
    assert Product.objects.count() == 1
    with pytest.raises(CommandError, match="already"):
        call_command("seed")


def test_what_runs_follows_a_port_that_was_taken(settings) -> None:  # noqa: ANN001
    product = seed()
    ops, staging = User.objects.get(email="ops@northwind.test"), Environment.objects.get(slug="staging")
    runs = deployment(staging, candidate(product, "24.10", purpose=Candidate.Purpose.ADOPTED))
    assert follow_ports(product, by=ops) == []
    settings.SHOP_PORTS = {"dev": 9101, "staging": 9107, "production": 9103}
    assert follow_ports(product, by=ops) == [staging]
    staging.refresh_from_db()
    assert (staging.driver_settings["port"], staging.url) == (9107, "http://127.0.0.1:9107")
    again = Deployment.objects.exclude(pk=runs.pk).get()
    assert again.candidate == runs.candidate and "9102 is taken" in again.reason
    assert follow_ports(product, by=ops) == [], "once is enough"
