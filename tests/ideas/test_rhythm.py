"""When the board meets: by wall time, every week or two, and what a change of it moves."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError

from ideas import agenda, boards, rhythm
from ideas.models import Rhythm
from tests.cast import Cast, SignIn
from tests.ideas.wishes import fresh, triaged

pytestmark = pytest.mark.django_db


def starts(cast: Cast, at: datetime, **rule: object) -> datetime:
    return rhythm.next_start(cast.product, at, Rhythm(product=cast.product, **rule))


def test_summer_time_changes_nothing_on_the_wall(cast: Cast) -> None:
    cast.product.time_zone = "Europe/Riga"
    assert starts(cast, datetime(2026, 10, 21, tzinfo=UTC)) == datetime(2026, 10, 27, 8, tzinfo=UTC)
    assert starts(cast, datetime(2026, 10, 14, tzinfo=UTC)) == datetime(2026, 10, 20, 7, tzinfo=UTC)
    missing = starts(cast, datetime(2026, 3, 25, tzinfo=UTC), weekday=6, time=time(3, 30))
    assert missing == datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "half past three does not exist that night"


def test_every_two_weeks_are_counted_from_the_anchor(cast: Cast) -> None:
    rule = {"every_weeks": 2, "anchor_date": date(2026, 11, 20), "weekday": 3, "time": time(9)}
    first = starts(cast, datetime(2026, 11, 19, 9, tzinfo=UTC), **rule)
    assert first == datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert starts(cast, first, **rule) == datetime(2026, 12, 17, 9, tzinfo=UTC)


def test_a_meeting_that_begins_now_is_not_the_next_one(cast: Cast) -> None:
    now = datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert starts(cast, now) == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_a_change_moves_the_planned_review_but_not_one_whose_agenda_stands(cast: Cast) -> None:
    item = triaged(cast)
    rhythm.set_rhythm(cast.product, by=cast.petra, weekday=4, time=time(15), per_developer=4, developers=2)
    session = fresh(item.session)
    assert (session.starts_at.weekday(), session.starts_at.hour, session.capacity) == (4, 15, 8)
    assert session.week == agenda.week_of(cast.product, session.starts_at)
    boards.freeze(item.session, by=cast.petra)
    rhythm.set_rhythm(cast.product, by=cast.petra, weekday=0)
    assert fresh(session).starts_at == session.starts_at


@pytest.mark.parametrize("wrong", [{"every_weeks": 3}, {"minutes": 1}, {"quorum": 0}, {"minutes_per_idea": 0}])
def test_a_rhythm_out_of_bounds_is_refused(cast: Cast, wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        rhythm.set_rhythm(cast.product, by=cast.petra, **wrong)
    assert not Rhythm.objects.exists()


def test_the_defaults_are_what_was_before_there_was_a_rhythm(cast: Cast) -> None:
    rule = Rhythm.of(cast.product)
    assert (rule.ideas_that_fit, rule.capacity, rule.unit, rule.decision_days) == (20, 20, "points", None)
    cast.product.review_capacity = 30
    assert Rhythm.of(cast.product).capacity == 30


def test_days_per_developer_count_the_products_developers(cast: Cast) -> None:
    assert Rhythm(product=cast.product, unit="days", per_developer=8).capacity == 8
    assert Rhythm(product=cast.product, unit="days", per_developer=8, developers=3).capacity == 24


def test_the_screen_keeps_it_and_refuses_what_is_wrong(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.lena)
    page = client.get("/review/rhythm/")
    values = {name: field.value() or "" for name, field in ((f.name, f) for f in page.context["form"])}
    values |= {"time": "14:30", "weekday": "2", "minutes": "45", "reveals_by_itself": "on", "minutes_public": ""}
    assert client.post("/review/rhythm/", values).status_code == 302
    rule = Rhythm.objects.get()
    assert (rule.weekday, rule.time, rule.ideas_that_fit, rule.reveals_by_itself) == (2, time(14, 30), 15, True)
    assert client.post("/review/rhythm/", values | {"minutes": "1"}).status_code == 422
    assert sign_in(cast.ops).get("/review/rhythm/").status_code == 403
