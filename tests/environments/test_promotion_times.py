"""Set times for what is deployed: when they are next, who may choose them, where, and what is said about mistakes."""

from datetime import UTC, datetime, time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from environments import places
from environments.models import Environment
from environments.pages import promotion as page
from environments.promotion_times import next_slot
from lifecycle.models import Event

MONDAY, FRIDAY, SATURDAY, SUNDAY = 1, 5, 6, 7
NINE = time(9)
THURSDAY_NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
FRIDAYS = {"promotion": "scheduled", "promotion_days": [FRIDAY], "promotion_time": NINE}
FORM = {"name": "Staging", "url": "", "test_data": "", "promotion": "scheduled"}
BASE = "/api/v1/products/shop/environments"


@pytest.fixture
def row(cast):
    """dev, staging, demo, production."""
    kinds = (("dev", "dev"), ("staging", "staging"), ("demo", "staging"), ("production", "production"))
    return {
        slug: Environment.objects.create(
            product=cast.product, slug=slug, name=slug.title(), kind=kind, position=position
        )
        for position, (slug, kind) in enumerate(kinds)
    }


def describe(cast, environment, *, at=THURSDAY_NOON, **rule):
    facts = {"name": environment.name, "url": "", "test_data": ""}
    places.describe(environment, by=cast.ops, at=at, **facts, **rule)
    environment.refresh_from_db()


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_the_next_one_is_the_first_of_the_days_after_now():
    def after(*moment, days=(MONDAY, FRIDAY)):
        return next_slot(days, NINE, "UTC", after=utc(*moment))

    assert after(2026, 11, 26, 12) == utc(2026, 11, 27, 9)
    assert after(2026, 11, 27, 8, 59) == utc(2026, 11, 27, 9)
    assert after(2026, 11, 27, 9) == utc(2026, 11, 30, 9)
    assert after(2026, 11, 27, 9, days=[FRIDAY]) == utc(2026, 12, 4, 9)


def test_the_day_is_the_products_not_that_of_greenwich():
    assert next_slot([FRIDAY], NINE, "Asia/Tokyo", after=THURSDAY_NOON) == utc(2026, 11, 27, 0)
    late = datetime(2026, 11, 26, 23, tzinfo=UTC)  # Friday in Tokyo, Thursday in Honolulu
    assert next_slot([FRIDAY], time(7), "Asia/Tokyo", after=late) == utc(2026, 12, 3, 22)
    assert next_slot([FRIDAY], time(7), "Pacific/Honolulu", after=late) == utc(2026, 11, 27, 17)


def test_nine_stays_nine_when_the_clocks_change():
    assert next_slot([SATURDAY], NINE, "Europe/Riga", after=utc(2026, 10, 23)) == utc(2026, 10, 24, 6)
    assert next_slot([SUNDAY], NINE, "Europe/Riga", after=utc(2026, 10, 24, 12)) == utc(2026, 10, 25, 7)


def test_a_time_that_the_night_leaves_out_comes_an_hour_later():
    """On 29 March 2026 the clocks of Riga jump from 03:00 to 04:00, which is 01:00 in Greenwich."""
    assert next_slot([SUNDAY], time(3, 30), "Europe/Riga", after=utc(2026, 3, 28)) == utc(2026, 3, 29, 1, 30)
    assert next_slot([SUNDAY], time(3, 30), "Europe/Riga", after=utc(2026, 3, 29, 1, 30)) == utc(2026, 4, 5, 0, 30)


def test_a_time_that_comes_twice_in_a_night_counts_once():
    """On 25 October 2026 the clocks of Riga go from 04:00 back to 03:00, which is 01:00 in Greenwich."""
    first = next_slot(range(1, 8), time(3, 30), "Europe/Riga", after=utc(2026, 10, 24, 12))
    assert first == utc(2026, 10, 25, 0, 30)
    assert next_slot(range(1, 8), time(3, 30), "Europe/Riga", after=first) == utc(2026, 10, 26, 1, 30)


def test_the_rule_is_kept_with_its_next_time_and_an_event(cast, row):
    describe(cast, row["staging"], **FRIDAYS | {"promotion_days": [FRIDAY, MONDAY, FRIDAY]})
    assert row["staging"].promotion_days == [MONDAY, FRIDAY]
    assert row["staging"].next_promotion_at == utc(2026, 11, 27, 9)
    event = Event.objects.get(verb="environment.rule_set")
    assert (event.actor, event.data["promotion"], event.data["time"]) == (cast.ops, "scheduled", "09:00")
    assert event.data["days"] == [MONDAY, FRIDAY]
    describe(cast, row["staging"], promotion="by_hand")
    assert row["staging"].next_promotion_at is None


def test_another_name_moves_no_time_that_is_due(cast, row):
    describe(cast, row["staging"], **FRIDAYS)
    row["staging"].name = "Stage"
    describe(cast, row["staging"], at=utc(2026, 11, 27, 9, 1), **FRIDAYS)
    assert (row["staging"].name, row["staging"].next_promotion_at) == ("Stage", utc(2026, 11, 27, 9))
    assert Event.objects.filter(verb="environment.rule_set").count() == 1


@pytest.mark.parametrize(("slug", "why"), [("production", "management has approved"), ("dev", "at each push")])
def test_production_and_the_first_dev_have_no_set_times(cast, row, slug, why):
    with pytest.raises(ValidationError) as refused:
        describe(cast, row[slug], **FRIDAYS)
    (said,) = refused.value.message_dict["promotion"]
    assert why in said
    assert "Choose “By hand”" in said


