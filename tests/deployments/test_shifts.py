"""Who is on duty: taking a shift, giving it back, hearing first what a watch finds, and being named."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from deployments import duty, findings, shifts, watch
from deployments.models import Watch, WatchShift
from deployments.pages import watch as watch_page
from environments.models import Environment
from lifecycle.models import Event, Notification
from lifecycle.transitions import NotAllowed
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper
from tests.deployments.watched import deployment, environment, release

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def take(cast: Cast, who: str = "ops", begins: datetime = NOON, hours: float = 8) -> WatchShift:
    person = getattr(cast, who)
    return shifts.take(cast.product, starts_at=begins, ends_at=begins + hours * HOUR, by=person, at=NOON)


def test_a_shift_is_taken_and_told(cast: Cast) -> None:
    shift = take(cast)
    assert shifts.on_duty(cast.product, at=NOON) == shift
    assert shifts.on_duty(cast.product, at=shift.ends_at) is None
    assert Event.objects.get(verb="watchshift.taken").actor == cast.ops


def test_two_are_never_on_duty_at_once(cast: Cast) -> None:
    take(cast)
    with pytest.raises(ValidationError, match="Ops is on duty from"):
        take(cast, "lena", NOON + 7 * HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        WatchShift.objects.create(product=cast.product, user=cast.lena, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)


def test_one_shift_begins_where_another_ends(cast: Cast) -> None:
    first = take(cast)
    second = take(cast, "lena", first.ends_at)
    assert shifts.on_duty(cast.product, at=first.ends_at) == second


@pytest.mark.parametrize(("begins", "hours"), [(NOON, 0), (NOON, -1), (NOON - 9 * HOUR, 8), (NOON, 169)])
def test_a_time_that_makes_no_sense_is_refused(cast: Cast, begins: datetime, hours: float) -> None:
    with pytest.raises(ValidationError) as refused:
        take(cast, begins=begins, hours=hours)
    assert set(refused.value.message_dict) == {"ends_at"}
    assert not WatchShift.objects.exists()


def test_a_shift_to_come_is_given_back_and_gone(cast: Cast) -> None:
    shifts.give_back(take(cast, begins=NOON + HOUR), by=cast.ops, at=NOON)
    assert not WatchShift.objects.exists()


def test_a_shift_that_has_begun_ends_now_and_stays_on_record(cast: Cast) -> None:
    shifts.give_back(take(cast), by=cast.ops, at=NOON + HOUR)
    assert WatchShift.objects.get().ends_at == NOON + HOUR
    take(cast, "lena", NOON + HOUR)


def test_nobody_gives_back_the_shift_of_another_or_one_that_has_ended(cast: Cast) -> None:
    shift = take(cast)
    with pytest.raises(NotAllowed, match="shift of Ops"):
        shifts.give_back(shift, by=cast.lena, at=NOON)
    with pytest.raises(NotAllowed, match="ended"):
        shifts.give_back(shift, by=cast.ops, at=shift.ends_at)


def test_somebody_who_left_is_not_on_duty(cast: Cast) -> None:
    take(cast)
    cast.ops.is_active = False
    cast.ops.save()
    assert shifts.on_duty(cast.product, at=NOON) is None


@pytest.mark.parametrize(
    ("taken", "words", "is_covered"),
    [
        ([], "Nobody is on duty", False),
        ([("ops", 0, 24)], "Ops is on duty until November 24, 12:00", True),
        ([("ops", 0, 8)], "Ops is on duty until November 23, 20:00, then nobody", False),
        ([("ops", 0, 8), ("lena", 8, 16)], "Ops is on duty until November 23, 20:00", True),
        (
            [("ops", 0, 8), ("lena", 8, 4)],
            "Ops is on duty until November 23, 20:00; from November 24, 00:00 on nobody",
            False,
        ),
        ([("lena", 2, 8)], "Nobody is on duty until November 23, 14:00, then Lena", False),
    ],
)
def test_a_watch_says_who_is_there_and_from_when_on_nobody(
    cast: Cast, taken: list[tuple[str, int, int]], words: str, is_covered: bool
) -> None:
    for who, after, hours in taken:
        take(cast, who, NOON + after * HOUR, hours)
    found = duty.between(cast.product, NOON, NOON + 24 * HOUR)
    assert (found.words, found.is_covered) == (words, is_covered)


@pytest.fixture
def opened(cast: Cast) -> Watch:
    place = environment(cast.product, Environment.Kind.PRODUCTION)
    made = watch.open_for(deployment(place, release(cast, "24.11"), at=NOON), at=NOON)
    assert made is not None
    return made


def test_whoever_is_on_duty_hears_first(cast: Cast, opened: Watch) -> None:
    take(cast, "dev")
    assert findings.people(opened, at=NOON)[0] == cast.dev
    found = findings.Noticed("down", "act", "", {"trials": 3, "events": 3, "in_a_row": 3})
    findings.keep(opened, found, at=NOON)
    told = Notification.objects.filter(event="watch.finding").order_by("id")
    assert told.first().user == cast.dev
    assert cast.lena.pk in told.values_list("user", flat=True)


def test_without_a_shift_the_same_people_hear_as_ever(cast: Cast, opened: Watch) -> None:
    assert cast.dev not in findings.people(opened, at=NOON)
    assert {cast.ops, cast.lena} <= set(findings.people(opened, at=NOON))


def test_the_watch_names_who_is_on_duty_until_it_has_ended(cast: Cast, opened: Watch) -> None:
    assert watch_page.detail(opened, cast.actor(cast.ops), at=NOON)["duty"].words == "Nobody is on duty"
    take(cast)
    assert watch_page.detail(opened, cast.actor(cast.ops), at=NOON)["duty"].person == cast.ops
    opened.status = Watch.Status.WELL
    assert watch_page.detail(opened, cast.actor(cast.ops), at=NOON)["duty"] is None


def test_a_release_that_nobody_will_watch_says_so_in_its_cockpit(cast: Cast, sign_in: SignIn) -> None:
    Paper(cast)
    cockpit = "/releases/24.11/cockpit/"
    assert "Nobody is on duty" in sign_in(cast.max).get(cockpit).content.decode()
    now = timezone.now()
    shifts.take(cast.product, starts_at=now - HOUR, ends_at=now + 30 * HOUR, by=cast.ops)
    page = sign_in(cast.max).get(cockpit).content.decode()
    assert "Nobody is on duty" not in page
    assert "Ops is on duty until" in page


def test_a_shift_is_taken_and_given_back_on_the_calendar(cast: Cast, sign_in: SignIn) -> None:
    ops, now = sign_in(cast.ops), timezone.now()
    sent = {
        "starts_at": f"{now + HOUR:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + 9 * HOUR:%Y-%m-%dT%H:%M}",
        "note": "By phone",
    }
    assert ops.post("/calendar/shifts/", sent).status_code == 302
    shift = WatchShift.objects.get()
    assert (shift.user, shift.note) == (cast.ops, "By phone")
    page = sign_in(cast.lena).post("/calendar/shifts/", sent)
    assert page.status_code == 422
    assert "Ops is on duty from" in page.content.decode()
    assert sign_in(cast.lena).post(f"/calendar/shifts/{shift.pk}/give-back/").status_code == 409
    assert ops.post(f"/calendar/shifts/{shift.pk}/give-back/").status_code == 302
    assert not WatchShift.objects.exists()


@pytest.mark.parametrize("who", ["petra", "tess", "max", "cleo"])
def test_only_devops_lead_and_developers_take_one(cast: Cast, sign_in: SignIn, who: str) -> None:
    assert sign_in(getattr(cast, who)).post("/calendar/shifts/", {}).status_code == 403
