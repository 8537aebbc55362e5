"""Estimates beside how similar ideas really went: only with enough of one's own, and medians, never means."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from ideas.models import Area, Idea, Stop
from lifecycle.transitions import move
from releases import experience
from releases.models import Change, Verdict
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper
from tests.ideas.test_statement_counts import statements

pytestmark = pytest.mark.django_db
S = Change.Status


class Past:
    """Ideas that were shipped, and the one that is asked about."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.paper, self.now = cast, Paper(cast), timezone.now()
        self.area = Area.objects.create(product=cast.product, name="Checkout")
        self.asked = self.idea("Pay with a voucher", complexity=3)
        self.actor = cast.actor(cast.petra)

    def idea(self, title: str, **values: object) -> Idea:
        number = Idea.objects.filter(product=self.cast.product).count() + 100
        facts = {"product": self.cast.product, "number": number, "author": self.cast.cleo, "area": self.area}
        return Idea.objects.create(
            title=title, created_at=self.now, moved_at=self.now, stop=Stop.IDEA, **(facts | values)
        )

    def change(self, idea: Idea, **values: object) -> Change:
        made = Change.objects.create(
            product=self.cast.product,
            number=Change.objects.count() + 100,
            title=idea.title,
            created_at=self.now,
            waiting_since=self.now,
            **values,
        )
        made.ideas.add(idea)
        return made

    def ships(self, change: Change, *, begun: float, live: float = 0) -> None:
        """It was begun and went live so many days ago."""
        move(change, S.DEVELOPMENT, by=self.cast.dev, at=self.ago(begun))
        move(change, S.LIVE, by=self.cast.ops, at=self.ago(live))

    def shipped(self, days: float, *, title: str = "Some fix", estimate: int | None = 3, **values: object) -> Idea:
        """An idea that took so many days."""
        idea = self.idea(title, **({"complexity": 3} | values))
        self.ships(self.change(idea, estimate=estimate), begun=days)
        return idea

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    @property
    def known(self) -> experience.Experience:
        return experience.of(self.asked, self.actor)


@pytest.fixture
def past(cast: Cast) -> Past:
    return Past(cast)


def test_below_the_minimum_it_says_what_is_missing(past: Past, sign_in: SignIn) -> None:
    for days in (2, 4):
        past.shipped(days)
    assert (past.known.is_enough, past.known.missing) == (False, "2 of 5 needed: 3 more shipped ideas in Checkout")
    text = sign_in(past.cast.petra).get(f"/experience/{past.asked.number}/").content.decode()
    assert "2 of 5 needed: 3 more shipped ideas in Checkout" in text
    assert "Half of them" not in text


def test_it_says_the_median_and_the_range(past: Past) -> None:
    for days, estimate in ((2, 1), (3, 2), (4, 3), (5, 5), (400, 8)):
        past.shipped(days, estimate=estimate)
    assert past.known.headline == "Half of them took 4 days at most, from 2 days to 400 days"
    assert past.known.estimates == "estimated at 3, from 1 to 8"


def test_another_area_and_another_complexity_are_no_experience(past: Past) -> None:
    other = Area.objects.create(product=past.cast.product, name="Search")
    past.shipped(2, area=other)
    past.shipped(2, complexity=1)
    past.shipped(2, complexity=5)
    past.shipped(2, complexity=2)
    past.shipped(2, complexity=4)
    assert len(past.known.cases) == 2


def test_without_enough_in_the_area_those_that_read_alike_count(past: Past) -> None:
    past.shipped(2)
    other = Area.objects.create(product=past.cast.product, name="Search")
    for number in range(5):
        past.shipped(3, title=f"Pay with a voucher {number}", area=other)
    assert (past.known.where, len(past.known.cases), past.known.is_enough) == ("", 5, True)
    assert {case.title[:18] for case in past.known.cases} == {"Pay with a voucher"}


def test_what_is_not_live_or_was_given_up_does_not_count(past: Past) -> None:
    idea = past.idea("Two halves", complexity=3)
    past.ships(past.change(idea), begun=9, live=5)
    half = past.change(idea)
    assert past.known.cases == []
    past.ships(half, begun=4, live=1)
    assert [case.took for case in past.known.cases] == ["8 days"], "from the first push to the day when all was live"
    Change.objects.filter(pk=half.pk).update(status=S.DROPPED)
    assert [case.took for case in past.known.cases] == ["4 days"]


def test_returns_and_what_production_gave_back_are_counted(past: Past) -> None:
    for number in range(5):
        past.shipped(3, title=f"Case {number}")
    change = Change.objects.get(title="Case 0")
    for _time in range(2):
        Verdict.objects.create(
            change=change,
            revision=past.paper.change.revision,
            candidate=past.paper.release.candidate,
            digest="d",
            outcome=Verdict.Outcome.RETURNED,
            reason="No.",
            by=past.cast.tess,
            at=past.now,
        )
    move(Change.objects.get(title="Case 1"), S.DEVELOPMENT, by=past.cast.ops)
    assert past.known.came_back == "1 of 5 came back from a tester, 1 was taken back from production"
    assert {case.title: (case.returns, case.taken_back) for case in past.known.cases}["Case 0"] == (2, 0)


def test_the_card_takes_at_most_three_statements_of_its_own(past: Past, sign_in: SignIn) -> None:
    for number in range(9):
        past.shipped(3, title=f"Pay with a voucher {number}", complexity=1)
    assert len(statements(lambda: past.known)) <= 3
    client = sign_in(past.cast.petra)
    assert "<html" not in client.get(f"/experience/{past.asked.number}/", HTTP_HX_REQUEST="true").content.decode()
    assert client.get("/experience/99999/").status_code == 404
    assert sign_in(past.cast.cleo).get(f"/experience/{past.asked.number}/").status_code == 403


def test_triage_asks_for_it(past: Past, sign_in: SignIn) -> None:
    text = sign_in(past.cast.petra).get(f"/triage/{past.asked.number}/").content.decode()
    assert f'hx-get="/experience/{past.asked.number}/"' in text