def test_what_has_nothing_before_it_has_nothing_to_take(cast, row):
    Environment.objects.filter(slug="demo").update(position=0, status="broken")
    Environment.objects.filter(slug="dev").update(position=2)
    row["demo"].refresh_from_db()
    with pytest.raises(ValidationError, match="no environment before it"):
        describe(cast, row["demo"], **FRIDAYS)


def test_staging_cannot_follow_by_itself_and_says_what_to_choose(cast, row):
    with pytest.raises(ValidationError, match="“By hand” or “At set times”"):
        describe(cast, row["staging"], promotion="automatic")
    describe(cast, row["demo"], **FRIDAYS)
    assert row["demo"].is_scheduled


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"promotion_days": []}, "promotion_days"),
        ({"promotion_days": [0]}, "promotion_days"),
        ({"promotion_days": [8]}, "promotion_days"),
        ({"promotion_time": None}, "promotion_time"),
    ],
)
def test_a_schedule_needs_a_day_and_a_time(cast, row, rule, field):
    with pytest.raises(ValidationError) as refused:
        describe(cast, row["staging"], **FRIDAYS | rule)
    assert list(refused.value.message_dict) == [field]


def test_the_database_knows_no_schedule_without_a_next_time(cast, row):
    with pytest.raises(IntegrityError), transaction.atomic():
        Environment.objects.filter(slug="staging").update(promotion="scheduled")


def test_the_form_takes_days_and_a_time(cast, sign_in, row):
    ops = sign_in(cast.ops)
    path = "/environments/staging/settings/place/"
    page_text = ops.get("/environments/staging/settings/").content.decode()
    assert 'value="scheduled"' in page_text
    assert 'value="automatic"' not in page_text
    answer = ops.post(path, FORM | {"promotion_days": ["1", "5"], "promotion_time": "09:00"})
    assert answer.status_code == 302
    staging = Environment.objects.get(slug="staging")
    assert (staging.promotion, staging.promotion_days, staging.promotion_time) == ("scheduled", [1, 5], NINE)
    saved = ops.get("/environments/staging/settings/").content.decode()
    assert "Next on " in saved
    assert 'value="09:00"' in saved
    assert ops.post(path, FORM | {"promotion": "by_hand"}).status_code == 302


def test_the_form_names_the_field_that_is_missing(cast, sign_in, row):
    answer = sign_in(cast.ops).post("/environments/staging/settings/place/", FORM | {"promotion_time": "25:00"})
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose at least one day." in said
    assert "Choose a time of day, such as 09:00." in said
    assert 'href="#place_promotion_time"' in said


@pytest.mark.parametrize("slug", ["dev", "production"])
def test_where_there_is_no_choice_the_form_offers_none(cast, sign_in, row, slug):
    ops = sign_in(cast.ops)
    assert "scheduled" not in ops.get(f"/environments/{slug}/settings/").content.decode()
    times = {"promotion_days": ["5"], "promotion_time": "09:00"}
    answer = ops.post(f"/environments/{slug}/settings/place/", FORM | times)
    assert answer.status_code == 422
    assert "Choose “By hand”" in answer.content.decode()


def test_only_devops_choose_set_times(cast, sign_in, row):
    times = {"promotion_days": ["5"], "promotion_time": "09:00"}
    for person in (cast.dev, cast.tess, cast.max, cast.cleo):
        assert sign_in(person).post("/environments/staging/settings/place/", FORM | times).status_code == 403


def test_the_api_sets_and_shows_it(cast, sign_in, row):
    def patch(client, data):
        answer = client.patch(f"{BASE}/staging/", data, content_type="application/json")
        return answer.status_code, answer.json()

    ops, wish = sign_in(cast.ops), {"promotion": "scheduled", "promotion_days": [5], "promotion_time": "09:00"}
    status, body = patch(ops, wish)
    assert (status, body["promotion_days"], body["promotion_time"]) == (200, [5], "09:00:00")
    assert body["next_promotion_at"].endswith("T09:00:00Z")
    assert patch(ops, {"name": "Stage"})[1]["next_promotion_at"] == body["next_promotion_at"]
    for wrong in ({"promotion_days": []}, {"promotion_days": [9]}, {"promotion_days": "Friday"}):
        status, problem = patch(ops, wrong)
        assert status == 422
        assert "promotion_days" in str(problem)
    assert "promotion_time" in str(patch(ops, {"promotion_time": None}))
    assert patch(sign_in(cast.dev), wish)[0] == 403
    told = sign_in(cast.dev).get(f"{BASE}/staging/").json()
    assert (told["promotion"], told["last_promotion_at"], told["last_promotion_note"]) == ("scheduled", None, "")


def test_a_weeks_distance_is_told_with_the_date_and_another_zone_by_name(cast, row):
    describe(cast, row["staging"], **FRIDAYS)
    assert page.times(row["staging"], now=THURSDAY_NOON).next == "Friday, 09:00"
    describe(cast, row["staging"], at=utc(2026, 11, 27, 9), promotion="by_hand")
    describe(cast, row["staging"], at=utc(2026, 11, 27, 9), **FRIDAYS)
    assert page.times(row["staging"], now=utc(2026, 11, 27, 9)).next == "Friday, December 4, 09:00"
    cast.product.time_zone = "Asia/Tokyo"
    cast.product.save()
    row["staging"].refresh_from_db()
    describe(cast, row["staging"], **FRIDAYS | {"promotion_days": [SATURDAY]})
    assert page.times(Environment.objects.get(slug="staging"), now=THURSDAY_NOON).next.endswith("09:00 (Asia/Tokyo)")
