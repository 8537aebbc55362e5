"""The calendar in iCalendar: what programs need of it, what it keeps to itself, and who may read it."""

import logging
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from deployments import calendar_feed
from deployments.models import ShippingTime
from environments.models import Freeze
from ideas.models import Idea
from lifecycle import tokens
from lifecycle.models import Membership, Token
from lifecycle.secret_addresses import Mask
from releases import plan
from releases.models import Release
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
CALENDAR = Token.Scope.CALENDAR
CYRILLIC = "Подарки к празднику: обёртка, открытка; лента \\ бант, чтобы все успели получить их вовремя"


def planned(cast: Cast, **facts: object) -> Release:
    given = {
        "product": cast.product,
        "version": "24.11",
        "goal": "Presents in time",
        "status": Release.Status.PLANNED,
        "target_date": date(2026, 11, 27),
        "author": cast.petra,
        "created_at": NOW,
        "published_at": NOW,
    }
    return Release.objects.create(**{**given, **facts})


def feed(cast: Cast, who: str = "dev", at: datetime = NOW) -> bytes:
    return calendar_feed.feed(cast.product, getattr(cast, who), base="http://testserver", at=at)


def read(body: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(body).walk("VEVENT"))


def address_of(cast: Cast, who: str = "dev", **facts: object) -> str:
    text = tokens.issue_only(getattr(cast, who), name="x", scope=CALENDAR, **{"days": 30, **facts})
    return f"/calendar/{text}.ics"


def test_lines_end_as_the_standard_says_and_none_is_longer_than_75_octets(cast: Cast) -> None:
    planned(cast, goal=CYRILLIC)
    body = feed(cast)
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    for line in body.split(b"\r\n"):
        line.decode()  # no letter is cut in two


def test_words_with_commas_semicolons_and_line_breaks_come_back_as_they_were(cast: Cast) -> None:
    planned(cast, goal=CYRILLIC)
    body = feed(cast)
    [event] = read(body)
    assert str(event["description"]) == f"{CYRILLIC}\nResponsible: Petra"
    assert "обёртка\\, открытка\\; лента" in body.replace(b"\r\n ", b"").decode()


def test_all_day_ends_on_the_day_after(cast: Cast) -> None:
    planned(cast)
    [event] = read(feed(cast))
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 11, 27), date(2026, 11, 28))
    assert b"DTSTART;VALUE=DATE:20261127\r\n" in feed(cast)


