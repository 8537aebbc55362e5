"""The plan as managers read it: cost by developer against what fits, risks, and the way back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ideas.models import Rhythm
from releases import changes, plan
from releases.models import Release

URL = "/releases/24.11/managers/"


@pytest.fixture
def release(cast, idea_of) -> Release:
    """A draft of three changes; Dev builds two of them, and nobody estimated the third."""
    made = plan.create(
        product=cast.product,
        version="24.11",
        target_date=timezone.localdate() + timedelta(days=9),
        ideas=[idea_of(title) for title in ("Keep a wishlist", "Wrap gifts", "Zoom pictures")],
        by=cast.petra,
    )
    first, second, _third = made.changes.order_by("number")
    plan.edit_change(first, by=cast.petra, developer=cast.dev, estimate=5)
    plan.edit_change(second, by=cast.petra, developer=cast.dev, estimate=8)
    return made


def read(sign_in, who) -> str:
    return " ".join(sign_in(who).get(URL).content.decode().split())


def test_a_draft_says_what_it_costs_by_developer(cast, sign_in, release):
    page = read(sign_in, cast.max)
    assert "13 of 20 points, 1 change not estimated" in page
    assert "<b>13</b>" in page
    assert "2 changes" in page
    assert "Nobody yet" in page


def test_what_fits_follows_the_teams_rhythm(cast, sign_in, release):
    Rhythm.objects.create(product=cast.product, per_developer=10, developers=1, unit=Rhythm.Unit.DAYS)
    page = read(sign_in, cast.max)
    assert "13 of 10 days" in page
    assert "/ 10</small>" in page


def test_risks_are_named_and_counted(cast, sign_in, release):
    assert "and no known risk" in read(sign_in, cast.max)
    changes.set_migrations(release.changes.get(number=1), migrations="contract", by=cast.dev)
    plan.edit(release, by=cast.petra, risk="The bank tests on Friday", rollback_plan="Press undo, then call Ops")
    page = read(sign_in, cast.max)
    assert "and 2 risks" in page
    assert "neither one click nor the watch takes this release back" in page
    assert "The bank tests on Friday" in page
    assert "Press undo, then call Ops" in page


@pytest.mark.parametrize("who", ["dev", "lena", "petra", "tess", "max", "ops"])
def test_the_team_reads_it_customers_do_not(cast, sign_in, release, who):
    assert sign_in(getattr(cast, who)).get(URL).status_code == 200
    assert sign_in(cast.cleo).get(URL).status_code == 403
