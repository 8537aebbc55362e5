"""A release that passes every test and fails under visitors: the watch names the checkout, a rollback cures it."""

import time
from random import Random

import pytest
from django.utils import timezone

from deployments import running
from deployments import services as deployments
from deployments.models import Finding, Watch
from environments.models import Environment
from ideas import services as ideas
from lifecycle.story.telling import Chapter, Narrator
from lifecycle.story.wishes import WISHES
from releases.models import Release
from sample_shop import visitor
from tests.cast import Cast
from tests.machinery import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SLOTS = Chapter("26.12", "Know when it comes", 1, {"slots": "idea/delivery-slots"}, Release.Status.LIVE)
VISIT_SECONDS = 1.0


def ship_delivery_slots(team: Cast) -> Release:
    """The ordinary way of a release, with every gate and every yes."""
    wish = next(wish for wish in WISHES if wish.key == "slots")
    idea = ideas.submit(product=team.product, author=team.cleo, title=wish.title, body=wish.body)
    ideas.triage(idea, by=team.petra, kind="bug", area=None, urgency=5, importance=5, complexity=2)
    people = {name: getattr(team, name) for name in ("dev", "lena", "petra", "tess", "max", "cleo", "ops")}
    idea.refresh_from_db()
    Narrator(team.product, people, SLOTS, say=lambda text: None).tell()
    return Release.objects.get(version=SLOTS.version)


def visit_until_named(production: Environment, watch: Watch, *, seconds: float) -> Finding:
    """Visitors come one after another, as in the demo, until the watch names something about the checkout."""
    dice, end = Random(7), time.monotonic() + seconds
    while time.monotonic() < end:
        visitor.visit(production.url, rng=dice, timeout_seconds=10)
        found = Finding.objects.filter(watch=watch, endpoint__contains="checkout").first()
        if found:
            return found
        time.sleep(VISIT_SECONDS)
    raise AssertionError(f"nothing named in {seconds} s: {list(watch.findings.values('kind', 'endpoint', 'numbers'))}")


def test_the_watch_names_the_checkout_and_a_rollback_cures_it(team: Cast) -> None:
    production = Environment.objects.get(slug="production")
    dice = Random(3)
    for _visit in range(8):
        visitor.visit(production.url, rng=dice, timeout_seconds=10)
        time.sleep(0.3)
    release = ship_delivery_slots(team)
    watch = eventually(lambda: Watch.objects.filter(release=release).first(), "the watch")
    length = (watch.closes_at - timezone.now()).total_seconds()
    found = visit_until_named(production, watch, seconds=length)
    assert "checkout" in found.endpoint

    deployments.roll_back(production, by=team.ops, reason="The checkout fails")
    eventually(lambda: Release.objects.get(pk=release.pk).status == Release.Status.ROLLED_BACK, "the rollback")
    assert Watch.objects.get(pk=watch.pk).status == Watch.Status.BAD
    met = [visitor.visit(production.url, rng=dice, timeout_seconds=10) for _visit in range(10)]
    assert sum(one["errors"] for one in met) == 0
    assert running.current(production).candidate != release.candidate