def test_a_time_is_in_utc(cast: Cast) -> None:
    cast.dev.time_zone = "Asia/Tokyo"
    Freeze.objects.create(product=cast.product, reason="x", starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    assert b"DTSTART:20261110T090000Z\r\n" in feed(cast)
    assert b"DTEND:20261110T110000Z\r\n" in feed(cast)


def test_what_moves_keeps_its_uid_and_counts_up(cast: Cast) -> None:
    release = planned(cast)
    [before] = read(feed(cast))
    plan.reschedule(release, target_date=date(2026, 11, 30), reason="The bank", by=cast.petra, at=NOW)
    [moved] = read(feed(cast))
    assert moved["uid"] == before["uid"]
    assert moved["sequence"] > before["sequence"]
    assert moved["dtstart"].dt == date(2026, 11, 30)
    ShippingTime.objects.create(release=release, due_at=NOW + timedelta(days=1), chosen_by=cast.max, chosen_at=NOW)
    [timed] = read(feed(cast))
    assert (timed["uid"], timed["dtstart"].dt) == (before["uid"], NOW + timedelta(days=1))


def test_what_was_given_up_is_cancelled_and_not_just_gone(cast: Cast) -> None:
    release = planned(cast)
    [before] = read(feed(cast))
    plan.drop(release, reason="No time", by=cast.petra, at=NOW)
    [event] = read(feed(cast))
    assert (event["status"], event["uid"]) == ("CANCELLED", before["uid"])
    assert event["sequence"] > before["sequence"]


def test_every_uid_is_used_once(cast: Cast) -> None:
    planned(cast, freeze_on=date(2026, 11, 20), demo_on=date(2026, 11, 21))
    uids = [str(event["uid"]) for event in read(feed(cast))]
    assert len(uids) == len(set(uids)) == 3


def test_it_speaks_the_persons_language(cast: Cast) -> None:
    planned(cast)
    english = read(feed(cast))[0]["summary"]
    cast.dev.language = "ru"
    assert read(feed(cast))[0]["summary"] != english


def test_it_is_the_same_until_something_changes(cast: Cast) -> None:
    release = planned(cast)
    later = NOW + timedelta(minutes=5)
    assert feed(cast) == feed(cast, at=later)
    plan.reschedule(release, target_date=date(2026, 11, 30), reason="The bank", by=cast.petra, at=NOW)
    assert b"20261130" in feed(cast, at=later)


def test_a_reader_that_has_it_is_told_so(cast: Cast) -> None:
    planned(cast, target_date=timezone.localdate())
    client, address = Client(), address_of(cast)
    first = client.get(address)
    assert first.status_code == 200
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Release.objects.update(target_date=timezone.localdate() + timedelta(days=1))
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_the_address_is_told_to_no_page_and_kept_by_no_cache(cast: Cast) -> None:
    for answer in (Client().get(address_of(cast)), Client().get("/calendar/lc_nothing.ics")):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "private, no-cache"


def test_no_log_has_the_address(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Client().get("/calendar/lc_secret.ics")
    assert caplog.records
    for record in caplog.records:
        Mask().filter(record)
        assert "lc_secret" not in record.getMessage()


def test_every_handler_masks_addresses(settings) -> None:  # noqa: ANN001
    handlers = settings.LOGGING["handlers"].values()
    assert all("secret_addresses" in handler["filters"] for handler in handlers)


@pytest.mark.parametrize("text", ["lc_nothing", "", "x" * 500, "lc_ид"])
def test_an_unknown_address_is_404(cast: Cast, text: str) -> None:
    assert Client().get(f"/calendar/{text}.ics").status_code == 404


def test_an_address_that_has_ended_or_was_ended_is_404(cast: Cast, sign_in: SignIn) -> None:
    old = address_of(cast, days=1, at=timezone.now() - timedelta(days=2))
    assert Client().get(old).status_code == 404
    address = address_of(cast)
    assert Client().get(address).status_code == 200
    sign_in(cast.dev).post("/calendar/address/end/")
    assert Client().get(address).status_code == 404


def test_an_address_ends_with_its_person(cast: Cast) -> None:
    address = address_of(cast)
    cast.dev.is_active = False
    cast.dev.save()
    assert Client().get(address).status_code == 404


def test_another_token_is_no_address(cast: Cast) -> None:
    for scope in (Token.Scope.READ, Token.Scope.WRITE, Token.Scope.CHECKS):
        assert Client().get(f"/calendar/{tokens.issue(cast.dev, name='x', scope=scope)}.ics").status_code == 404


def test_the_address_opens_nothing_else(cast: Cast) -> None:
    text = tokens.issue_only(cast.ops, name="x", scope=CALENDAR, days=30)
    client = Client(headers={"authorization": f"Bearer {text}"})
    for path in ("ideas/", "releases/", "changes/", "deployments/"):
        assert client.get(f"/api/v1/products/shop/{path}").status_code == 403, path
    assert client.get("/inbox/").status_code == 302
    assert client.post("/api/v1/products/shop/ideas/", {"title": "x"}).status_code == 403


def test_whoever_leaves_the_team_reads_only_what_everybody_may(cast: Cast) -> None:
    planned(cast, freeze_on=date(2026, 11, 20))
    Freeze.objects.create(product=cast.product, reason="Secret plans", starts_at=NOW, ends_at=NOW + timedelta(days=1))
    assert b"Secret plans" in feed(cast)
    Membership.objects.filter(user=cast.dev).delete()
    assert [str(event["summary"]) for event in read(feed(cast))] == ["Release 24.11"]


def test_no_idea_is_named(cast: Cast) -> None:
    planned(cast)
    Idea.objects.create(
        product=cast.product, number=1, title="A hole", team_only=True, author=cast.cleo, created_at=NOW, moved_at=NOW
    )
    assert b"A hole" not in feed(cast)


def test_the_page_makes_shows_once_replaces_and_ends_an_address(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.dev)
    first = client.post("/calendar/address/", {"days": 90}).context["address"]
    assert Client().get(first).status_code == 200
    assert first not in client.get("/calendar/address/").content.decode()
    second = client.post("/calendar/address/", {"days": 365}).context["address"]
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    assert Token.objects.get(scope=CALENDAR).digest == tokens.digest(second.rpartition("/")[2].removesuffix(".ics"))


def test_replacing_leaves_other_tokens_and_other_people_alone(cast: Cast) -> None:
    tokens.issue(cast.dev, name="ci")
    theirs = address_of(cast, "lena")
    address_of(cast)
    address_of(cast)
    assert cast.dev.tokens.count() == 2
    assert Client().get(theirs).status_code == 200


@pytest.mark.parametrize("days", ["", "x", "9999", "-1"])
def test_an_address_works_for_three_months_or_a_year(cast: Cast, sign_in: SignIn, days: str) -> None:
    assert sign_in(cast.dev).post("/calendar/address/", {"days": days}).status_code == 422
    assert not Token.objects.exists()


def test_the_account_page_makes_no_calendar_token(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).post("/account/tokens/", {"name": "x", "scope": "calendar", "days": 30})
    assert page.status_code == 422


def test_customers_get_no_address(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.cleo).post("/calendar/address/", {"days": 90}).status_code == 403
